"""What a region still lacks for its nights: what is not set, not declared, or not named by any lookup. Nothing is written.

What deliveries say that no lookup names is found in what nights have read: `ventetal run` into a lake of its own tells it beforehand.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from assets.alerts.channels import channels
from assets.catalog.declared import Catalog, Table
from assets.deliveries.extracts import ExtractState
from assets.deliveries.few import band
from assets.lake.files import Lake, recalled
from assets.lake.seals import Damaged
from assets.tables.domain_state import DomainState
from assets.tables.versions import rows_sql
from sources.duck import dicts
from sources.pseudonym import KeyRefused, pseudonym_key
from sources.settings import PREFIX, PRODUCTION, settings
from sources.tree import Tree

# A night writes its tables beside those of the nights before.
LEAST_FREE_BYTES = 10 << 30
UNNAMED, TARGETS = "core.unnamed_code", "reference.target"
# What somebody has to find out of a code, and what to do then: the code and the month of its first record are filled in.
QUESTIONS = {
    "unit_without_hospital": ("unit nobody names", "unit.add.csv: {},HOSPITAL,{},2099-12-31,false,SOURCE"),
    "unit_not_in_force": ("unit of before or after", "Its register says that the code was not in force then: ask who sent it."),
    "unit_not_registered": ("unit in no register", "Deliver a newer register of units, or ask who sent it."),
    "provider_without_name": ("provider nobody names", "provider.add.csv: {},NAME,{},2099-12-31,SOURCE"),
}
NEWEST_MONTHS = 3
# Whoever is counted is counted under the names in these.
NAMED_BY_A_REGION = ("hospital", "unit")


@dataclass(frozen=True)
class Lacking:
    """Something a night would miss, which it is, and what to do."""

    what: str
    which: str
    remedy: str


def lacking(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    """All there is to say, what stops a night first."""
    yield from _settings(lake, catalog)
    yield from (Lacking("declared wrong", f.where, f.sentence) for f in catalog.faults)
    yield from _declared(catalog)
    for extract in catalog.extracts.values():
        state = recalled(lake.files / ExtractState.FOLDER / f"{extract.name}.json", ExtractState)
        if not (state and state.deliveries) and not any((lake.landing / extract.name).glob("[!.]*")):
            yield Lacking(
                "never delivered", extract.name, f"Put a file into {lake.landing / extract.name}/ and try it with `ventetal check`."
            )
        elif state:
            refused = [d for d in state.deliveries if d.status in ("refused", "held")]
            yield from (Lacking(f"{d.status} delivery", d.receipt.file_name, d.why) for d in refused)
    yield from _published_otherwise(lake, catalog)
    yield from _unnamed(lake, catalog)


def _settings(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    said, tree = settings(), catalog.tree
    if tree.region is None:
        yield Lacking("region", "none is set", f"`ventetal region new FOLDER` makes one; {PREFIX}REGION names it.")
    elif tree.region.invented or tree.invented:
        which = ", ".join(tree.invented) or tree.region.name
        yield Lacking("invented", which, f"Rows that say they are invented are nobody's: {PRODUCTION} refuses them.")
    if said.env != PRODUCTION:
        yield Lacking(
            "environment", f"{PREFIX}ENV is not {PRODUCTION}", "Set it where real persons are read: the demo key is refused then."
        )
    try:
        if not (said.pseudonym_key or said.pseudonym_key_file):
            yield Lacking("pseudonym key", "none is set", f"`openssl rand -base64 48 > FILE`, and {PREFIX}PSEUDONYM_KEY_FILE names it.")
        pseudonym_key()
    except KeyRefused as refused:
        yield Lacking("pseudonym key", "refused", str(refused))
    if said.as_of or lake.pointer("clock").exists():
        yield Lacking(
            "clock", "it is not the machine's", f"Unset {PREFIX}AS_OF; a lake of examples keeps a time of its own: begin another."
        )
    if not lake.landing.is_dir():
        yield Lacking("folder", str(lake.landing), "`ventetal run` makes it; who delivers must be able to write there.")
    place = next(p for p in (lake.root, *lake.root.parents) if p.exists())
    if (free := shutil.disk_usage(place).free) < LEAST_FREE_BYTES:
        yield Lacking("disk", f"{free >> 30} GiB are free at {place}", f"Have {LEAST_FREE_BYTES >> 30} GiB at least.")
    if not channels():
        yield Lacking("channel", "nobody is told", f"Set {PREFIX}SMTP_URL, {PREFIX}SLACK_WEBHOOK or {PREFIX}TEAMS_WEBHOOK.")


def _declared(catalog: Catalog) -> Iterator[Lacking]:
    of_product = Tree(catalog.tree.product).records
    for extract in catalog.extracts.values():
        if not extract.layouts:
            yield Lacking("layout", extract.name, f"`ventetal layout FILE` proposes one for sources/{extract.name}/layouts/ of the region.")
        for why in filter(None, map(extract.why_never_final, extract.layouts)):
            yield Lacking("never final", extract.name, why)
    for table in catalog.references:
        rows = catalog.tree.records(table.contract.id)
        if not rows:
            yield Lacking("lookup without rows", table.name, f"{_place(table)} of the region: {table.contract.description.purpose}")
        elif catalog.tree.region and table.contract.id in NAMED_BY_A_REGION and rows == of_product(table.contract.id):
            yield Lacking("lookup of another region", table.name, f"{_place(table)} of the region: the product's rows are the paper's.")
        left_out = {r["indicator"] for r in of_product("target")} - {r["indicator"] for r in rows} if table.name == TARGETS else set()
        if left_out:
            yield Lacking("target left out", table.name, f"{', '.join(sorted(left_out))}: what the product asks for is judged by nothing.")
        for other, column, to in table.contract.refers_to:
            known = {row.get(to) for row in catalog.tree.records(other)}
            if wrong := sorted({row[column] for row in rows if row.get(column) and row[column] not in known}):
                yield Lacking("names nothing", table.name, f"{column} {', '.join(wrong)}: no {to} of reference.{other}.")
        if lines := [i for i, row in enumerate(rows, 2) if "source" in row and not (row["source"] or "").strip()]:
            yield Lacking("rows without a source", table.name, f"{len(lines)} of {len(rows)}: say where each comes from.")


def _published_otherwise(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    """Published months that records, SQL or lookups would make others by now: a lookup that was mended late among them."""
    waiting: dict[str, set[str]] = {}
    for domain in catalog.domains:
        state = recalled(lake.files / DomainState.FOLDER / f"{domain}.json", DomainState)
        for version in (a.version for a in state.attempts if a.version) if state else ():
            waiting.setdefault(domain, set()).update(w.period[:7] for w in version.waiting)
    for domain, months in waiting.items():
        if months:
            yield Lacking(
                "published otherwise",
                f"{domain} ({', '.join(sorted(months))})",
                "`ventetal revise MONTH --reason ...`, then `ventetal run`.",
            )


def _unnamed(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    """What nights have found that no lookup or register names, most frequent first, with the row to add; counts of persons as bands.

    A code of few persons that no register knows is not told: it may be the beginning of somebody's number.
    """
    state = recalled(lake.files / DomainState.FOLDER / "unnamed.json", DomainState)
    if not state or UNNAMED not in state.tables or UNNAMED not in catalog.tables:
        return
    try:
        rows = rows_sql(lake.version(UNNAMED, state.tables[UNNAMED]))
    except Damaged as gone:
        yield Lacking("not known", UNNAMED, f"{gone} The next run makes it again.")
        return
    least = catalog.fewest_persons(date.today())
    with duckdb.connect() as con:
        found = dicts(
            con,
            f"""
            select question, extract_name, code, max(code_name) as name, min(month) as first,
                list({{month: month, persons: persons}} order by month desc) as months, max(persons) as persons
            from ({rows}) group by all
            order by sum(records) desc, question, extract_name, code""",
        )
    few = Counter[str]()
    for row in found:
        if row["name"] is None and row["persons"] < least:
            few[row["extract_name"]] += 1
            continue
        what, remedy = QUESTIONS[row["question"]]
        newest = [f"{m['month']:%Y-%m} {band(m['persons'], least)} persons" for m in row["months"][:NEWEST_MONTHS]]
        older = [f"others since {row['first']:%Y-%m}"] if len(row["months"]) > NEWEST_MONTHS else []
        which = f"{row['code']} {row['name'] or ''}".strip()
        yield Lacking(
            what, f"{which} ({row['extract_name']}: {', '.join(newest + older)})", remedy.format(row["code"], f"{row['first']:%Y-%m}-01")
        )
    for extract, count in sorted(few.items()):
        yield Lacking(
            "codes nobody knows",
            f"{count} ({extract})",
            "Each is of few persons and in no register: slips, or beginnings of a person's number.",
        )


def _place(table: Table) -> str:
    return f"data/reference/{table.contract.id}.add.csv"
