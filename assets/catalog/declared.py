"""What the project declares: domains, extracts, lookups and SQL tables, and in which order one needs another.

What a table needs is what its SQL and the rules of its contract name, so it is never written down a second time. What cannot be
used is told and holds its domain; it stops nothing else.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from math import inf
from pathlib import Path

from assets.catalog.freshness import DELIVERY_RULES, freshness_rules
from assets.catalog.statements import Macro, Rows, statement
from expectations.suite import COLUMNS, LOOKUPS, SMALL_CELLS, THRESHOLD_LOOKUP, Rule, raw_rules, table_rules
from sources.contract import Contract, digest, load_contract, load_fields
from sources.documents import ContractError, read
from sources.layout import Extract, Layout
from sources.settings import PROJECT
from sources.tree import ADDED, Tree
from sources.vocabulary import Model

# Core is computed from raw, marts from core, indicators from marts of any domain; kpi_monthly reads the indicators.
LAYERS = ("core", "marts", "indicators")
MARTS = "marts"
# What SQL may read of an extract: its records in force, and the months that its deliveries cover.
RAW, COVERAGE = "raw", "coverage"
DELIVERED = (RAW, COVERAGE)
INDICATORS = "indicators"
REFERENCE = LOOKUPS
# Steps of a run besides domains and extracts, which share their names' space in Dagster.
STEPS = {"release", "report", "catalogue"}
# Column -> the (table, column) pairs it is computed from.
Lineage = dict[str, list[tuple[str, str]]]


class Domain(Model):
    """Tables that are published together: `expectations/domains.yaml` says once what each is called, whose it is, and what for."""

    label: str
    owner: str
    purpose: str


@dataclass(frozen=True)
class Fault:
    """Something declared that cannot be used. `domains` are those it holds at their last good sets."""

    where: str
    why: str
    domains: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"{self.where}: {self.told}"

    @property
    def told(self) -> str:
        """Why, as a sentence."""
        return self.why if self.why.endswith("?") else f"{self.why}."


@dataclass(frozen=True)
class Table:
    """A table with a contract: computed by SQL, or (layer reference) read from a CSV file with its source.

    `reads` are the tables its SQL names, with the rows of lookups it asks for where that is known; `checked_against` those its
    rules name.
    """

    layer: str
    contract: Contract
    path: Path
    text: str
    reads: dict[str, Rows | None]
    checked_against: tuple[str, ...]
    related: tuple[tuple[str, str], ...]
    macros: tuple[Macro, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.contract.id}"

    @property
    def domain(self) -> str:
        return self.contract.domain

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the tables its SQL reads and its rules compare with."""
        return tuple(sorted({*self.reads, *self.checked_against}))

    @cached_property
    def rules(self) -> list[Rule]:
        return table_rules(self.contract, names_rows=self.layer != "core")

    @cached_property
    def statement(self) -> str:
        """The SQL as far as it decides a result, its macros included."""
        where = f"{self.path.parent.name}/{self.path.name}"
        return "\n".join([statement(self.text, where), *(m.statement for m in self.macros)])

    @cached_property
    def code_version(self) -> str:
        """Changes when the table's SQL, file or promises do."""
        return digest(self.text, [m.text for m in self.macros], self.contract.audit_fingerprint)

    @property
    def uses_as_of(self) -> bool:
        """Whether the table depends on today, which SQL may only ask by getvariable('as_of')."""
        return any("getvariable('as_of')" in text for text in (self.text, *(m.text for m in self.macros)))


@dataclass(frozen=True)
class Catalog:
    """Everything declared in a tree. Tables are in an order in which each follows what it needs."""

    tree: Tree
    extracts: dict[str, Extract]
    tables: dict[str, Table]
    declared: dict[str, Domain] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    # Extracts whose contract cannot be read just now, and their domains.
    unreadable: dict[str, str] = field(default_factory=dict)
    # Tables of domains that the region is without: others may read them, and find no rows.
    absent: dict[str, Contract] = field(default_factory=dict)

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Domains in an order in which each follows those it reads from; the reference tables are no domain of their own."""
        graph: dict[str, set[str]] = {t.domain: set() for t in self.computed}
        graph |= {d: set() for f in self.faults for d in f.domains if d not in graph and d != REFERENCE}
        for table in self.computed:
            graph[table.domain] |= {self.tables[n].domain for n in table.needs if n in self.tables and self.tables[n].layer in LAYERS}
            graph[table.domain].discard(table.domain)
        return tuple(ordered(graph))

    @property
    def computed(self) -> list[Table]:
        return [t for t in self.tables.values() if t.layer in LAYERS]

    @property
    def references(self) -> list[Table]:
        return [t for t in self.tables.values() if t.layer == REFERENCE]

    def wholes_of(self, table: Table) -> list[Table]:
        """The protected tables whose parts the rows of a protected table are, and those that theirs are."""
        found: dict[str, Table] = {}
        for total in table.contract.disclosure.totals if table.contract.disclosure else ():
            whole = self.tables[total.table]
            found |= {whole.name: whole} | {other.name: other for other in self.wholes_of(whole)}
        return list(found.values())

    def tells_of_persons(self, name: str) -> bool:
        """Whether a table is protected, or made of one that is."""
        table = self.tables.get(name)
        return table is not None and (table.contract.disclosure is not None or any(self.tells_of_persons(n) for n in table.reads))

    def stands_on_persons(self, name: str) -> bool:
        """Whether a table or extract has rows about persons, or is made of one that has."""
        table = self.tables.get(name)
        return self.contract(name).has_personal_columns or (table is not None and any(self.stands_on_persons(n) for n in table.reads))

    def of_domain(self, domain: str) -> list[Table]:
        """The tables made and published together: of a domain, or (reference) the lookups."""
        return self.references if domain == REFERENCE else [t for t in self.computed if t.domain == domain]

    def faults_of(self, domain: str) -> list[Fault]:
        return [f for f in self.faults if domain in f.domains]

    def extracts_of(self, domain: str) -> list[str]:
        """Extracts whose records, or what they cover, reach the domain's tables."""
        return sorted({n.split(".")[1] for t in self.of_domain(domain) for n in t.needs if n.split(".")[0] in DELIVERED})

    def domains_behind(self, domain: str) -> list[str]:
        """Other domains whose tables it reads, directly or through others, and the lookups."""
        found, open_ = set[str](), [domain]
        while open_:
            needs = {n for t in self.of_domain(open_.pop()) for n in t.needs if n in self.tables}
            new = {self.tables[n].domain if self.tables[n].layer in LAYERS else REFERENCE for n in needs} - found - {domain}
            found |= new
            open_ += new
        return sorted(found)

    def domain_of_extract(self, name: str) -> str:
        """The domain an extract belongs to; '' for one that is declared no more."""
        return self.extracts[name].contract.domain if name in self.extracts else self.unreadable.get(name, "")

    def least_told(self, name: str, day: date) -> float:
        """The smallest number of rows of a table or extract that is told on a day: one, or as many as a number of persons must have. No
        number is enough where the lookup does not say, and of what is declared no more nobody knows whether it was about persons.
        """
        layer, _, rest = name.partition(".")
        is_known = rest in self.extracts if layer == RAW else name in self.tables
        return 1 if is_known and not self.contract(name).has_personal_columns else self.fewest_persons(day)

    def fewest_persons(self, day: date) -> float:
        """How many persons a number must describe to be told on a day; no number is enough where the lookup does not say."""
        lookup = self.tables.get(THRESHOLD_LOOKUP)
        rows = csv.DictReader(lookup.text.splitlines()) if lookup else ()
        return max((float(r["persons"]) for r in rows if r["valid_from"] <= day.isoformat() <= r["valid_to"]), default=inf)

    def own_files(self, name: str) -> list[str]:
        """What the region has of its own of a table or extract."""
        layer, _, rest = name.partition(".")
        if layer == RAW:
            return [f for f in self.tree.own_files if f.startswith(f"sources/{rest}/")]
        folder = "data/reference" if layer == REFERENCE else f"sql/{layer}"
        at = {f"expectations/{layer}/{rest}.odcs.yaml", *(f"{folder}/{rest}{end}" for end in (".sql", ".csv", ADDED))}
        return [f for f in self.tree.own_files if f in at]

    def contract(self, name: str) -> Contract:
        """The contract of anything SQL may read, like raw.response_times, coverage.response_times or reference.target."""
        layer, _, rest = name.partition(".")
        if layer == COVERAGE:
            return coverage_contract()
        if layer == RAW:
            return self.extracts[rest].contract
        return self.absent[name] if name in self.absent else self.tables[name].contract


@cache
def coverage_contract() -> Contract:
    """What a row of `coverage.<extract>` says."""
    folder = PROJECT / "expectations"
    return load_contract(folder / "coverage.odcs.yaml", load_fields(read(folder / "fields.yaml")))


def acceptable_checks(catalog: Catalog) -> set[str]:
    """Checks an operator may let fail, like core.pathway.days_add_up: all but that a table has its columns, and tells of nobody."""
    rules = {
        n: [*raw_rules(e.contract), *freshness_rules(e.contract), *DELIVERY_RULES]
        for n, e in ((f"raw.{n}", e) for n, e in catalog.extracts.items())
    }
    rules |= {t.name: t.rules for t in catalog.tables.values()}
    return {f"{name}.{r.name}" for name, found in rules.items() for r in found if r.name not in (COLUMNS, SMALL_CELLS)}


def identity_extract(contract: Contract) -> Extract:
    """A reference file as an extract of one layout: UTF-8, comma, a header with the contract's own column names."""
    names = [c.name for c in contract.columns]
    reads = {"delimiter": ",", "numbers": "english"}
    return Extract(
        contract, (Layout.model_validate({"name": "reference", "reads": reads, "header": names, "columns": {n: n for n in names}}),)
    )


def ordered(graph: dict[str, set[str]]) -> Iterable[str]:
    """Names so that each follows what it needs; deterministic. Raises ContractError for a circle."""
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ContractError(f"these domains need each other in a circle: {', '.join(error.args[1])}") from error
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order
