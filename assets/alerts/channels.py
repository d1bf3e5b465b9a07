"""How a message reaches people: a webhook of Slack or Teams, or mail. Which ones there are is said by the environment.

Sending raises OSError when it fails: so do urllib and smtplib.
"""

import json
import os
import smtplib
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 10
SLACK, TEAMS, MAIL = "VENTETAL_SLACK_WEBHOOK", "VENTETAL_TEAMS_WEBHOOK", "VENTETAL_SMTP_URL"
FROM, TO = "VENTETAL_MAIL_FROM", "VENTETAL_MAIL_TO"
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


class ChannelError(Exception):
    """A setting of a channel that cannot be meant. The text names it and never says its value, which holds a secret."""


def channels() -> list[Channel]:
    """The channels the environment names; raises ChannelError."""
    found: list[Channel] = []
    for setting, kind in ((SLACK, Slack), (TEAMS, Teams)):
        if url := os.environ.get(setting):
            if urlsplit(url).scheme not in ("https", "http"):
                raise ChannelError(f"{setting} is no https address.")
            found.append(kind(url))
    if url := os.environ.get(MAIL):
        if urlsplit(url).scheme not in PORTS:
            raise ChannelError(f"{MAIL} begins with none of {', '.join(PORTS)}.")
        if not (os.environ.get(FROM) and os.environ.get(TO)):
            raise ChannelError(f"{MAIL} needs {FROM} and {TO}.")
        found.append(Mail(url, os.environ[FROM], os.environ[TO]))
    return found


def _post(url: str, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        answer.read()


def _escaped(text: str) -> str:
    """Slack reads <...> as a link or a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
