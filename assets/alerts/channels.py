"""How a message reaches people: a webhook of Slack or Teams, or mail. Which ones there are is said by the environment.

Sending raises OSError when it fails: so do urllib and smtplib.
"""

import json
import smtplib
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from sources.errors import WrongUsage
from sources.settings import settings

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Message:
    """Plain text; the first line of what people see is `subject`."""

    subject: str
    body: str


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> None: ...


@dataclass(frozen=True)
class Slack:
    """An incoming webhook, of Slack or of what understands the same JSON (Mattermost, Rocket.Chat)."""

    url: str
    name: str = "slack"

    def send(self, message: Message) -> None:
        _post(self.url, {"text": _escaped(f"*{message.subject}*\n{message.body}")})


@dataclass(frozen=True)
class Teams:
    """A workflow "when a webhook request is received", which posts an adaptive card."""

    url: str
    name: str = "teams"

    def send(self, message: Message) -> None:
        lines = [{"type": "TextBlock", "text": message.subject, "weight": "Bolder", "wrap": True}]
        lines += [{"type": "TextBlock", "text": line, "wrap": True} for line in message.body.splitlines()]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": lines,
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        _post(self.url, {"type": "message", "attachments": [attachment]})


@dataclass(frozen=True)
class Mail:
    """An SMTP server: smtp://host:port in the clear, smtp+starttls:// or smtps://, with user:password@ where it asks for them."""

    url: str
    sender: str
    recipients: str
    name: str = "mail"

    def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.subject, self.sender, self.recipients
        mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(message.body)
        at = urlsplit(self.url)
        connect = smtplib.SMTP_SSL if at.scheme == "smtps" else smtplib.SMTP
        with connect(at.hostname or "localhost", at.port or PORTS[at.scheme], timeout=TIMEOUT_SECONDS) as server:
            if at.scheme == "smtp+starttls":
                server.starttls()
            if at.username:
                server.login(unquote(at.username), unquote(at.password or ""))
            server.send_message(mail)


class ChannelError(WrongUsage):
    """A setting of a channel that cannot be meant. The text names it and never says its value, which holds a secret."""


def channels() -> list[Channel]:
    """The channels the environment names; raises ChannelError."""
    said, found = settings(), list[Channel]()
    for setting, url, kind in (
        ("VENTETAL_SLACK_WEBHOOK", said.slack_webhook, Slack),
        ("VENTETAL_TEAMS_WEBHOOK", said.teams_webhook, Teams),
    ):
        if url and urlsplit(url).scheme not in ("https", "http"):
            raise ChannelError(f"{setting} is no https address.")
        if url:
            found.append(kind(url))
    if said.smtp_url:
        if urlsplit(said.smtp_url).scheme not in PORTS:
            raise ChannelError(f"VENTETAL_SMTP_URL begins with none of {', '.join(PORTS)}.")
        if not (said.mail_from and said.mail_to):
            raise ChannelError("VENTETAL_SMTP_URL needs VENTETAL_MAIL_FROM and VENTETAL_MAIL_TO.")
        found.append(Mail(said.smtp_url, said.mail_from, said.mail_to))
    return found


def _post(url: str, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        answer.read()


def _escaped(text: str) -> str:
    """Slack reads <...> as a link or a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
