"""What stands of a domain, as a typed record."""

from dataclasses import dataclass, field
from typing import ClassVar

from assets.tables.versions import Attempt

PUBLISHED, HELD = "published", "held"


@dataclass(frozen=True)
class DomainState:
    """What stands of a domain (or of the lookups): the versions that belong together, and whether they are tonight's.

    `attempts` are tonight's, those that failed included; `tables` maps each table to the key that is published, last good if held.
    `why` says why it is held, or what its figures fail by now though they passed when they were published. `late` are its extracts
    that break a promise of time.
    """

    FOLDER: ClassVar[str] = "domains"

    domain: str
    status: str
    since: str
    why: str
    data_as_of: str
    tables: dict[str, str]
    attempts: list[Attempt] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.status == HELD
