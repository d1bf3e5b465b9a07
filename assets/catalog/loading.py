"""Reads what the project declares from its files alone, once, when definitions load: no connection, no lake."""

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from assets.catalog.declared import DELIVERED, INDICATORS, LAYERS, MARTS, RAW, REFERENCE, STEPS, Catalog, Domain, Fault, Table, ordered
from assets.catalog.statements import PROVISIONAL, Macro, calls, load_macro, output_columns, reads, tokens, with_threshold
from expectations.suite import THRESHOLD_LOOKUP, raw_rules, table_rules
from sources.casts import ident, literal
from sources.contract import Contract, load_contract, load_fields
from sources.documents import ContractError
from sources.layout import Extract, load_layout
from sources.tree import SELF, Tree


def load_catalog(where: Tree | Path) -> Catalog:
    """Read all contracts, layouts, SQL and lookups of a tree, or below one folder.

    What cannot be used becomes a fault, which holds the domains that need it. Where the words all the others are written in cannot be
    read, that is every one.
    """
    return _Loading(where if isinstance(where, Tree) else Tree(where)).catalog()


class _Loading:
    """One reading of all that is declared, which gathers what cannot be used."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.faults = tree, list[Fault]()
        # Domains by what their tables are called: what a file without a contract of its own would belong to.
        self.domain_of: dict[str, str] = {}
        self.domains: dict[str, Domain] = {}
        self.domains = self._domains("expectations/domains.yaml")
        self.fields = self._fields("expectations/fields.yaml")
        self.macros, self.broken_macros = self._macros()

    def _domains(self, name: str) -> dict[str, Domain]:
        path = self.tree.product / name
        if not path.exists():
            self.faults.append(Fault(name, "there is no such file, so that any domain passes for one", ()))
            return {}
        found = dict[str, Domain]()
        with self._telling(path):
            for document in self.tree.documents(name):
                if not isinstance(document.content, dict):
                    raise document.wrong("it names no domain")
                for domain, words in document.content.items():
                    if not re.fullmatch("[a-z][a-z0-9_]*", domain):
                        self._tell(path, f"{domain}: lower case letters, digits and _ only")
                    elif domain in STEPS:
                        self._tell(path, f"{domain} is what a step of a run is called; choose another name")
                    else:
                        # One that is described wrong is held, and is there for those who read from it.
                        found[domain] = Domain(label=domain, owner="data", purpose="")
                        with self._telling(path, domain):
                            found[domain] = document.valid(Domain, words or {}, domain)
        return found

    def _fields(self, name: str) -> dict[str, dict[str, Any]]:
        """The field dictionary. Without it no contract can be read, so a fault of it holds every domain there is."""
        try:
            return load_fields(*self.tree.documents(name))
        except ContractError as error:
            why = str(error).removeprefix(f"{Path(name).name}: ")
            self.faults.append(Fault(name, why, tuple(sorted({*self.domains, REFERENCE}))))
            return {}

    def _macros(self) -> tuple[dict[str, Macro], dict[str, str]]:
        """Macros by name, and why others cannot be used: those are told with the tables that call them."""
        found, broken = dict[str, Macro](), dict[str, str]()
        for path in self.tree.glob("sql/macros/*.sql"):
            try:
                found |= load_macro(path)
            except ContractError as error:
                broken[path.stem] = str(error)
        for name, macro in found.items():
            if inner := next((m.name for m, _ in calls(tokens(macro.text, name), found) if m.name != name), ""):
                broken[name] = f"sql/macros/{name}.sql: it calls {inner}; a macro calls no other, so that what a table reads is known"
        return {n: m for n, m in found.items() if n not in broken}, broken

    def catalog(self) -> Catalog:
        if not self.fields:
            return Catalog(self.tree, {}, {}, self.domains, tuple(self.faults), self._unreadable({}))
        extracts: dict[str, Extract] = {}
        for path in self.tree.glob("sources/*/contract.odcs.yaml"):
            with self._telling(path):
                contract = load_contract(path, self.fields)
                if contract.id != path.parent.name:
                    raise ContractError(f"the folder says {path.parent.name}, the contract {contract.id}")
                if not contract.declares_delivery:
                    raise ContractError("its object says no `delivery`: how files replace each other is said by each extract for itself")
                if contract.delivery.mode == "upsert" and not contract.key:
                    raise ContractError("its object has no primaryKey: `upsert` keeps the last record of each key")
                extract = self._extract(contract)
                if contract.status == "active":
                    self._require_declared(extract.contract)
                    # Said now, where a wrong word holds one domain: rules are made of the contract's words when they are asked for.
                    _ = raw_rules(extract.contract), extract.contract.reading_fingerprint
                    extracts[extract.name] = extract
                    self.domain_of |= {f"{layer}.{extract.name}": extract.contract.domain for layer in DELIVERED}
        contracts = self._contracts()
        tables: dict[str, Table] = {}
        for name, contract in contracts.items():
            with self._telling(self._sql_of(name), contract.domain):
                tables[name] = self._table(name, contract, contracts)
        self._tell_sql_without_contract(contracts)
        self._leave_out_what_would_tell_of_persons(tables, extracts)
        without, unreadable = self._without(), self._unreadable(extracts)
        absent = {n: tables.pop(n).contract for n in list(tables) if tables[n].domain in without}
        delivered = {n: e for n, e in extracts.items() if e.contract.domain not in without}
        self._leave_out_what_cannot_stand(tables, {f"{layer}.{e}" for layer in DELIVERED for e in delivered}, absent)
        order = ordered({n: set(t.needs) & set(tables) for n, t in tables.items()})
        return Catalog(
            self.tree,
            delivered,
            {name: tables[name] for name in order},
            {d: words for d, words in self.domains.items() if d not in without},
            tuple(
                replace(f, domains=tuple(d for d in f.domains if d not in without))
                for f in self.faults
                if not f.domains or not {*f.domains} <= without
            ),
            {n: d for n, d in unreadable.items() if d not in without},
            absent,
        )

    def _without(self) -> set[str]:
        """The domains that the region delivers nothing for."""
        without, possible = set(self.tree.region.without) if self.tree.region else set[str](), {*self.domains} - {REFERENCE}
        if unknown := sorted(without - possible):
            self.faults.append(Fault(SELF, f"it is without {', '.join(unknown)}, and may be without {', '.join(sorted(possible))}", ()))
        return without & possible

    def _extract(self, contract: Contract) -> Extract:
        """The extract with those of its layouts that can be used."""
        layouts = []
        paths = self.tree.glob(f"sources/{contract.id}/layouts/*.yaml")
        for path in paths:
            with self._telling(path, contract.domain):
                layouts.append(load_layout(path, contract))
        return Extract(contract, tuple(layouts), is_usable=len(layouts) == len(paths))

    def _unreadable(self, extracts: dict[str, Extract]) -> dict[str, str]:
        """Extracts whose contract cannot be used, and the domain that its text names."""
        paths = [p for p in self.tree.glob("sources/*/contract.odcs.yaml") if p.parent.name not in extracts]
        return {p.parent.name: domain for p in paths if (domain := next(iter(self._said_domain(p)), ""))}

    def _contracts(self) -> dict[str, Contract]:
        found: dict[str, Contract] = {}
        for layer in (*LAYERS, REFERENCE):
            for path in self.tree.glob(f"expectations/{layer}/*.odcs.yaml"):
                with self._telling(path):
                    contract = load_contract(path, self.fields)
                    if layer != REFERENCE:
                        self._require_declared(contract)
                    _ = table_rules(contract), contract.disclosure
                    if twin := next((n for n in found if n.split(".")[1] == contract.id), None):
                        raise ContractError(f"{twin} has the same name: it is one over all layers, since graphs show the last part alone")
                    found[f"{layer}.{contract.id}"] = contract
                    self.domain_of[f"{layer}.{contract.id}"] = REFERENCE if layer == REFERENCE else contract.domain
        return found

    def _table(self, name: str, contract: Contract, contracts: dict[str, Contract]) -> Table:
        layer = name.split(".")[0]
        path = self._sql_of(name)
        if layer == INDICATORS:
            text = self._indicators(contract)
        elif layer == REFERENCE:
            text = self._lookup(contract) if path.is_file() else None
        else:
            text = path.read_text("utf-8") if path.is_file() else None
        if text is None:
            raise ContractError(f"expectations/{layer}/{contract.id}.odcs.yaml promises it, and there is no such file")
        for macro, why in self.broken_macros.items():
            if f"{macro}(" in text.casefold():
                raise ContractError(f"it calls {macro}, and {why}")
        text = _protected(text, contract)
        layers = {known.split(".")[1]: known for known in contracts}
        related = {}
        for column in contract.columns:
            for relationship in column.relationships:
                other = relationship.to.split(".")[0]
                if other not in layers:
                    raise ContractError(f"{column.name} refers to {other}, which no contract describes")
                related[other] = layers[other]
        checked = set(related.values()) | ({THRESHOLD_LOOKUP} if contract.disclosure else set())
        for rule in contract.object.quality:
            # One without a point names no table, and most have none.
            if rule.query and "." in rule.query:
                checked |= set(reads(rule.query.replace("{object}", "this_object"), f"{contract.id}: {rule.id}"))
        checked.discard(name)
        where = f"{layer}/{path.name}"
        found = {} if layer == REFERENCE else reads(text, where, self.macros)
        called = set() if layer == REFERENCE else {macro.name for macro, _ in calls(tokens(text, where), self.macros)}
        for whole, sql in self._wholes(contract, contracts).items():
            found = {**reads(sql, whole, self.macros), **found, whole: None}
            called |= {macro.name for macro, _ in calls(tokens(sql, whole), self.macros)}
        macros = tuple(self.macros[name] for name in sorted(called))
        return Table(layer, contract, path, text, found, tuple(sorted(checked)), tuple(sorted(related.items())), macros)

    def _lookup(self, contract: Contract) -> str:
        """A reference table with what the region adds. Raises ContractError for a key that stands in both."""
        text, added = self.tree.rows(contract.id), self.tree.added(contract.id)
        if added and contract.key:
            place = f"data/reference/{contract.id}.csv"
            lines = self.tree.path(place).read_text("utf-8")
            known = {tuple(row.get(k) for k in contract.key) for row in csv.DictReader(io.StringIO(lines, newline=""))}
            for row in csv.DictReader(io.StringIO(added.read_text("utf-8-sig"), newline="")):
                if (key := tuple(row.get(k) for k in contract.key)) in known:
                    said = f"the row {', '.join(map(str, key))} stands in {place} of the product too"
                    raise ContractError(f"{added}: {said}: say it once, or put a {contract.id}.csv in the place of that file")
        return text

    def _wholes(self, contract: Contract, contracts: dict[str, Contract]) -> dict[str, str]:
        """The protected tables that rows of a protected table are parts of, and those that theirs are, with their SQL."""
        found: dict[str, str] = {}
        open_ = [contract]
        while open_:
            spec = open_.pop().disclosure
            for name in sorted({t.table for t in spec.totals} - set(found)) if spec else ():
                if name not in contracts or contracts[name].disclosure is None:
                    raise ContractError(f"disclosure: {name} is no protected table with a contract")
                found[name] = _protected(self._sql_of(name).read_text("utf-8"), contracts[name])
                open_.append(contracts[name])
        return found

    def _indicators(self, contract: Contract) -> str | None:
        """The table of all indicators: a small select for each, `sql/indicators/<indicator>.sql`, in columns it need not give all."""
        parts = []
        for path in self.tree.glob(f"sql/{INDICATORS}/*.sql"):
            text = path.read_text("utf-8").strip()
            given = output_columns(text, f"indicators/{path.name}")
            if unknown := [c for c in given if c not in {column.name for column in contract.columns}]:
                raise ContractError(f"indicators/{path.name} gives {', '.join(unknown)}, which no indicator has")
            source = {c: ident(c) for c in given} | {"indicator": literal(path.stem)}
            if "qf" in given:
                # What is withheld of a row's other numbers says nothing about the one that stands.
                source["qf"] = "case when value is null then qf else replace(qf, 'c', '') end"
            columns = ", ".join(f"cast({source.get(c.name, 'null')} as {c.physicalType}) as {ident(c.name)}" for c in contract.columns)
            parts.append(f"select {columns}\nfrom (\n{text}\n)")
        return "\nunion all\n".join(parts) + f"\norder by {', '.join(contract.key)}\n" if parts else None

    def _sql_of(self, name: str) -> Path:
        """Where the table comes from: its SQL, its CSV, or the folder of all indicators."""
        layer, table = name.split(".")
        if layer == REFERENCE:
            return self.tree.path(f"data/reference/{table}.csv")
        return self.tree.path(f"sql/{layer}" if layer == INDICATORS else f"sql/{layer}/{table}.sql")

    def _require_declared(self, contract: Contract) -> None:
        if contract.domain in STEPS:
            raise ContractError(f"{contract.domain} is what a step of a run is called; choose another name for the domain")
        if contract.domain == REFERENCE:
            raise ContractError(f"domain {REFERENCE} is the domain of the lookups alone")
        for domain in [contract.domain, *filter(None, (c.purpose for c in contract.persons))] if self.domains else ():
            if domain not in self.domains:
                near = difflib.get_close_matches(domain, self.domains, 1)
                meant = f"; is {near[0]} meant?" if near else ""
                raise ContractError(f"domain {domain} is not declared in expectations/domains.yaml{meant}")

    def _tell_sql_without_contract(self, contracts: dict[str, Contract]) -> None:
        for layer in LAYERS[:2]:
            for path in self.tree.glob(f"sql/{layer}/*.sql"):
                is_told = any(f.where == self._where(path) or Path(f.where).name == f"{path.stem}.odcs.yaml" for f in self.faults)
                if f"{layer}.{path.stem}" not in contracts and not is_told:
                    self._tell(path, f"there is no contract expectations/{layer}/{path.stem}.odcs.yaml")

    def _leave_out_what_would_tell_of_persons(self, tables: dict[str, Table], extracts: dict[str, Extract]) -> None:
        """What analysts see of tables about persons is protected: a table without `disclosure` reads none that is not."""

        def is_of_persons(name: str, met: frozenset[str] = frozenset()) -> bool:
            layer, rest = name.split(".")
            if layer in DELIVERED:
                return layer == RAW and rest in extracts and extracts[rest].contract.has_personal_columns
            table = tables.get(name)
            # Those that read each other in a circle are told apart from this.
            if table is None or table.contract.disclosure or name in met:
                return False
            return table.contract.has_personal_columns or any(is_of_persons(n, met | {name}) for n in table.reads)

        for table in [t for t in tables.values() if t.layer in (MARTS, INDICATORS) and t.contract.disclosure is None]:
            if open_ := next((n for n in table.reads if is_of_persons(n)), None):
                why = f"it reads {open_}, which is made of records about persons, so its contract needs a `disclosure` block"
                self._tell(self._sql_of(table.name), why, table.domain)
                del tables[table.name]

    def _leave_out_what_cannot_stand(self, tables: dict[str, Table], raw: set[str], absent: Iterable[str]) -> None:
        """Tables that read what is not there, or each other in a circle, until those that are left can be ordered.

        What the region is without may be read by those that take it for empty, and is nobody's whole.
        """
        while True:
            empty = {n: {*absent} - {*_totals(t.contract)} if t.contract.takes_absent_as_empty else set[str]() for n, t in tables.items()}
            lacking = {n: [o for o in t.needs if o not in {*tables, *raw} | empty[n]] for n, t in tables.items()}
            graph = {n: set(t.needs) & set(tables) for n, t in tables.items()}
            wrong = {
                n: f"it reads {', '.join(o)}, which no usable contract describes{_meant(o[0], tables)}" for n, o in lacking.items() if o
            }
            if not wrong:
                try:
                    TopologicalSorter(graph).prepare()
                    return
                except CycleError as error:
                    circle = error.args[1]
                    wrong = dict.fromkeys(circle, f"these tables need each other in a circle: {', '.join(circle)}")
            told = {d for f in self.faults for d in f.domains}
            for name, why in wrong.items():
                table = tables.pop(name)
                # What follows from a fault that is told already is no news.
                if self.domain_of[name] not in told:
                    self.faults.append(Fault(self._where(table.path), why, (self.domain_of[name],)))

    @contextmanager
    def _telling(self, path: Path, domain: str = "") -> Iterator[None]:
        try:
            yield
        except (ContractError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration, re.error) as error:
            self._tell(path, str(error).removeprefix(f"{path.parent.name}/").removeprefix(f"{path.name}: "), domain)

    def _tell(self, path: Path, why: str, domain: str = "") -> None:
        """A fault holds the domain its file names, else those of the tables its SQL reads."""
        held = {domain} if domain else self._said_domain(path)
        if not held or (self.domains and not held & {*self.domains, REFERENCE}):
            held = self._domains_read(path)
        self.faults.append(Fault(self._where(path), why.rstrip("."), tuple(sorted(held))))

    def _said_domain(self, path: Path) -> set[str]:
        if path.parent.name == REFERENCE:
            return {REFERENCE}
        try:
            found = re.search(r"^domain:\s*(\w+)", path.read_text("utf-8", "replace"), re.MULTILINE)
        except OSError:
            return set()
        return {found[1]} if found and path.suffix == ".yaml" else set()

    def _domains_read(self, path: Path) -> set[str]:
        sql = path if path.suffix == ".sql" else self.tree.path(f"sql/{path.parent.name}/{path.name.split('.')[0]}.sql")
        try:
            named = reads(sql.read_text("utf-8"), sql.name, self.macros)
        except (ContractError, OSError, UnicodeDecodeError):
            return set()
        return {self.domain_of[n] for n in named if self.domain_of.get(n, REFERENCE) != REFERENCE}

    def _where(self, path: Path) -> str:
        """What people are told of a file: where it lies in the tree, and that it is the region's."""
        return f"{self.tree.name(path)} of the region" if self.tree.is_own(path) else self.tree.name(path)


def _totals(contract: Contract) -> list[str]:
    return [total.table for total in contract.disclosure.totals] if contract.disclosure else []


def _protected(sql: str, contract: Contract) -> str:
    """A table's SQL with what its protection needs."""
    may_change = any(c.name == PROVISIONAL for c in contract.columns)
    return with_threshold(sql, contract.disclosure.within[0], may_change) if contract.disclosure else sql


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.85)
    return f"; is {near[0]} meant?" if near else ""
