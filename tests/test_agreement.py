"""What is declared and does not fit is told with its file, holds its own domain, and stops nothing else."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from assets.alerts.alert_causes import remembered_causes
from assets.catalog.agreement import disagreements
from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from pipelines.definitions import assemble
from pipelines.names import JOB
from sources.settings import PROJECT
from tests.toy import Toy, rebuilt


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Stock and sales after a night in which all is well."""
    toy = Toy(tmp_path_factory.mktemp("well"), stock="{mode: snapshot}", sales="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    assert not toy.night().held
    return toy


@pytest.fixture
def toy(after_a_night: Toy, tmp_path: Path) -> Toy:
    """The same, to be changed by a test."""
    return after_a_night.copied(tmp_path / "toy")


def rename(toy: Toy, path: str, name: str) -> None:
    (toy.project / path).rename((toy.project / path).with_name(name))


def test_sql_without_a_contract_holds_the_domain_it_reads_from(toy: Toy) -> None:
    (toy.project / "sql/marts/stock_peak.sql").write_text("select max(number) as number from core.stock_sum\n")
    holds(toy, "sql/marts/stock_peak.sql: there is no contract expectations/marts/stock_peak.odcs.yaml")


def test_a_contract_without_sql_holds_its_domain(toy: Toy) -> None:
    rename(toy, "sql/marts/stock_total.sql", "stock_totals.sql.txt")
    holds(toy, "sql/marts/stock_total.sql: expectations/marts/stock_total.odcs.yaml promises it, and there is no such file")


def test_a_misspelt_domain_is_no_domain(toy: Toy) -> None:
    toy.edit("expectations/marts/stock_total.odcs.yaml", ("domain: stock_domain", "domain: stok_domain"))
    told = (
        "expectations/marts/stock_total.odcs.yaml: domain stok_domain is not declared in expectations/domains.yaml; is stock_domain meant?"
    )
    holds(toy, told)


def test_a_contract_nobody_can_read_holds_its_domain(toy: Toy) -> None:
    toy.edit("expectations/core/stock_sum.odcs.yaml", ("required: true", "requierd: true"))
    holds(toy, "expectations/core/stock_sum.odcs.yaml: ")


def test_a_layout_nobody_can_read_holds_the_domain_of_its_extract(toy: Toy) -> None:
    toy.edit("sources/stock/layouts/plain.yaml", ("header:", "headers:"))
    holds(toy, "sources/stock/layouts/plain.yaml: line 2: headers is no word that is known; is header meant?")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("header:", "header: [Dag", "line 2: a bracket is not closed"),
        ("columns:", "colums:", "line 3: colums is no word that is known; is columns meant?"),
        ("number: Antal", "numbre: Antal", "line 3: numbre is no column of contract stock; is number meant?"),
        ("number: Antal", "number: {from: Antal, mapp: {a: b}}", "mapp is no word that is known in columns.number; is map meant?"),
        (r"file: \w+", r"file: (\w+", "line 1: file: "),
        (", number: Antal", "", "says nothing of required number"),
    ],
)
def test_a_slip_in_a_layout_is_told_with_its_line_and_holds_no_domain_but_its_own(toy: Toy, before: str, after: str, says: str) -> None:
    toy.adds_up("stock", "sales")
    toy.night()
    delivered = toy.deliveries("stock")
    toy.edit("sources/stock/layouts/plain.yaml", (before, after))
    [fault] = load_catalog(toy.project).faults
    assert (fault.where, fault.domains, says in fault.why) == ("sources/stock/layouts/plain.yaml", ("stock_domain",), True), fault.why
    waits = toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 2")
    assert [d.domain for d in toy.night().held] == ["stock_domain"]
    assert (waits.exists(), toy.deliveries("stock"), toy.total("stock"), toy.total("both")) == (True, delivered, "a 1", "a 11")
    toy.edit("sources/stock/layouts/plain.yaml", (after or "name: Navn", before if after else "name: Navn, number: Antal"))
    assert not toy.night().held
    assert (toy.total("stock"), toy.total("both")) == ("a 2", "a 12")


def test_a_code_of_a_layout_that_the_contract_does_not_have_is_told(toy: Toy) -> None:
    allowed = "{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b]}, description: One of two.}"
    toy.edit(
        "sources/stock/contract.odcs.yaml", ("- {name: name, primaryKey: true", f"- {{name: name, quality: [{allowed}], primaryKey: true")
    )
    toy.edit("sources/stock/layouts/plain.yaml", ("name: Navn", "name: {from: Navn, map: {x: a, y: c}}"))
    [fault] = load_catalog(toy.project).faults
    assert fault.why == "line 3: name cannot be c; the contract allows a, b"


MACROS = ["", "select 1", "create or replace macro twice(x) as", "create or replace macro other(x) as (2 * x)", "macro ' as"]


@pytest.mark.parametrize("text", MACROS)
def test_a_broken_macro_holds_the_domains_whose_sql_calls_it(toy: Toy, text: str) -> None:
    macro = toy.project / "sql/macros/twice.sql"
    macro.parent.mkdir()
    macro.write_text(text)
    toy.edit("sql/marts/stock_total.sql", ("sum(number)", "sum(twice(number))"))
    holds(toy, "sql/marts/stock_total.sql: it calls twice, and sql/macros/twice.sql: ")


def test_what_was_delivered_is_told_while_the_contract_of_its_extract_cannot_be_read(toy: Toy) -> None:
    toy.deliver("stock", "odd name.csv", "a 1")
    toy.night()
    told, causes = toy.deliveries("stock"), {c.key for c in remembered_causes(toy.lake)}
    assert "refused file: stock_domain" in causes
    toy.edit("sources/stock/contract.odcs.yaml", ("schema:", "skema:"))
    assert [d.domain for d in toy.night().held] == ["stock_domain"]
    assert toy.deliveries("stock") == told
    assert {c.key for c in remembered_causes(toy.lake)} == causes | {"held domain: stock_domain"}
    assert toy.ask("select count(*) > 0 as told from meta.coverage where extract = 'stock'") == [{"told": True}]


def test_a_table_that_is_read_by_nobody_and_reads_nothing_there_is_holds_its_domain(toy: Toy) -> None:
    toy.edit("sql/marts/stock_total.sql", ("core.stock_sum", "core.stock_summ"))
    holds(toy, "sql/marts/stock_total.sql: it reads core.stock_summ, which no usable contract describes")


def test_tables_in_a_circle_hold_their_domain(toy: Toy) -> None:
    toy.edit("sql/core/stock_sum.sql", ("raw.stock", "marts.stock_total"))
    holds(toy, "sql/core/stock_sum.sql: these tables need each other in a circle: ")


def test_sql_that_nobody_can_parse_holds_its_domain(toy: Toy) -> None:
    toy.edit("sql/marts/stock_total.sql", ("from core", "form core"))
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 20")
    [held] = toy.night().held
    assert (held.domain, "syntax error" in held.why) == ("stock_domain", True)
    assert (toy.total("stock"), toy.total("sales")) == ("a 1", "a 20")


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("expectations/core/stock_sum.odcs.yaml", "maximum: 1000", "maximum: 1e3"),
        ("sources/stock/layouts/plain.yaml", "(_made-", "(_made-("),
        ("expectations/core/stock_sum.odcs.yaml", "schema:\n- name: stock_sum", "schema: []\nothers:\n- name: stock_sum"),
    ],
)
def test_words_that_are_understood_late_are_told_at_load(toy: Toy, path: str, before: str, after: str) -> None:
    toy.edit(path, (before, after))
    assert [f for f in toy.catalog.faults if f.domains == ("stock_domain",)]
    assert assemble(toy.catalog, toy.data).resolve_job_def(JOB), "definitions load"
    assert [d.domain for d in toy.night().held] == ["stock_domain"]
    assert toy.total("sales") == "a 10"


def test_a_rule_of_raw_records_that_cannot_be_run_holds_its_domain(toy: Toy) -> None:
    query = "select count(*) from {object} where nummer > 1"
    rule = f'  quality:\n  - {{id: odd, type: sql, mustBe: 0, severity: warning, description: Odd., query: "{query}"}}'
    path = "sources/stock/contract.odcs.yaml"
    toy._write(path, (toy.project / path).read_text("utf-8").rstrip() + "\n" + rule + "\n")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 20")
    [held] = toy.night().held
    assert (held.domain, "raw.stock could not be judged" in held.why) == ("stock_domain", True)
    assert toy.total("sales") == "a 20"


def holds(toy: Toy, said: str) -> None:
    """It is said, the domain keeps what it had, and the other one publishes what is new."""
    assert assemble(toy.catalog, toy.data).resolve_job_def(JOB), "definitions load"
    assert [s for s in disagreements(toy.catalog) if s.startswith(said)], disagreements(toy.catalog)
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 2")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 20")
    [held] = toy.night().held
    assert held.domain == "stock_domain"
    assert said in held.why
    assert (toy.total("stock"), toy.total("sales")) == ("a 1", "a 20")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("select name", "select name, 1 as extra", "gives extra, which its contract does not promise"),
        ("cast(sum(records) as bigint) as records", "1 as record", "does not give records BIGINT, which its contract promises"),
        ("cast(sum(number) as bigint)", "sum(number)", "number is HUGEINT, the contract promises BIGINT"),
        ("select name, ", "select ", "gives its columns in another order"),
        ("from core", "form core", "syntax error"),
        ("sum(number)", "sum(nummer)", "nummer"),
    ],
)
def test_sql_is_compared_with_its_contract_column_by_column(tmp_path: Path, before: str, after: str, said: str) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.edit("sql/marts/stock_total.sql", (before, after))
    if "order" in said:
        toy.edit("sql/marts/stock_total.sql", ("\nfrom", ", name\nfrom"))
    found = [s for s in disagreements(toy.catalog) if s.startswith("sql/marts/stock_total.sql: ")]
    assert found
    assert said in " ".join(found)


def test_a_question_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    path = "expectations/marts/stock_total.questions.yaml"
    asked = "- ask: Hvor mange er der?\n  sql: select sum(number) as number from marts.stock_total\n"
    toy._write(path, asked)
    assert disagreements(toy.catalog) == []
    toy._write(path, asked.replace("sum(number)", "sum(nummer)"))
    [said] = disagreements(toy.catalog)
    assert said.startswith(f"{path}: Hvor mange er der? ")
    assert "nummer" in said
    toy._write(path, asked.replace("sql:", "sqll:"))
    assert "is sql meant?" in " ".join(disagreements(toy.catalog))


def test_every_indicator_has_a_row_and_every_row_an_indicator(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    contract = (toy.project / "expectations/reference/known_name.odcs.yaml").read_text("utf-8")
    toy._write("expectations/reference/kpi.odcs.yaml", contract.replace("known_name", "kpi"))
    toy._write("data/reference/kpi.csv", "name\nbooked\n")
    toy._write("sql/indicators/sold.sql", "select name, number\nfrom marts.stock_total\n")
    assert disagreements(toy.catalog) == [
        "sql/indicators/sold.sql: data/reference/kpi.csv has no row for it.",
        "data/reference/kpi.csv: there is no sql/indicators/booked.sql.",
    ]


def test_a_window_that_no_target_states_is_told(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot, completes: through, finalAfter: stock_final_after}")
    assert disagreements(toy.catalog) == ["sources/stock: data/reference/target.csv has no row stock_final_after (finalAfter)."]


def test_an_argument_that_the_lookup_would_take_for_its_own_column_is_told(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    macro = "create or replace macro known(which) as (select max(name) from reference.known_name where name = which)\n"
    toy._write("sql/macros/known.sql", macro)
    toy.edit("sql/core/stock_sum.sql", ("group by", "where known(name) is null or known(stock.name) is null group by"))
    [said] = [s for s in disagreements(toy.catalog) if "known(name)" in s]
    assert "sql/core/stock_sum.sql" in said


@pytest.mark.parametrize("domain", ["pin", "head", "causes", "told", "raw", "clock"])
def test_a_domain_may_be_called_anything(tmp_path: Path, domain: str) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.edit("expectations/domains.yaml", ("stock_domain", domain))
    for path in ("sources/stock/contract", "expectations/core/stock_sum", "expectations/marts/stock_total"):
        toy.edit(f"{path}.odcs.yaml", ("domain: stock_domain", f"domain: {domain}"))
    for day in (1, 2):
        toy.deliver("stock", f"stock_2015-01_received-2015010{day}-0100.csv", f"a {day}")
        assert toy.night(datetime(2015, 1, day, 5)).held == []
    assert toy.total("stock") == "a 2"


def test_a_mart_is_no_lookup(toy: Toy) -> None:
    toy.edit("expectations/marts/stock_total.odcs.yaml", ("domain: stock_domain", "domain: reference"))
    assert [s for s in disagreements(toy.catalog) if "domain reference is the domain of the lookups alone" in s]
    assert {d.domain for d in toy.night().held} == {"reference"}
    assert toy.total("sales") == "a 10"


@pytest.mark.parametrize("name", ["release", "report", "catalogue"])
def test_a_domain_is_not_called_like_a_step(tmp_path: Path, name: str) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.edit("expectations/domains.yaml", ("stock_domain", name))
    catalog = load_catalog(toy.project)
    assert any("choose another name" in fault.why for fault in catalog.faults)
    assert name not in catalog.domains


def test_a_domain_that_is_declared_wrong_is_held(toy: Toy) -> None:
    toy.edit("expectations/domains.yaml", ("stock_domain: {label: Tal, owner", "stock_domain: {label: Tal, owners"))
    holds(toy, "expectations/domains.yaml: line 1: ")
    assert "owners is no word that is known; is owner meant?" in load_catalog(toy.project).faults[0].why


@pytest.mark.parametrize(
    "text", ["n: {type: INTEGER", "n:\n\ttype: INTEGER", "n: {type: INTEGER}", "[]", "n: {type: T, meaning: m, kind: x}"]
)
def test_without_the_field_dictionary_every_domain_is_held_and_nothing_breaks(toy: Toy, text: str) -> None:
    (toy.project / "expectations/fields.yaml").write_text(text)
    assert assemble(toy.catalog, toy.data).resolve_job_def(JOB), "definitions load"
    [said] = disagreements(toy.catalog)
    assert said.startswith("expectations/fields.yaml: ")
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 2")
    held = toy.night().held
    assert ({d.domain for d in held}, {said in d.why for d in held}) == (
        {"stock_domain", "sales_domain", "both_domain", "reference"},
        {True},
    )
    assert toy.total("stock") == "a 1"


def test_a_project_that_declares_no_domains_is_told_so_and_works(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    (toy.project / "expectations/domains.yaml").unlink()
    [said] = disagreements(toy.catalog)
    assert said.startswith("expectations/domains.yaml: there is no such file")
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    assert toy.night().held == []
    assert toy.total("stock") == "a 1"


def test_a_rebuild_while_a_lookup_or_a_contract_is_wrong_says_what_it_could_not_make(toy: Toy, tmp_path: Path) -> None:
    for day in (3, 4, 5):
        toy.deliver("sales", f"sales_2015-01_received-2015010{day}-0100.csv", f"a {day}")
        toy.night(datetime(2015, 1, day, 5))
    toy.edit("expectations/core/stock_sum.odcs.yaml", ("required: true", "requierd: true"))
    toy.edit("data/reference/known_name.csv", ("a\n", "a\na\n"))
    current = toy.lake.current_release
    assert current
    found = {c.table: c.equal for c in rebuilt(toy.lake, Lake(tmp_path / "again"), toy.catalog, current)}
    assert (found["core.sales_sum"], found["marts.sales_total"], found["marts.stock_total"]) == (True, True, False)


def test_make_check_asks_the_project() -> None:
    command = [sys.executable, "-m", "assets.catalog.agreement"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m assets.catalog.agreement" in (PROJECT / "Makefile").read_text("utf-8")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Of layouts, SQL and lookups, each with every name, table and row that is wrong."""
    toy = Toy(tmp_path, stock="{mode: snapshot}", sales="{mode: snapshot}")
    toy.edit("sources/stock/layouts/plain.yaml", ("name: Navn, number: Antal", "nam: Navn, numbr: Antal"))
    toy.edit("sql/marts/stock_total.sql", ("sum(number)", "summ(number)"))
    toy.edit("sql/marts/sales_total.sql", ("sum(number)", "summ(number)"))
    (toy.project / "data/reference/known_name.csv").write_text("name\na\n,\nb\nx,y,z\n", "utf-8")
    said = disagreements(toy.catalog)
    for told in (
        "sources/stock/layouts/plain.yaml: line 3: nam is no column of contract stock; is name meant?; line 3: numbr is no column",
        "sql/marts/stock_total.sql: line 1: Catalog Error",
        "sql/marts/sales_total.sql: line 1: Catalog Error",
        "data/reference/known_name.csv, line 3: the row: ",
        "data/reference/known_name.csv, line 5: the row: ",
    ):
        assert [s for s in said if s.startswith(told)], (told, said)


def test_make_check_goes_on_after_a_step_that_fails() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "check", "BIN=tests/no_such_folder"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    for step in ("ruff check", "ruff format", "mypy", "assets.catalog.agreement", "assets.releases.dictionary --check"):
        assert step in done.stdout, done.stdout + done.stderr


def over_months(tmp_path: Path, more: str = "", finality: str = "") -> list[str]:
    """What is said of a mart by month with these columns."""
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.edit(
        "expectations/fields.yaml",
        ("name: {", "is_provisional: {type: BOOLEAN, meaning: May change.}\nmonth: {type: DATE, meaning: Month.}\nname: {"),
    )
    toy.edit(
        "expectations/marts/stock_total.odcs.yaml",
        ("  properties:\n", f"{finality}  properties:\n  - {{name: month, primaryKey: true, primaryKeyPosition: 2}}\n"),
    )
    toy.edit("sql/marts/stock_total.sql", ("select ", "select cast('2015-01-01' as date) as month, "))
    if more:
        toy.edit("expectations/marts/stock_total.odcs.yaml", ("  properties:\n", f"  properties:\n  - {{name: {more}, required: true}}\n"))
        toy.edit("sql/marts/stock_total.sql", ("select ", f"select false as {more}, "))
    return disagreements(toy.catalog)


def test_a_mart_over_months_tells_what_may_change_or_why_nothing_does(tmp_path: Path) -> None:
    [said] = over_months(tmp_path / "neither")
    assert said.startswith(
        "expectations/marts/stock_total.odcs.yaml: it has rows by month, and nothing in them tells which may still change"
    )
    assert over_months(tmp_path / "tells", more="is_provisional") == []
    assert over_months(tmp_path / "why", finality='  customProperties: [{property: finality, value: {always: "As sent."}}]\n') == []
