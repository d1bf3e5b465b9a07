"""Does what is declared agree with itself? Each SQL file is described over empty inputs and compared with its contract.

python -m assets.catalog.agreement     what `make check` asks; says file, column and type, and ends with 1 where something does not agree
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import TokenType

from assets.catalog.declared import INDICATORS, MARTS, REFERENCE, Catalog, Table
from assets.catalog.loading import load_catalog
from assets.catalog.lookups import read_lookup
from assets.catalog.questions import QUESTIONS, questions, synonyms
from assets.catalog.statements import QF_COLUMNS, calls, tokens
from sources.documents import ContractError
from sources.duck import connect, line_of, no_rows, relation, said_of
from sources.errors import WrongUsage
from sources.reasons import Refused
from sources.settings import PROJECT, settings

# Keys of tables over time, by their names.
PERIODS = ("month", "quarter", "year")


def disagreements(catalog: Catalog) -> list[str]:
    """What cannot be used, each column of a table that its SQL does not give as the contract promises, and questions that cannot be asked;
    in sentences.
    """
    said = [f.sentence for f in catalog.faults]
    for table in catalog.computed:
        said += [f"{catalog.tree.name(table.path)}: {why}." for why in (*_differences(catalog, table), *_captured(catalog, table))]
    said += [*_refused_of_lookups(catalog), *_of_unknown_finality(catalog)]
    return said + _indicators_without_row(catalog) + _windows_without_row(catalog) + _unanswered(catalog)


def _of_unknown_finality(catalog: Catalog) -> list[str]:
    """Marts over periods that would publish provisional ones as final: Danish views and papers ask a row alone whether it is."""
    contracts = [t.contract for t in catalog.tables.values() if t.layer == MARTS]
    periods = {c.id: next((p.name for p in c.columns if p.name in c.key and p.name in PERIODS), "") for c in contracts}
    return [
        f"expectations/{MARTS}/{c.id}.odcs.yaml: it has rows by {periods[c.id]}, and nothing in them tells which may still change: give it"
        " is_provisional (of what it reads), or say as its `finality` why none of them does (expectations/TABLES.md)."
        for c in contracts
        if periods[c.id] and not c.tells_what_is_provisional and not c.why_always_final
    ]


def _refused_of_lookups(catalog: Catalog) -> list[str]:
    """Every record of a lookup that its contract refuses."""
    said = list[str]()
    with TemporaryDirectory() as scratch, connect(Path(scratch)) as con:
        for table in (t for t in catalog.tables.values() if t.layer == REFERENCE):
            try:
                said += [f"{sentence}." for sentence in read_lookup(table, con, Path(scratch) / f"{table.contract.id}.parquet")]
            except Refused as refused:
                said.append(f"{catalog.tree.name(table.path)}: {refused}")
    return said


def _unanswered(catalog: Catalog) -> list[str]:
    """Words to search by that cannot be read, and questions that cannot be read, or asked of marts and lookups as they are promised."""
    said = list[str]()
    try:
        synonyms(catalog.tree)
    except ContractError as error:
        said.append(f"{error}.")
    with duckdb.connect(config={"enable_external_access": False}) as con:
        shown = [t for t in catalog.tables.values() if t.layer in (MARTS, REFERENCE)]
        for table in shown:
            relation(con, table.name, no_rows(table.contract))
        for table in shown:
            where = f"expectations/{table.layer}/{table.contract.id}{QUESTIONS}"
            try:
                for question in questions(catalog.tree, table):
                    con.execute(f"describe {question.sql}")
            except ContractError as error:
                said.append(f"{error}.")
            except duckdb.Error as error:
                said.append(f"{where}: {question.ask} {said_of(error, False)}.")
    return said


def _differences(catalog: Catalog, table: Table) -> list[str]:
    try:
        given = _described(catalog, table)
    except duckdb.Error as error:
        files = {"": table.path.read_text("utf-8") if table.path.is_file() else table.text}
        at = line_of(error, files)
        return [f"{at.removeprefix(', ')}: {said_of(error, False)}" if at else said_of(error, False)]
    promised = {c.name: c.physicalType.replace(" ", "") for c in table.contract.columns if c.name != QF_COLUMNS}
    # The protection of small cells takes what it needs, by name, and passes on what is promised.
    if is_protected := table.contract.disclosure is not None:
        given = {name: type_ for name, type_ in given.items() if not name.startswith("_")}
    found = [f"gives {n}, which its contract does not promise" for n in given if n not in promised]
    found += [f"does not give {n} {t}, which its contract promises" for n, t in promised.items() if n not in given]
    found += [f"{n} is {given[n]}, the contract promises {t}" for n, t in promised.items() if n in given and given[n] != t]
    if not found and not is_protected and list(given) != list(promised):
        found = [f"gives its columns in another order than the contract: {', '.join(given)}"]
    return found


def _described(catalog: Catalog, table: Table) -> dict[str, str]:
    """Column -> type of the table's SQL over inputs without a row."""
    with duckdb.connect(config={"enable_external_access": False}) as con:
        con.execute("set variable as_of = timestamp '2000-01-01'")
        for name in table.reads:
            relation(con, name, no_rows(catalog.contract(name)))
        for macro in table.macros:
            con.execute(macro.text)
        return {name: type_ for name, type_, *_ in con.execute(f"describe {table.text.rstrip().rstrip(';')}").fetchall()}


def _captured(catalog: Catalog, table: Table) -> list[str]:
    """Arguments of macros that mean a column of the lookup instead of one of the table: DuckDB looks there first."""
    inside = {m.name: {c.name for n in m.reads for c in catalog.contract(n).columns} for m in table.macros}
    called = calls(tokens(table.text, str(table.path)), {m.name: m for m in table.macros})
    named = [(m.name, a[0].text) for m, arguments in called for a in arguments if len(a) == 1 and a[0].token_type is TokenType.VAR]
    return [f"{name}({column}) would mean a column of the lookup: say whose it is" for name, column in named if column in inside[name]]


def _indicators_without_row(catalog: Catalog) -> list[str]:
    """Indicators that the lookup of indicators does not name, and the other way about."""
    lookup = catalog.tables.get("reference.kpi")
    if lookup is None:
        return []
    named = {line.split(",")[0] for line in lookup.text.splitlines()[1:]}
    made = {path.stem for path in catalog.tree.glob(f"sql/{INDICATORS}/*.sql")}
    said = [f"sql/indicators/{name}.sql: data/reference/kpi.csv has no row for it." for name in sorted(made - named)]
    return said + [f"data/reference/kpi.csv: there is no sql/indicators/{name}.sql." for name in sorted(named - made)]


def _windows_without_row(catalog: Catalog) -> list[str]:
    """Extracts that name a row of the lookup of targets which is not there: none of their months would ever be final."""
    lookup = catalog.tables.get("reference.target")
    rows = {line.split(",")[0] for line in lookup.text.splitlines()[1:]} if lookup else set()
    named = {name: e.contract.delivery.finalAfter for name, e in catalog.extracts.items()}
    return [
        f"sources/{n}: data/reference/target.csv has no row {row} (finalAfter)."
        for n, row in sorted(named.items())
        if row and row not in rows
    ]


def main() -> None:
    try:
        settings()
        said = disagreements(load_catalog(PROJECT))
    except WrongUsage as wrong:
        said = [str(wrong)]
    for sentence in said:
        print(sentence, file=sys.stderr)
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
