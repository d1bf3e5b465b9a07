"""Mistakes people make in what they declare: each is one sentence with file, line and a way out, wherever it is met."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from assets.catalog.loading import load_catalog
from assets.catalog.questions import Question
from sources.contract import load_fields
from sources.documents import ContractError, read
from sources.duck import connect, line_of, said_of
from sources.reasons import in_words
from sources.settings import PROJECT, mistyped
from tests.conftest import ventetal
from tests.part import TREE
from tests.toy import Toy

CONTRACT, LAYOUT, SUM = "sources/stock/contract.odcs.yaml", "sources/stock/layouts/plain.yaml", "sql/core/stock_sum.sql"
TOTAL, LOOKUP = "sql/marts/stock_total.sql", "data/reference/known_name.csv"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock="{mode: replace_period, period: day, unit: month}", sales="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 1")
    return toy


@pytest.mark.parametrize(
    ("path", "before", "after", "says"),
    [
        (CONTRACT, "value: 40, unit: d", "value: 40 unit: d", "line 8: a bracket is not closed"),
        (CONTRACT, "name: number", "name: numbr", "column numbr is not in fields.yaml; is number meant?"),
        (CONTRACT, "period: day, unit", "perod: day, unit", "line 12: perod is no word that is known; is period meant?"),
        (CONTRACT, "[{property: delivery", "[{property: disclosure, value: {wihtin: [day]}}, {property: delivery",
         "line 12: wihtin is no word that is known; is within meant?"),
        (CONTRACT, "property: delivery", "property: delivry", "unknown customProperty delivry; there are delivery, "),
        (LAYOUT, "number: Antal", "numbre: Antal", "numbre is no column of contract stock; is number meant?"),
        (LAYOUT, "(?P<period>", "(?P<period", "line 1: file: it is no regular expression: "),
        (LAYOUT, "day: Dag", '{from: Dag, format: "DD-MM-YYYY"}', "line 3"),
        (LAYOUT, "day: Dag", 'day: {from: Dag, format: "DD-MM-YYYY"}', "DD-MM-YYYY names no part of a date"),
        (CONTRACT, "purpose: ", "purpose: Numbers are read as #; ",
         "line 7: ` #` begins a comment, so that the text ends before it: Numbers are read as;"),
        (TOTAL, "core.stock_sum", "core.stock_sums", "no usable contract describes; is core.stock_sum meant?"),
    ],
)  # fmt: skip
def test_what_is_declared_wrong_is_told_when_it_is_read(toy: Toy, path: str, before: str, after: str, says: str) -> None:
    toy.edit(path, (before, after))
    told = [f for f in load_catalog(toy.project).faults if f.where == path]
    assert [says in f.sentence for f in told] == [True], [f.sentence for f in told]
    assert [f.domains for f in told] == [("stock_domain",)]


def test_a_type_that_other_programs_round_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fields.yaml").write_text("calls: {type: HUGEINT, meaning: How many.}", "utf-8")
    with pytest.raises(ContractError, match="line 1: calls is HUGEINT, which other programs read as a fraction; cast a sum to bigint"):
        load_fields(read(tmp_path / "fields.yaml"))


@pytest.mark.parametrize("source", [
    "read_parquet('lake/raw/stock/*.parquet')", "READ_CSV ('x.csv')", "query_table('raw.stock')", "query('from raw.stock')", "glob('*')",
    "'lake/raw/stock/x.parquet'", '"lake/raw/stock/x.parquet"', "raw.stock, 'x.parquet'", "parquet_scan('x')",
    '"lake/raw/stock/*".parquet', "raw.stock join 'x/*' on true", "histogram('x', a)",
])  # fmt: skip
def test_sql_that_reads_past_what_it_names_is_refused(toy: Toy, source: str) -> None:
    """Nobody could tell what it is made of: no lineage, no protection of persons."""
    toy.edit(TOTAL, ("from core.stock_sum", f"from {source}"))
    told = [f.sentence for f in load_catalog(toy.project).faults if f.where == TOTAL]
    assert len(told) == 1
    assert "reads what is not declared" in told[0]


@pytest.mark.parametrize("harmless", [
    "name = 'file.csv'", "name like '%.csv'", "name is distinct from '/'", "'se fil.txt' <> name",
    "extract(year from date '2015-01-01') > 1", "name in ('a', 'x.csv')", "trim(both '/' from name) <> ''",
])  # fmt: skip
def test_a_text_that_looks_like_a_file_is_a_text(toy: Toy, harmless: str) -> None:
    toy.edit(SUM, ("group by", f"where {harmless} group by"))
    assert load_catalog(toy.project).faults == ()


def test_a_macro_reads_what_it_names_and_calls_no_other(toy: Toy) -> None:
    macros = toy.project / "sql" / "macros"
    macros.mkdir(parents=True)
    for name, body in (("leak", "select count(*) from read_parquet('x.parquet')"), ("one", "x + 1"), ("two", "One(x) + 1")):
        (macros / f"{name}.sql").write_text(f"create or replace macro {name}(x) as ({body})\n", "utf-8")
    toy.edit(SUM, ("sum(number)", "sum(leak(number))"))
    toy.edit("sql/core/sales_sum.sql", ("sum(number)", "sum(TWO(number))"))
    told = [f.sentence for f in load_catalog(toy.project).faults]
    assert any("leak.sql: Permission denied: read_parquet(...)" in s for s in told), told
    assert any("two.sql: it calls one" in s for s in told), told


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("sum(number)", "sum(nmber)", f'{SUM}, line 1: Binder Error: Referenced column "nmber" not found in FROM clause; is number meant?'),
        ("sum(number)", "sum(number", f"{SUM}, line 1: Parser Error: syntax error"),
        ("sum(number)", "summ(number)", f"{SUM}, line 1: Catalog Error: Scalar Function with name summ does not exist"),
    ],
)
def test_sql_that_cannot_run_is_told_with_its_line_and_what_was_meant(toy: Toy, before: str, after: str, says: str) -> None:
    toy.edit(SUM, (before, after))
    toy.night(datetime(2015, 2, 2))
    [why] = toy.ask("select why from meta.domain_status where domain = 'stock_domain'")
    assert str(why["why"]).startswith(f"core.stock_sum could not be computed by {says}"), why


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nam\na\n", "No layout of known_name fits the file"),
        ("name,more\na,b,c\n", "line 2: the row: The record has another number of fields than the header"),
        ("name,name2\n,x\n", "line 2: name: The value is absent and must not be (name:missing_required)"),
    ],
)
def test_a_slip_in_a_lookup_is_told_with_its_line_in_words(toy: Toy, text: str, says: str) -> None:
    (toy.project / LOOKUP).write_text(text, "utf-8")
    toy.night(datetime(2015, 2, 2))
    whys = [str(r["why"]) for r in toy.ask("select why from meta.domain_status where domain = 'reference'")]
    assert any(says in why for why in whys), whys


def test_a_reason_without_words_stays_as_it_is() -> None:
    assert in_words("rule:of_a_contract") == "rule:of_a_contract"
    assert in_words("day:not_a_date").startswith("day: The text is no date")


def test_no_value_of_a_person_is_told_but_what_is_wrong_with_the_sql_is(tmp_path: Path) -> None:
    with connect(tmp_path) as con:
        con.execute("create table t as select '0101701234' as cpr")
        for sql, said in (("select cast(cpr as date) from t", "ConversionException"), ("select crp from t", "is cpr meant?")):
            with pytest.raises(Exception) as met:
                con.execute(sql).fetchall()
            told = said_of(met.value, is_personal=True)
            assert (said in told, "0101701234" in told) == (True, False), told


@pytest.mark.parametrize(
    "sql",
    [
        "select nmber from t",
        "select\n    nmber as n,\nfrom t",
        "select\n    sum(nmber) as n\nfrom t",
        "frm t",
        "select a.nmae\nfrom t as a",
    ],
)
def test_the_line_is_found_wherever_in_it_the_slip_is(tmp_path: Path, sql: str) -> None:
    wrong = next(n for n, line in enumerate(sql.splitlines(), 1) if any(w in line for w in ("nmber", "frm", "nmae")))
    with connect(tmp_path) as con:
        con.execute("create table t as select 1 as number, 'a' as name")
        for around in ("{}", "copy ({}) to 'x.parquet'"):
            with pytest.raises(Exception) as met:
                con.execute(around.format(sql))
            assert line_of(met.value, {"a.sql": sql, "b.sql": "select 1"}) == f"a.sql, line {wrong}", met.value


def test_a_line_that_stands_in_two_files_is_none() -> None:
    error = ValueError("Parser Error: x\n\nLINE 3:   sum(number) as n\n                      ^")
    assert line_of(error, {"a.sql": "select\n  sum(number) as n", "b.sql": "select 1"}) == "a.sql, line 2"
    assert line_of(error, {"a.sql": "  sum(number) as n", "b.sql": "  sum(number) as n"}) == ""
    assert line_of(ValueError("no line"), {"a.sql": "x"}) == ""


@pytest.fixture
def _typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VENTETAL_MEMRY_LIMIT", "4GB")
    monkeypatch.setenv("VENTETAL_OF_ANOTHER_PROGRAM", "x")
    monkeypatch.setenv("VENTETAL_DATASETS", "x")
    yield


@pytest.mark.usefixtures("_typed")
def test_a_setting_that_is_nearly_one_is_told() -> None:
    assert mistyped() == ["VENTETAL_MEMRY_LIMIT is no setting; is VENTETAL_MEMORY_LIMIT meant?"]


@pytest.mark.parametrize("command", [["status"], ["check", "dagster.yaml"], ["layout", "dagster.yaml"], ["releases", "list"]])
def test_an_engine_that_there_is_not_is_told_by_every_command(tmp_path: Path, command: list[str]) -> None:
    done = ventetal(tmp_path, *command, VENTETAL_ENGINE="dukdb")
    assert (done.returncode, done.stderr.strip()) == (2, "VENTETAL_ENGINE is 'dukdb'; it is duckdb or spark."), done.stderr


def test_an_engine_that_there_is_not_is_told_by_make_check() -> None:
    asked = [sys.executable, "-m", "assets.catalog.agreement"]
    done = subprocess.run(asked, env=os.environ | {"VENTETAL_ENGINE": "dukdb"}, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, "VENTETAL_ENGINE is 'dukdb'; it is duckdb or spark."), done.stderr


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("{ask: Hvor mange, og hvor længe, sql: select 1}", 3),
        ("{ask: Hvor mange: i alt, sql: select 1}", 3),
        ("{ask: Hvor mange [i alt], sql: select 1}", 3),
        ("{ask: Hvor mange #i alt, sql: select 1}", 3),
        ("ask: Hvor mange: i alt\n  sql: select 1", 3),
    ],
)
def test_a_text_that_yaml_cuts_wants_quotation_marks(tmp_path: Path, written: str, line: int) -> None:
    path = tmp_path / "asked.yaml"
    path.write_text(f"# Questions.\n\n- {written}\n", "utf-8")
    with pytest.raises(ContractError) as told:
        read(path).valid(Question, read(path).content[0], 0)
    assert str(told.value).startswith(f"asked.yaml: line {line}: "), told.value
    assert "quotation marks" in str(told.value)
    mended = written.replace("Hvor mange, og hvor længe", "'Hvor mange, og hvor længe'")
    if mended != written:
        path.write_text(f"- {mended}\n", "utf-8")
        assert read(path).valid(Question, read(path).content[0], 0).ask == "Hvor mange, og hvor længe"


def test_a_misspelt_word_is_no_text_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "asked.yaml"
    path.write_text("- {ask: Hvor mange, sqll: select 1}\n", "utf-8")
    with pytest.raises(ContractError) as told:
        read(path).valid(Question, read(path).content[0], 0)
    assert "is sql meant?" in str(told.value)
    assert "quotation marks" not in str(told.value)


def test_a_mart_made_of_records_about_persons_needs_protection(toy: Toy) -> None:
    """By one table or two in between; what reads a protected table needs none of its own."""
    catalog = load_catalog(TREE)
    marts = [t for t in catalog.tables.values() if t.layer in ("marts", "indicators")]
    assert any(t.contract.disclosure is None for t in marts)
    assert not catalog.faults
    toy.edit("expectations/fields.yaml", ("name: {type: VARCHAR,", "name: {type: VARCHAR, class: personal,"))
    toy.edit(
        CONTRACT, ("{name: name, primaryKey", "{name: name, logicalType: string, logicalTypeOptions: {pattern: '^[a-z]$'}, primaryKey")
    )
    faults = {f.where: f for f in load_catalog(toy.project).faults}
    assert "which is made of records about persons, so its contract needs a `disclosure` block" in faults[TOTAL].why, faults
    assert faults[TOTAL].domains == ("stock_domain",)
