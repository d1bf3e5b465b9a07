"""Municipal co-financing from the delivered files, read and reckoned with pandas and plain loops: a second opinion on every figure.

What a record must be, what a contact is worth, who is a citizen of which municipality and who is in which group are written here a
second time on purpose. Amounts are whole øre. `test_cofinancing.py` compares it with what the pipeline made of the same files.
"""

import re
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tests.oracle.test_patients import day, once, person, table

SETTLEMENT = {
    "id": ["Afregning"], "cpr": ["CPR"], "code": ["Kommunekode"], "on": ["Ydelsesdato"], "area": ["Område"], "age": ["Alder"],
    "contact": ["Kontakt"], "base": ["Takstgrundlag"], "amount": ["Medfinansiering"], "diagnosis": ["Aktionsdiagnose"],
    "kind": ["Indmåde"], "came": ["Ind"], "went": ["Ud"],
}  # fmt: skip
CARE = {"cpr": ["CPR"], "code": ["Kommunekode"], "service": ["Ydelse"], "first": ["Fra"], "last": ["Til"], "cost": ["Omkostning"]}
CHRONIC = {"cpr": ["CPR"], "group": ["Gruppe"], "first": ["Fra"], "last": ["Til"]}
TOTAL = {"code": ["Kommune"], "month": ["Måned"], "area": ["Område"], "ages": ["Aldersgruppe"], "amount": ["Beløb (1.000 kr.)"]}
RESIDENTS = {"code": ["Kommunekode"], "age": ["Alder"], "sex": ["Køn"], "residents": ["Antal"]}
MUNICIPALITIES = {
    "101", "147", "151", "153", "155", "157", "159", "161", "163", "165", "167", "169", "173", "175", "183", "185", "187", "190", "201",
    "210", "217", "219", "223", "230", "240", "250", "260", "270", "400",
}  # fmt: skip
AREAS = (
    "SOMATIK_STATIONÆR", "SOMATIK_AMBULANT", "PSYKIATRI_STATIONÆR", "PSYKIATRI_AMBULANT", "ALMEN_LÆGE", "SPECIALLÆGE", "ØVRIG_PRAKSIS",
    "GENOPTRÆNING",
)  # fmt: skip
BANDS = (("0-2", 0, 2), ("3-64", 3, 64), ("65-79", 65, 79), ("80+", 80, 125))
RATES = {
    "SOMATIK_STATIONÆR": (Fraction(34, 100), 1_500_000), "SOMATIK_AMBULANT": (Fraction(34, 100), 150_000),
    "PSYKIATRI_STATIONÆR": (Fraction(60, 100), 850_000), "PSYKIATRI_AMBULANT": (Fraction(30, 100), 50_000),
    "ALMEN_LÆGE": (Fraction(10, 100), None), "SPECIALLÆGE": (Fraction(34, 100), 150_000),
    "ØVRIG_PRAKSIS": (Fraction(10, 100), None), "GENOPTRÆNING": (Fraction(70, 100), None),
}  # fmt: skip
ELDER, BACK_WITHIN = 65, 30
PREVENTABLE = ("DA09", "DD50", "DD51", "DD52", "DD53", "DE86", *(f"DJ{n}" for n in range(12, 19)), "DJ44", "DK59", "DL89", "DN30")
MISUSE = tuple(f"DF1{n}" for n in range(10))
CHRONIC_GROUPS = {"ASTMA", "DEMENS", "DIABETES1", "DIABETES2", "KOL", "LEDDEGIGT", "OSTEOPOROSE", "SKIZOFRENI"}
Key = tuple[int, str, str]


class Spent(NamedTuple):
    """Contacts, what they were charged by, and what of it the municipality paid."""

    contacts: int = 0
    base: int = 0
    amount: int = 0

    def plus(self, other: "Spent") -> "Spent":
        return Spent(*map(sum, zip(self, other, strict=True)))


class Citizen(NamedTuple):
    """A citizen of a municipality in a year; `areas` are those of his contacts."""

    age: int | None
    band: str
    areas: dict[str, Spent]
    misuses: bool
    chronic: int
    care: int
    services: frozenset[str]
    stays: tuple["Stay", ...]

    @property
    def contacts(self) -> int:
        return sum(spent.contacts for spent in self.areas.values())

    @property
    def amount(self) -> int:
        return sum(spent.amount for spent in self.areas.values())

    @property
    def is_user(self) -> bool:
        return self.amount > 0

    @property
    def is_elder(self) -> bool:
        return self.age is not None and self.age >= ELDER


class Stay(NamedTuple):
    """Contacts in hospital of which each begins before or on the day the last one ends; `back` is what the readmission cost."""

    came: date
    went: date
    code: str
    is_acute: bool
    is_preventable: bool
    amount: int
    back: int | None


class Group(NamedTuple):
    """A group of a municipality's citizens in a year."""

    citizens: int
    of_citizens: int
    amount: int
    of_amount: int
    events: int = 0
    of_events: int = 0
    smallest: int = 0


def oere(text: str) -> int | None:
    """An amount as Danes write it."""
    if not re.fullmatch(r"-?(\d{1,3}(\.\d{3})*|\d+)(,\d{1,2})?", text):
        return None
    return int(Fraction(text.replace(".", "").replace(",", ".")) * 100)


def sent(file: Path) -> str:
    return file.name.split("leveret-")[1][:13]


def files_of(landing: Path, extract: str, start: str) -> dict[str, list[Path]]:
    """Files by the period their names say, each period's in the order they were sent."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in sorted((landing / extract).glob(f"{start}_*"), key=sent):
        found[file.name.split("_leveret")[0].removeprefix(f"{start}_")].append(file)
    return dict(sorted(found.items()))


def people(found: pd.DataFrame) -> pd.DataFrame:
    """Records with a number that is one."""
    known = {text: person(text) for text in found.cpr.unique()}
    found = found.assign(cpr=found.cpr.map(known))
    return found[found.cpr != ""]


def dated(found: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Records whose days are days, or are not said."""
    for column in columns:
        days = {text: day(text) for text in found[column].unique()}
        found = found[(found[column] == "") | found[column].map(days).notna()]
        found = found.assign(**{column: pd.Series([days[t] for t in found[column]], found.index, dtype=object)})
    return found


def in_order(found: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Records that do not end before they begin."""
    return found[[pd.isna(a) or pd.isna(b) or a <= b for a, b in zip(found[first], found[last], strict=True)]]


@cache
def settlements(landing: Path) -> pd.DataFrame:
    """Every row of settlement that counts; the newest file of a month does."""
    parts = []
    for month, files in files_of(landing, "kmf_settlements", "kmf_afregning").items():
        found = table(files[-1], SETTLEMENT)
        assert found is not None
        found = once(found, ["id"])
        found = dated(people(found), "on", "came", "went")
        found = found[found.on.notna() & found.area.isin(AREAS) & found.code.str.fullmatch(r"(\d{3})?")]
        found = found[found.id.str.fullmatch(r"S\d{9}") & found.contact.str.fullmatch(r"K\d{9}")]
        found = found[found.kind.isin(["", "AKUT", "PLANLAGT"])]
        found = found.assign(base=found.base.map(oere), amount=found.amount.map(oere))
        found = found[found.base.notna() & found.amount.notna() & found.age.str.fullmatch(r"\d{0,3}")]
        found = in_order(found, "came", "went").assign(month=month)
        is_served = found.on.map(lambda d, m=month: f"{d:%Y-%m}" <= m)
        parts.append(found[is_served & (found.base * found.amount >= 0)])
    return pd.concat(parts, ignore_index=True).astype({"base": "int64", "amount": "int64"})


@cache
def contacts(landing: Path) -> pd.DataFrame:
    """Settlements and reversals of each contact netted; what it is follows its newest settlement that is no reversal."""
    rows = settlements(landing).assign(is_settled=lambda r: r.base >= 0).sort_values(["is_settled", "month", "id"])
    net = rows.groupby("contact").agg(base=("base", "sum"), amount=("amount", "sum"), settlements=("id", "size"))
    told = rows.drop_duplicates("contact", keep="last").set_index("contact").drop(columns=["base", "amount", "id", "month"])
    found = told.join(net)
    found["code"] = found.code.where(found.code.isin(MUNICIPALITIES), "UNMAPPED")
    found["year"] = found.on.map(lambda d: d.year)
    found["age"] = found.age.map(lambda text: int(text) if text else None).astype("Int64")
    whole = (found.base == 0) & (found.amount == 0) & (found.settlements > 1)
    found["is_reversed"] = (found.base < 0) | (found.amount < 0) | whole
    found["expected"] = [expected(area, base) for area, base in zip(found.area, found.base, strict=True)]
    return found


def expected(area: str, base: int) -> int:
    share, cap = RATES[area]
    exact = share * base if cap is None else min(share * base, Fraction(cap))
    return rounded(exact)


def rounded(exact: Fraction) -> int:
    """To whole numbers, halves away from nought."""
    return int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)


@cache
def years(landing: Path) -> dict[int, tuple[list[str], bool]]:
    """Years of which every month lies between the first and the last file: the months that lack, and whether more is to come."""
    sent_months = list(files_of(landing, "kmf_settlements", "kmf_afregning"))
    months = [str(m) for m in pd.period_range(sent_months[0], sent_months[-1], freq="M")]
    is_final = {m: set(map(str, pd.period_range(m, periods=4, freq="M"))) <= set(sent_months) for m in months}
    found = {}
    for year in sorted({int(m[:4]) for m in months}):
        of_year = [m for m in months if m.startswith(str(year))]
        if len(of_year) == 12:
            found[year] = [m for m in of_year if m not in sent_months], not all(is_final[m] for m in of_year)
    return found


@cache
def residents(landing: Path) -> dict[tuple[int, str], dict[int, int]]:
    """(year, municipality) -> how many of each age lived there on 1 January."""
    found: dict[tuple[int, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for label, files in files_of(landing, "kmf_population", "befolkning").items():
        rows = table(files[-1], RESIDENTS)
        assert rows is not None
        for code, age, count in zip(rows.code, rows.age, rows.residents, strict=True):
            found[int(label[:4]), code][int(age)] += int(count)
    return {place: dict(ages) for place, ages in found.items()}


@cache
def totals(landing: Path) -> dict[tuple[int, str], int]:
    """(year, municipality) -> the state's total in øre of a year all of whose months it knows; 'ALL' is the region."""
    newest: dict[tuple[str, ...], Fraction] = {}
    for file in sorted((landing / "kmf_totals").glob("kmf_totaler_*"), key=sent):
        rows = table(file, TOTAL)
        assert rows is not None
        for code, month, area, ages, amount in rows.itertuples(index=False):
            newest[code, month, area, ages] = Fraction(amount.replace(".", "").replace(",", ".")) * 100_000
    sums: dict[tuple[int, str], Fraction] = defaultdict(Fraction)
    months: dict[tuple[int, str], set[str]] = defaultdict(set)
    for (code, month, *_), amount in newest.items():
        for place in (code, "ALL"):
            sums[int(month[:4]), place] += amount
            months[int(month[:4]), place].add(month)
    return {place: int(amount) for place, amount in sums.items() if len(months[place]) == 12}


def care(landing: Path) -> tuple[dict[Key, Fraction], dict[Key, set[str]]]:
    """What a citizen's care cost in each year, by its days, and which services it was.

    What goes on has gone on to the last day of the newest file.
    """
    newest: dict[tuple[str, str, str, date], tuple[date | None, int]] = {}
    labels = files_of(landing, "kmf_care", "pleje")
    until = pd.Period(max(labels), "M").end_time.date()
    for file in sorted((file for files in labels.values() for file in files), key=sent):
        rows = table(file, CARE)
        assert rows is not None
        rows = in_order(dated(people(rows), "first", "last"), "first", "last")
        for cpr, code, service, first, last, cost in rows.itertuples(index=False):
            newest[cpr, code, service, first] = (last if pd.notna(last) else None, oere(cost) or 0)
    cost_of: dict[Key, Fraction] = defaultdict(Fraction)
    services: dict[Key, set[str]] = defaultdict(set)
    for (cpr, code, service, first), (last, cost) in newest.items():
        end = last or max(until, first)
        for year in years(landing):
            begin, over = max(first, date(year, 1, 1)), min(end, date(year, 12, 31))
            if begin <= over and code in MUNICIPALITIES:
                key = (year, code, cpr)
                cost_of[key] += Fraction(cost * ((over - begin).days + 1), (end - first).days + 1)
                services[key].add(service)
    return cost_of, services


def chronic(landing: Path) -> dict[tuple[int, str], set[str]]:
    """(year, person) -> the groups of chronic disease on some day of it, by the newest file."""
    rows = table(sorted((landing / "kmf_chronic").glob("kroniske_*"), key=sent)[-1], CHRONIC)
    assert rows is not None
    rows = in_order(dated(people(once(rows, ["cpr", "group", "first"])), "first", "last"), "first", "last")
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for cpr, group, first, last in rows[rows.group.isin(CHRONIC_GROUPS)].itertuples(index=False):
        for year in years(landing):
            if first <= date(year, 12, 31) and (pd.isna(last) or last >= date(year, 1, 1)):
                found[year, cpr].add(group)
    return found


def stays(landing: Path) -> dict[Key, list[Stay]]:
    """Stays by the year and municipality they ended in and the person; an acute one in time after it makes a readmission of it."""
    found = contacts(landing)
    found = found[~found.is_reversed & found.came.notna() & found.went.notna()].reset_index()
    found = found.sort_values(["cpr", "came", "went", "contact"])
    result: dict[Key, list[Stay]] = defaultdict(list)
    for cpr, of_person in found.groupby("cpr", sort=False):
        merged: list[list[Any]] = []
        for one in of_person.itertuples():
            if merged and one.came <= max(c.went for c in merged[-1]):
                merged[-1].append(one)
            else:
                merged.append([one])
        told = [
            Stay(
                came=min(c.came for c in of),
                went=max(c.went for c in of),
                code=max(of, key=lambda c: (c.went, c.contact)).code,
                is_acute=of[0].kind == "AKUT",
                is_preventable=any(c.diagnosis.startswith(PREVENTABLE) for c in of),
                amount=sum(int(c.amount) for c in of),
                back=None,
            )
            for of in merged
        ]
        for stay, after in zip(told, [*told[1:], None], strict=True):
            is_back = after is not None and after.is_acute and after.came - stay.went <= timedelta(BACK_WITHIN)
            result[stay.went.year, stay.code, str(cpr)].append(stay._replace(back=after.amount if after and is_back else None))
    return result


def band_of(age: int) -> str:
    return next(name for name, low, high in BANDS if low <= age <= high)


@cache
def citizens(landing: Path) -> dict[Key, Citizen]:
    """Everybody who had a contact or care in a municipality in a year; who moved is a citizen of each."""
    found = contacts(landing)
    found = found[(found.code != "UNMAPPED") & found.year.isin(years(landing))]
    of_area = found.assign(there=~found.is_reversed).groupby(["year", "code", "cpr", "area"])
    # What was taken back whole is nobody's.
    found = found[(of_area["base"].transform("sum") != 0) | (of_area["amount"].transform("sum") != 0) | of_area["there"].transform("any")]
    cost_of, services = care(landing)
    ill, stays_of = chronic(landing), stays(landing)
    ages: dict[Key, list[int]] = defaultdict(list)
    areas: dict[Key, dict[str, Spent]] = defaultdict(dict)
    misusers: set[Key] = set()
    for one in found.itertuples():
        key = (one.year, one.code, one.cpr)
        areas[key][one.area] = areas[key].get(one.area, Spent()).plus(Spent(int(not one.is_reversed), int(one.base), int(one.amount)))
        if pd.notna(one.age):
            ages[key].append(int(one.age))
        if one.diagnosis.startswith(MISUSE) and not one.is_reversed:
            misusers.add(key)
    born: dict[str, int] = {}
    for (year, _, cpr), of in ages.items():
        born[cpr] = min(born.get(cpr, 9999), year - min(of))
    every = sorted(set(areas) | set(services))
    age_of = {k: min(ages[k]) if ages[k] else max(k[0] - born[k[2]], 0) if k[2] in born else None for k in every}
    usual = {}
    for year in years(landing):
        bands = [band_of(age) for k in every if k[0] == year and (age := age_of[k]) is not None]
        usual[year] = max(set(bands), key=bands.count)
    return {
        key: Citizen(
            age=(age := age_of[key]),
            band=usual[key[0]] if age is None else band_of(age),
            areas=areas[key],
            misuses=key in misusers,
            chronic=len(ill.get((key[0], key[2]), ())),
            care=rounded(cost_of[key]),
            services=frozenset(services[key]),
            stays=tuple(stays_of.get(key, ())),
        )
        for key in every
    }


@cache
def of_place(landing: Path, year: int, place: str) -> dict[Key, Citizen]:
    """The citizens of a municipality in a year; 'ALL' is the region."""
    return {k: c for k, c in citizens(landing).items() if k[0] == year and place in (k[1], "ALL")}


def dearest(amounts: dict[Key, int], ids: dict[str, str], of: int | None = None) -> set[Key]:
    """The dearest tenth, rounded up, of as many as there are or of another number; of equals those whose id comes first."""
    order = sorted(amounts, key=lambda k: (-amounts[k], ids.get(k[2], k[2]), k[1]))
    return set(order[: ceil(Fraction(len(amounts) if of is None else of, 10))])


class Tops(NamedTuple):
    """The dearest of a year in co-financing, of as many as a tenth of the residents, and in care of those who are old."""

    users: set[Key]
    of_population: set[Key]
    care: set[Key]


def tops(landing: Path, ids: dict[str, str], year: int, place: str) -> Tops:
    every = of_place(landing, year, place)
    amounts = {k: c.amount for k, c in every.items() if c.is_user}
    living = sum(sum(ages.values()) for (y, code), ages in residents(landing).items() if y == year and place in (code, "ALL"))
    cared = {k: c.care for k, c in every.items() if c.is_elder and c.care > 0}
    return Tops(dearest(amounts, ids), dearest(amounts, ids, living), dearest(cared, ids))


def groups(landing: Path, ids: dict[str, str], year: int, place: str) -> dict[str, Group]:
    """The groups of a municipality's citizens in a year; 'ALL' is the region."""
    every = of_place(landing, year, place)
    users = {k: c for k, c in every.items() if c.is_user}
    top = tops(landing, ids, year, place)

    def group(base: set[Key], inside: set[Key], spent: dict[Key, int]) -> Group:
        amounts = [spent[k] for k in inside & base]
        return Group(len(amounts), len(base), sum(amounts), sum(spent[k] for k in base), smallest=min(amounts, default=0))

    def by_stay(inside: dict[Key, list[Stay]], spent: dict[Key, int]) -> Group:
        base = {k for k, c in every.items() if c.stays}
        found = group(base, {k for k, of in inside.items() if of}, spent)
        return found._replace(events=sum(map(len, inside.values())), of_events=sum(len(every[k].stays) for k in base))

    amount, cost = {k: c.amount for k, c in every.items()}, {k: c.care for k, c in every.items()}
    whole = set(users)
    back = {k: [s for s in c.stays if s.back is not None] for k, c in every.items()}
    spared = {k: [s for s in c.stays if s.is_preventable] for k, c in every.items()}
    found = {
        "USERS": group(whole, whole, amount)._replace(
            events=sum(c.contacts for c in users.values()), of_events=sum(c.contacts for c in users.values())
        ),
        "TOP": group(whole, top.users, amount),
        "TOP_OF_POPULATION": group(whole, top.of_population, amount),
        "CHRONIC": group(whole, {k for k, c in users.items() if c.chronic >= 1}, amount),
        "MULTIMORBID": group({k for k, c in users.items() if c.chronic}, {k for k, c in users.items() if c.chronic >= 2}, amount),
        "ADMITTED": group(whole | {k for k, c in every.items() if c.stays}, {k for k, c in every.items() if c.stays}, amount)._replace(
            events=sum(len(c.stays) for c in every.values()), of_events=sum(len(c.stays) for c in every.values())
        ),
        "READMITTED": by_stay(back, {k: sum(s.back or 0 for s in of) for k, of in back.items()}),
        "PREVENTABLE": by_stay(spared, {k: sum(s.amount for s in of) for k, of in spared.items()}),
        "SUBSTANCE_ABUSE": group(whole, {k for k, c in users.items() if c.misuses}, amount),
        "CARED_ELDERLY": group(cared := {k for k, c in every.items() if c.is_elder and c.care > 0}, cared, cost),
        "CARE_TOP": group({k for k, c in every.items() if c.is_elder and c.care > 0}, top.care, cost),
        "CARE_TOP_IN_TOP": group(top.care, top.users, cost),
    }
    if year - 1 in years(landing):
        found["STILL_TOP"] = group(top.users, {(year, *k[1:]) for k in tops(landing, ids, year - 1, place).users}, amount)
    for name, area in (("PSYCHIATRY_STATIONARY", "PSYKIATRI_STATIONÆR"), ("PSYCHIATRY_AMBULATORY", "PSYKIATRI_AMBULANT")):
        spent = {k: c.areas[area].amount if area in c.areas else 0 for k, c in every.items()}
        found[name] = group(whole, {k for k, c in users.items() if area in c.areas and c.areas[area].contacts}, spent)
    for name, service in (("HOME_HELP", "HJEMMEHJÆLP"), ("NURSING", "SYGEPLEJE"), ("CARE_HOME", "PLEJEBOLIG")):
        inside = {k for k, c in every.items() if service in c.services}
        found[name] = group(whole | inside, inside, amount)
    return {name: of for name, of in found.items() if of.of_citizens}
