"""Tells people: one message for a cause and domain when it appears, one when it has cleared, over every channel there is.

What has been told is remembered per channel, so that a channel that was down is told later and no other twice.
"""

import fcntl
import http.client
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assets.alerts.alert_causes import EMPTY, FAILED, HELD, LATE, LEFT, MARKED, REFUSED, UNLISTED, UNREPORTED, WAITING, Cause
from assets.lake.files import Lake, recalled, save
from assets.lake.log import ALERT_FAILED, say, warn

SUBJECTS = {
    HELD: "{domain} is held at its last good figures",
    MARKED: "{domain} shows figures that fail a check",
    WAITING: "a delivery for {domain} waits for a decision",
    REFUSED: "a file for {domain} could not be read",
    LATE: "an extract for {domain} is late",
    EMPTY: "a delivery for {domain} holds no records",
    LEFT: "something in landing is not taken",
    FAILED: "the nightly run broke off",
    UNREPORTED: "the monthly report could not be made",
    UNLISTED: "the catalogue could not be made",
}
NEXT = {
    HELD: "The other domains are published. `ventetal status` says what failed.",
    MARKED: "They had passed when they were published, and stay until better ones pass. `ventetal status` says what failed.",
    WAITING: 'Let it through with `ventetal accept RECEIPT --reason "..."`, or wait for a better one.',
    REFUSED: "Nothing else waited for it. The supplier must send it again; `ventetal quarantine` says where it lies.",
    LATE: "Publishing goes on with what there is. Ask the supplier.",
    EMPTY: "It counts as no delivery. Ask the supplier whether there was nothing to tell.",
    LEFT: "`ventetal status` names it, and says why.",
    FAILED: "The release before it stands. `ventetal run` tries again.",
    UNREPORTED: "The figures are published; the report before it stands. `ventetal report` tries again.",
    UNLISTED: "The figures are published. The asset `catalogue` can be made again in the UI.",
}


# How long a channel may take.
TIMEOUT_SECONDS = 10


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


def tell(lake: Lake, causes: Iterable[Cause], channels: Sequence[Channel], now: datetime) -> list[Message]:
    """Send what has not been told yet, and what has cleared; the messages that some channel took."""
    path = lake.alerts / "told.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told: dict[str, dict[str, str]] = recalled(path, dict[str, dict[str, str]]) or {}
        standing, sent = {c.key: c for c in causes}, []
        for key, cause in standing.items():
            known = told.get(key, {})
            message = Message(f"ventetal: {SUBJECTS[cause.kind].format(domain=cause.domain)}", _body(cause))
            took = [c.name for c in channels if c.name not in known and _sent(c, message)]
            if took:
                told[key] = known | dict.fromkeys(took, now.isoformat(timespec="seconds"))
                sent.append(message)
        for key in [k for k in told if k not in standing]:
            kind, _, domain = key.partition(": ")
            message = Message(f"ventetal: cleared: {SUBJECTS[kind].format(domain=domain)}", "This is no longer so.")
            took = [c.name for c in channels if c.name in told[key] and _sent(c, message)]
            left = {name: at for name, at in told[key].items() if name not in took and name in {c.name for c in channels}}
            told[key] = left
            if not left:
                del told[key]
            if took:
                sent.append(message)
        save(path, told)
    return sent


def _body(cause: Cause) -> str:
    return f"{cause.why}\n{NEXT[cause.kind]}\nRunbook: deploy/RUNBOOK.md, {cause.kind.capitalize()}."


def _sent(channel: Channel, message: Message) -> bool:
    """Whether the channel took it. What goes wrong is logged by its kind: the text of an error can quote an address with its secret."""
    try:
        channel.send(message)
    except (OSError, http.client.HTTPException) as error:
        warn(ALERT_FAILED, channel=channel.name, subject=message.subject, error=type(error).__name__)
        return False
    say("alert sent", channel=channel.name, subject=message.subject)
    return True
