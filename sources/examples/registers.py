"""Registers as they are sent: units in the national fixed width, private providers, and the numbers that took another's place."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

import numpy as np

from sources.examples import cpr
from sources.examples.delivery import COPENHAGEN, Delivery, Format
from sources.examples.patient_files import danish, delimited
from sources.examples.planted import Planting

DRAWN = datetime(2015, 5, 20, 4, 30, tzinfo=COPENHAGEN)
OPEN = "25000101"
WIDTHS = (3, 20, 8, 8, 8, 120, 3, 3, 3, 3, 3, 1, 2, 2, 1, 25, 1)
FIRST_DAY = "20070101"
# A ward that was closed in between: what is counted under it later is asked about.
CLOSED_WARD, CLOSED_ON = "1309", "20140630"
LINKS = ("Erstatningsnummer", "CPR-nummer")
# Of the hospitals' own numbers, those whose owner has got one since.
SETTLED = 3


def units(hospitals: Mapping[str, str], wards: Mapping[str, Sequence[str]]) -> Delivery:
    """Hospitals by code with their names, and each one's departments and wards."""
    lines = [_unit("sgh", code, name) for code, name in hospitals.items()]
    for code, its in wards.items():
        lines += [_unit("afd", ward, f"{hospitals[code]}, afsnit {ward[len(code) :]}") for ward in its if ward != code]
    lines.append(_unit("afd", f"{CLOSED_WARD}099", f"{hospitals[CLOSED_WARD]}, lukket afsnit", CLOSED_ON))
    return Delivery("SHAKCOMPLETE.txt", DRAWN, iter([Format("cp1252", "\r\n").text(lines).encode("cp1252")]))


def providers(rows: Sequence[dict[str, str]]) -> Delivery:
    """Those of the lookup."""
    said = [[r["provider_id"], r["provider_name"], danish(date.fromisoformat(r["valid_from"])), ""] for r in rows]
    columns = ("Udbyder-id", "Navn", "Gælder fra", "Gælder til")
    return Delivery(f"udbydere_udtrukket-{DRAWN:%Y%m%d-%H%M}.csv", DRAWN, delimited(columns, said, Format()))


def person_links(numbers: Sequence[str], new: Iterator[str], seed: int, planting: Planting) -> Delivery:
    """Some of the hospitals' own numbers, each with one that nobody had before; and one that is none."""
    name = f"personnumre_udtrukket-{DRAWN:%Y%m%d-%H%M}.csv"
    planting.begin("person_links", name)
    luck = np.random.default_rng([seed, 2015])
    own = [n for n in numbers if not cpr.is_plain(n)][::SETTLED]
    pairs = [(old, next(new)) for old in own]
    planting.numbers.update(n for pair in pairs for n in pair)
    rows = [[cpr.typed(old, luck.random()), cpr.typed(to, luck.random())] for old, to in pairs]
    rows.append([planting.hyphened(), "ukendt"])
    planting.note("no_number_instead", "redirection_person_id:bad_pattern")
    for domain in ("udredning", "kmf"):
        planting.note("no_number_instead", f"{domain}_person_id:bad_pattern")
    return Delivery(name, DRAWN, delimited(LINKS, rows, Format()))


def _unit(level: str, code: str, name: str, until: str = OPEN) -> str:
    said = (level, code, FIRST_DAY, FIRST_DAY, until, name)
    return "".join(text.ljust(width) for text, width in zip((*said, *[""] * (len(WIDTHS) - len(said))), WIDTHS, strict=True))
