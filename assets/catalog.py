"""What the project declares: extracts, reference tables and SQL tables, and in which order one needs another.

Read from the files alone, once, when definitions load: no connection, no lake. What a table needs is what its SQL and
the rules of its contract name, found in their tokens, so it is never written down a second time. Parsing them whole
would be a third of the time to load definitions, and finds the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import Token, TokenType

from assets.freshness import freshness_rules
from expectations.suite import COLUMNS, Rule, raw_rules, table_rules
from sources.contract import Contract, ContractError, digest, load_contract, load_fields
from sources.layout import Extract, Layout, load_layout

LAYERS = ("core", "marts")
REFERENCE = "reference"
READABLE = ("raw", *LAYERS, REFERENCE)


@dataclass(frozen=True)
class Table:
    """A table with a contract: computed by SQL, or (layer reference) read from a CSV file with its source."""

    layer: str
    contract: Contract
    path: Path
    text: str
    inputs: tuple[str, ...]
    checked_against: tuple[str, ...]
    related: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.contract.id}"

    @property
    def domain(self) -> str:
        return self.contract.domain

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the tables its SQL reads and its rules compare with."""
        return tuple(sorted({*self.inputs, *self.checked_against}))

    @cached_property
    def rules(self) -> list[Rule]:
        return table_rules(self.contract)

    @cached_property
    def statement(self) -> str:
        """The SQL as far as it decides a result: comments and line breaks are no reason to compute a table again."""
        return " ".join(f"{t.token_type.name}:{t.text}" for t in _tokens(self.text, f"{self.path.parent.name}/{self.path.name}"))

    @cached_property
    def code_version(self) -> str:
        """Changes when the table's SQL, file or promises do."""
        return digest(self.text, self.contract.audit_fingerprint)

    @property
    def uses_as_of(self) -> bool:
        """Whether the table depends on today, which SQL may only ask by getvariable('as_of')."""
        return "getvariable('as_of')" in self.text


@dataclass(frozen=True)
class Catalog:
    """Everything declared below a project root. Tables are in an order in which each follows what it needs."""

    root: Path
    extracts: dict[str, Extract]
    tables: dict[str, Table]

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Domains in an order in which each follows those it reads from; the reference tables are no domain of their own."""
        graph: dict[str, set[str]] = {t.domain: set() for t in self.computed}
        for table in self.computed:
            graph[table.domain] |= {self.tables[n].domain for n in table.needs if n in self.tables and self.tables[n].layer in LAYERS}
            graph[table.domain].discard(table.domain)
        return tuple(_ordered(graph, "domains"))

    @property
    def computed(self) -> list[Table]:
        return [t for t in self.tables.values() if t.layer in LAYERS]

    @property
    def references(self) -> list[Table]:
        return [t for t in self.tables.values() if t.layer == REFERENCE]

    def of_domain(self, domain: str) -> list[Table]:
        return [t for t in self.computed if t.domain == domain]

    def extracts_of(self, domain: str) -> list[str]:
        """Extracts whose records reach the domain's tables."""
        return sorted({n.removeprefix("raw.") for t in self.of_domain(domain) for n in t.needs if n.startswith("raw.")})

    def contract(self, name: str) -> Contract:
        """The contract of anything SQL may read, like raw.response_times or reference.target."""
        return self.extracts[name[4:]].contract if name.startswith("raw.") else self.tables[name].contract


def raw_suite(extract: Extract) -> list[Rule]:
    return raw_rules(extract.contract)


def acceptable_checks(catalog: Catalog) -> set[str]:
    """Checks an operator may let fail, like core.pathway.days_add_up: all but that a table has its columns at all."""
    rules = {n: [*raw_suite(e), *freshness_rules(e.contract)] for n, e in ((f"raw.{n}", e) for n, e in catalog.extracts.items())}
    rules |= {t.name: t.rules for t in catalog.tables.values()}
    return {f"{name}.{r.name}" for name, found in rules.items() for r in found if r.name != COLUMNS}


def load_catalog(root: Path) -> Catalog:
    """Read all contracts, layouts, SQL and reference files below `root`; raises ContractError naming the file at fault."""
    fields = load_fields(root / "expectations" / "fields.yaml")
    extracts = load_extracts(root / "sources", fields)
    contracts = {
        f"{layer}.{c.id}": c
        for layer in (*LAYERS, REFERENCE)
        for c in (load_contract(p, fields) for p in sorted((root / "expectations" / layer).glob("*.odcs.yaml")))
    }
    layers = {name.split(".")[1]: name for name in contracts}
    if len(layers) < len(contracts):
        raise ContractError("two tables share a name: names are unique over all layers, since graphs show the last part alone")
    known = {*contracts, *(f"raw.{e}" for e in extracts)}
    tables = {name: _table(root, name, contract, layers, known) for name, contract in contracts.items()}
    order = _ordered({n: set(t.needs) & set(tables) for n, t in tables.items()}, "tables")
    return Catalog(root, extracts, {name: tables[name] for name in order})


def load_extracts(sources: Path, fields: dict[str, dict[str, Any]]) -> dict[str, Extract]:
    """The active extracts of a folder that holds `<extract>/contract.odcs.yaml` and `<extract>/layouts/*.yaml`."""
    extracts = {}
    for path in sorted(sources.glob("*/contract.odcs.yaml")):
        contract = load_contract(path, fields)
        if contract.id != path.parent.name:
            raise ContractError(f"{path.parent.name}/{path.name}: the folder says {path.parent.name}, the contract {contract.id}")
        layouts = tuple(load_layout(p, contract) for p in sorted(path.parent.glob("layouts/*.yaml")))
        if contract.status == "active":
            extracts[contract.id] = Extract(contract, layouts)
    return extracts


def identity_extract(contract: Contract) -> Extract:
    """A reference file as an extract of one layout: UTF-8, comma, a header with the contract's own column names."""
    names = [c.name for c in contract.columns]
    reads = {"delimiter": ",", "numbers": "english"}
    return Extract(
        contract, (Layout.model_validate({"name": "reference", "reads": reads, "header": names, "columns": {n: n for n in names}}),)
    )


def _table(root: Path, name: str, contract: Contract, layers: dict[str, str], known: set[str]) -> Table:
    layer, table = name.split(".")
    path = root / ("data/reference" if layer == REFERENCE else f"sql/{layer}") / f"{table}.{'csv' if layer == REFERENCE else 'sql'}"
    if not path.is_file():
        raise ContractError(f"{name} has a contract and no {path.parent.name}/{path.name}")
    text = path.read_text("utf-8")
    inputs = set() if layer == REFERENCE else _tables_read(text, path.name)
    related = {}
    for column in contract.columns:
        for relationship in column.relationships:
            other = relationship.to.split(".")[0]
            if other not in layers:
                raise ContractError(f"{name}: {column.name} refers to {other}, which no contract describes")
            related[other] = layers[other]
    checked = set(related.values())
    for rule in contract.object.quality:
        if rule.query:
            checked |= _tables_read(rule.query.replace("{object}", "this_object"), f"{contract.id}: {rule.id}")
    if unknown := (inputs | checked) - known:
        raise ContractError(f"{name} reads {', '.join(sorted(unknown))}, which no contract describes")
    checked.discard(name)
    return Table(layer, contract, path, text, tuple(sorted(inputs)), tuple(sorted(checked)), tuple(sorted(related.items())))


def _tables_read(sql: str, where: str) -> set[str]:
    """Names like core.pathway that a query reads: SQL names every table with its layer, and a layer is no alias."""
    tokens = _tokens(sql, where)
    names = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return {f"{layer.text}.{name.text}" for layer, dot, name in names if dot.token_type is TokenType.DOT and layer.text in READABLE}


def _tokens(sql: str, where: str) -> list[Token]:
    try:
        return sqlglot.tokenize(sql, dialect="duckdb")
    except sqlglot.TokenError as error:
        raise ContractError(f"{where}: {error}") from error


def _ordered(graph: dict[str, set[str]], what: str) -> Iterable[str]:
    """Names so that each follows what it needs; deterministic. Raises ContractError for a circle."""
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except ValueError as error:
        raise ContractError(f"these {what} need each other in a circle: {error.args[1]}") from error
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order
