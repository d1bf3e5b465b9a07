"""Messages to a channel of Slack or Teams, by an incoming webhook. Sending raises OSError when it fails: so does urllib."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from assets.alerts.messages import TIMEOUT_SECONDS, Message


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


def _post(url: str, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        answer.read()


def _escaped(text: str) -> str:
    """Slack reads <...> as a link or a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
