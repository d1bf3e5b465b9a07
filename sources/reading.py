"""What was found in a delivered file, as it is kept; how it is read stands in `sources.parse`."""

from dataclasses import dataclass, field, replace

from sources.layout import Extract

# Which reader it was: what an earlier one read is read again.
READER_VERSION = "3"


@dataclass(frozen=True)
class Reading:
    """What was found in a file: the facts a receipt, the run summary and `meta.parse` are made of."""

    layout: str
    encoding: str
    sheet: str | None
    physical_records: int
    records: int
    accepted: int
    ignored: int
    reasons: dict[str, int]
    extra_columns: list[str]
    absent_columns: list[str]
    period: str | None
    # What the lines above the header say of the delivery (`KEPT`); its name can be asked again.
    said: dict[str, str] = field(default_factory=dict)
    # Accepted records in which a column is empty of which that is watched (`mayBeEmpty` of the contract).
    empty: dict[str, int] = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        return self.records - self.accepted - self.ignored

    @property
    def repeats(self) -> int:
        """Refused records that say what another one of the file says: nothing is wrong with them and nothing is lost."""
        return self.reasons.get("rule:duplicate_row", 0)

    @property
    def bad(self) -> int:
        """Refused records of which something is lost."""
        return self.quarantined - self.repeats

    @property
    def distinct(self) -> int:
        """Records that are of this extract, each once."""
        return self.records - self.ignored - self.repeats


def discreet(extract: Extract, reading: Reading) -> Reading:
    """The reading without words a supplier chose freely, where there are persons: a sheet's name or a column's may be somebody's."""
    if not extract.contract.has_personal_columns:
        return reading
    number = len(reading.extra_columns)
    told = [f"{number} column{'s' * (number > 1)}, not named where there are persons"] if number else []
    return replace(reading, sheet=reading.sheet and "a sheet", extra_columns=told)
