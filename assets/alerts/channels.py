"""Which channels reach people: those the environment names."""

from urllib.parse import urlsplit

from assets.alerts.mail import PORTS, Mail
from assets.alerts.messages import Channel
from assets.alerts.webhooks import Slack, Teams
from sources.errors import WrongUsage
from sources.settings import settings


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
