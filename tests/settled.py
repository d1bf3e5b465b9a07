"""Co-financing as tests draw it: settlements, residents and care, one line a record."""

from typing import Any

from tests.drawn import Tables

SETTLEMENT = (
    "settlement_id | contact_id | person_id | municipality_code | service_date | settled_month | area | age | base_kr | amount_kr"
    " | diagnosis_code | admission_type | admitted_date | discharged_date"
)
CARE = "person_id | municipality_code | care_service | begins_date | ends_date | cost_kr"
POPULATION = "census_date | municipality_code | age | sex | residents"


class Year:
    """Settlements, residents and care as they are drawn, one line a record."""

    def __init__(self, first: int = 2013, last: int = 2014) -> None:
        self.first, self.last = first, last
        self.settled: list[str] = []
        self.living: list[str] = []
        self.cared: list[str] = []

    def pays(
        self, person: str, kr: float, *, base: float | None = None, on: str = "2014-03-10", code: str = "101", area: str = "ALMEN_LÆGE",
        age: int | str = 40, contact: str = "", month: str = "", stay: str = "||", diagnosis: str = "", key: str = "",
    ) -> None:  # fmt: skip
        """A settlement, or by a base below nought a reversal; `stay` is how, from and to which day somebody was in hospital."""
        number = f"S{len(self.settled) + 1:09d}"
        base = 10 * kr if base is None else base
        self.settled.append(
            f"{key or number} | {contact or number.replace('S', 'K')} | {person} | {code} | {on} | {month or on[:7]}-01 | {area} | {age} |"
            f" {base} | {kr} | {diagnosis} | {stay.replace('|', ' | ')}"
        )

    def stays(self, person: str, first: str, last: str, kind: str = "AKUT", **more: Any) -> None:
        self.pays(person, 100, on=last, area="SOMATIK_STATIONÆR", stay=f"{kind}|{first}|{last}", **more)

    def lives(self, code: str, age: int, residents: int, *years: int) -> None:
        self.living += [f"{year}-01-01 | {code} | {age} | K | {residents}" for year in years or range(self.first, self.last + 1)]

    def has_care(self, person: str, cost: float, first: str, last: str = "", service: str = "HJEMMEHJÆLP", code: str = "101") -> None:
        self.cared.append(f"{person} | {code} | {service} | {first} | {last} | {cost}")

    def draw(self, tables: Tables) -> Tables:
        tables.given_names = {n for n in tables.given_names if n.startswith("reference.")}
        for name, header, rows in (
            ("settlements", SETTLEMENT, self.settled), ("population", POPULATION, self.living), ("care", CARE, self.cared),
        ):  # fmt: skip
            if rows:
                tables.given(f"raw.kmf_{name}", "\n".join([header, *rows]))
        tables.covers("kmf_settlements", f"{self.first}-01", f"{self.last}-12")
        return tables


def users(amounts: list[float], **more: Any) -> Year:
    """A year in which each person, p00 first, costs the municipality so many kroner."""
    year = Year()
    for place, amount in enumerate(amounts):
        year.pays(f"p{place:02d}", amount, **more)
    return year
