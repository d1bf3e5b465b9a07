"""When a delivery was received and drawn, as its name or its preamble says; else it is first sight that counts.

Stamps are civil local time. One that lies ahead of the clock is believed as far as order goes: within a day the delivery is taken, as
received now; what is farther ahead was written wrong, or the clock is, and the file waits.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sources.layout import Extract, Match
from sources.reasons import Refused
from sources.stamp import Stamp

# A name stamped by a clock that is somewhat ahead, or in another zone, is no error worth a person's time.
BELIEVED_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Stamps:
    """ISO texts in civil local time, None where nothing says so. `texts` is how the name wrote them, and its month."""

    received: str | None = None
    extracted: str | None = None
    texts: tuple[str, ...] = ()

    def times(self, now: datetime, seen: str) -> tuple[str, str]:
        """(received_at, ordered_by) of a delivery first `seen` (ISO). Raises Ahead."""
        latest = max(filter(None, (self.received, self.extracted)), default="")
        if latest > (now + BELIEVED_AHEAD).isoformat(timespec="microseconds"):
            raise Ahead(latest)
        received = self.received or seen
        return min(received, now.isoformat(timespec="microseconds")), self.extracted or received


class Ahead(Exception):
    """A delivery stamped more than a day ahead of the clock. The text is the stamp."""


def stamps(variables: dict[str, str]) -> Stamps:
    """What the variables of a match say. Raises Refused unreadable_file for what is no time."""
    texts = [variables[name] for name in Match.ARRIVAL if name in variables]
    texts += [said for name in ("$period", "$latest") if re.fullmatch(r"\d{4}(-\d{2}){0,2}", said := variables.get(name, ""))]
    return Stamps(_instant(variables.get("$received")), _instant(variables.get("$extracted")), tuple(texts))


def stamps_of_name(extract: Extract, name: str) -> Stamps:
    """What the name alone says, packed or not, before the file is opened; nothing where no layout knows such names. Raises Refused."""
    for layout in extract.layouts:
        if layout.file and (found := layout.file.fullmatch(name.removesuffix(".gz"))):
            said = stamps({f"${k}": v for k, v in found.groupdict().items() if v is not None})
            if said.texts:
                return said
    return Stamps()


def _instant(text: str | None) -> str | None:
    """20150504-0615 and the like, digits of a civil local time in falling order, as an ISO text."""
    if text is None:
        return None
    try:
        return Stamp.of(text).at.isoformat(timespec="microseconds")
    except ValueError:
        raise Refused("unreadable_file", "The file name says {} where a date and time belong.", repr(text)) from None
