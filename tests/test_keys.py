"""What a table is and how it is judged have keys of their own: a change computes what it can change, and nothing else."""

from datetime import date, datetime
from pathlib import Path

import pytest

from assets.catalog.statements import Rows, load_macro, reads
from assets.lake.decisions import accept_check
from assets.releases.difference import compared
from assets.releases.preview import preview
from assets.releases.publish import Release
from assets.tables import attempts
from pipelines import show
from sources.documents import ContractError
from sources.settings import PROJECT
from tests.toy import Toy

SNAPSHOT = "{mode: snapshot}"
LIMIT = """
apiVersion: v3.1.0
kind: DataContract
id: most
version: 1.0.0
status: active
domain: reference
description: {purpose: Limits.}
schema:
- name: most
  dataGranularityDescription: One name.
  properties:
  - {name: name, primaryKey: true, primaryKeyPosition: 1}
  - {name: number, required: true}
"""
MACRO = "create or replace macro most(which) as (\n    select max(number) from reference.most where name = which\n)\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Stock is cut at one limit of a lookup, sales at another; both add up in a third domain."""
    toy = Toy(tmp_path, stock=SNAPSHOT, sales=SNAPSHOT)
    toy.adds_up("stock", "sales")
    toy._write("expectations/reference/most.odcs.yaml", LIMIT)
    toy._write("data/reference/most.csv", "name,number\nstock,100\nsales,200\nnobody,300\n")
    toy._write("sql/macros/most.sql", MACRO)
    for name in ("stock", "sales"):
        toy.edit(f"sql/marts/{name}_total.sql", ("sum(number)", f"least(sum(number), most('{name}'))"))
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    assert not toy.night(datetime(2015, 1, 2)).held
    return toy


def computed(toy: Toy, now: datetime, monkeypatch: pytest.MonkeyPatch) -> tuple[set[str], Release]:
    """The tables a night computes."""
    made, compute = set[str](), attempts.computed

    def noting(lake: object, con: object, table: object, *rest: object) -> Path:
        made.add(table.name)  # type: ignore[attr-defined]
        return compute(lake, con, table, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "computed", noting)
        release = toy.night(now)
    return made, release


def test_one_row_of_a_lookup_computes_the_tables_that_ask_for_it_and_what_stands_on_them(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.edit("data/reference/most.csv", ("sales,200", "sales,7"))
    assert computed(toy, datetime(2015, 1, 3), monkeypatch)[0] == {"marts.sales_total", "marts.both_total"}
    assert (toy.total("sales"), toy.total("both")) == ("a 7", "a 8")
    toy.edit("data/reference/most.csv", ("nobody,300", "nobody,3"), ("name,number\n", "name,number\nanother,1\n"))
    assert computed(toy, datetime(2015, 1, 4), monkeypatch)[0] == set()
    assert toy.ask("select count(*) as rows from reference.most") == [{"rows": 4}]


def test_a_row_of_a_lookup_that_is_gone_is_told_with_what_stood_in_it(toy: Toy) -> None:
    before = toy.lake.current_release
    assert before
    toy.edit("data/reference/most.csv", ("nobody,300\n", ""), ("name,number\n", "name,number\nother,4\n"))
    found = compared(toy.lake, toy.catalog, before.name, toy.night(datetime(2015, 1, 3)).id)
    assert [(c.row, c.column, c.before, c.after) for c in found.lookups] == [
        ("name nobody", "row gone", "number 300", None),
        ("name other", "new row", None, "number 4"),
    ]


def test_comments_words_and_line_breaks_compute_nothing(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    before = toy.lake.current_release
    toy.edit("sql/core/stock_sum.sql", ("select", "-- Said otherwise.\nselect\n   "))
    toy.edit("sql/macros/most.sql", ("create", "-- The limit.\ncreate"))
    toy.edit(
        "expectations/marts/sales_total.odcs.yaml",
        ("Totals of sales.", "All of it."),
        ("Nothing is counted below zero", "Never below zero"),
    )
    toy.edit("expectations/fields.yaml", ("How many.", "The number."))
    assert computed(toy, datetime(2015, 1, 3), monkeypatch)[0] == set()
    assert toy.lake.current_release == before, "and are no reason for a release"


def test_a_macro_that_says_another_thing_computes_what_calls_it(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.edit("sql/macros/most.sql", ("max(number)", "2 * max(number)"))
    assert computed(toy, datetime(2015, 1, 3), monkeypatch)[0] == {"marts.stock_total", "marts.sales_total", "marts.both_total"}


def test_an_added_rule_judges_again_and_computes_nothing(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    for severity, number in (("warning", 1), ("error", 10)):
        query = f"select count(*) from {{object}} where number > {number}"
        rule = f'  - {{id: few_{severity}, type: sql, mustBe: 0, severity: {severity}, description: Few., query: "{query}"}}'
        toy.edit("expectations/core/stock_sum.odcs.yaml", ("  quality:", f"  quality:\n{rule}"))
    made, release = computed(toy, datetime(2015, 1, 3), monkeypatch)
    assert (made, release.held, release.marked) == (set(), [], [])
    found = toy.ask("select check_name, passed from meta.check_result where check_name like 'few%' order by 1")
    assert found == [{"check_name": "few_error", "passed": True}, {"check_name": "few_warning", "passed": True}]


def test_a_stricter_rule_moves_no_published_figure_and_holds_newer_ones(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    before = toy.hashes()
    toy.edit("expectations/core/sales_sum.odcs.yaml", ("maximum: 1000", "maximum: 5"))
    made, release = computed(toy, datetime(2015, 1, 3), monkeypatch)
    assert (made, release.held, [d.domain for d in release.marked]) == (set(), [], ["sales_domain"])
    assert toy.hashes() == before
    [marked] = toy.ask("select status, why from meta.domain_status where domain = 'sales_domain'")
    assert marked["status"] == "published"
    assert "1 of 1 row has a number that is not at or below 5" in marked["why"]
    assert toy.ask("select is_published, passed from meta.check_result where table_name = 'core.sales_sum' and not passed") == [
        {"is_published": True, "passed": False}
    ]
    toy.deliver("sales", "sales_2015-01_received-20150104-0100.csv", "a 11")
    _, release = computed(toy, datetime(2015, 1, 5), monkeypatch)
    assert [d.domain for d in release.held] == ["sales_domain"]
    assert toy.hashes() == before
    toy.deliver("sales", "sales_2015-01_received-20150106-0100.csv", "a 5")
    assert not computed(toy, datetime(2015, 1, 7), monkeypatch)[1].held
    assert toy.total("both") == "a 6"


def test_nothing_new_is_published_beside_a_version_that_fails_by_now(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    total = toy.total("sales")
    toy.edit("expectations/core/sales_sum.odcs.yaml", ("maximum: 1000", "maximum: 5"))
    toy.edit("data/reference/most.csv", ("sales,200", "sales,7"))
    made, release = computed(toy, datetime(2015, 1, 3), monkeypatch)
    assert "marts.sales_total" in made
    assert ([d.domain for d in release.held], release.marked) == (["sales_domain"], [])
    assert toy.total("sales") == total != "a 7"
    # Nothing is mended until it is: neither the next night nor a preview of no change says otherwise.
    assert [d.domain for d in computed(toy, datetime(2015, 1, 4), monkeypatch)[1].held] == ["sales_domain"]
    found = preview(toy.lake, toy.catalog)
    assert [(d.domain, d.before, d.after) for d in found.still_held] == [("sales_domain", "held", "held")]
    assert found.calls_somebody
    assert "sales_domain: held, and stays held." in show.page(lambda out: show.preview(found, out))
    toy.edit("expectations/core/sales_sum.odcs.yaml", ("maximum: 5", "maximum: 1000"))
    mended = preview(toy.lake, toy.catalog)
    assert (mended.still_held, mended.calls_somebody) == ([], False)
    assert not computed(toy, datetime(2015, 1, 5), monkeypatch)[1].held
    assert toy.total("sales") == "a 7"


def test_an_acceptance_computes_what_waited_and_no_table_that_exists(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.deliver("sales", "sales_2015-01_received-20150103-0100.csv", "a -10")
    made, release = computed(toy, datetime(2015, 1, 4), monkeypatch)
    assert made == {"core.sales_sum"}, "what stands on it waits"
    assert [d.domain for d in release.held] == ["sales_domain"]
    for table in ("core.sales_sum", "marts.sales_total", "marts.both_total"):
        accept_check(toy.lake, f"{table}.never_negative", date(2015, 1, 6), "They know.", datetime(2015, 1, 4, 9))
    made, release = computed(toy, datetime(2015, 1, 5), monkeypatch)
    assert (made, release.held) == ({"marts.sales_total", "marts.both_total"}, [])
    assert toy.total("sales") == "a -10"
    before = toy.hashes()
    made, release = computed(toy, datetime(2015, 1, 7), monkeypatch)
    assert (made, release.held, [d.domain for d in release.marked]) == (set(), [], ["sales_domain", "both_domain"])
    assert toy.hashes() == before


def test_what_becomes_personal_is_named_no_more(toy: Toy) -> None:
    rule = """  quality:
  - {id: short, type: sql, mustBe: 0, severity: warning, description: Short., query: "select count(*) from {object} where length(name) > 0",
     customProperties: [{property: label, value: name}]}"""
    toy.edit("expectations/core/stock_sum.odcs.yaml", ("  quality:", rule))
    toy.night(datetime(2015, 1, 3))
    asked = "select named from meta.check_result where check_name = 'short'"
    assert toy.ask(asked) == [{"named": "a"}]
    toy.edit("expectations/core/stock_sum.odcs.yaml", ("- {name: name,", "- {name: name, classification: personal,"))
    toy.night(datetime(2015, 1, 4))
    assert toy.ask(asked) == [{"named": None}]


def test_a_version_that_failed_is_judged_again_without_being_made_again(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.deliver("sales", "sales_2015-01_received-20150103-0100.csv", "a 2000")
    computed(toy, datetime(2015, 1, 4), monkeypatch)
    made, release = computed(toy, datetime(2015, 1, 5), monkeypatch)
    assert (made, [d.domain for d in release.held]) == (set(), ["sales_domain"])
    toy.edit("expectations/core/sales_sum.odcs.yaml", ("maximum: 1000", "maximum: 3000"))
    made, release = computed(toy, datetime(2015, 1, 6), monkeypatch)
    assert (made, release.held) == ({"marts.sales_total", "marts.both_total"}, [])


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select most('a'), most('b') from core.t", Rows("name", frozenset({"a", "b"}))),
        ("select most(column_of_t) from core.t", None),
        ("select most('a') + most(lower('B')) from core.t", None),
        ("select most('a') from core.t join reference.most on true", None),
        ("select 'most(''a'')', most('it''s') from core.t -- most(x)", Rows("name", frozenset({"it's"}))),
    ],
)
def test_the_rows_a_statement_can_ask_for_are_proved_from_its_text(tmp_path: Path, sql: str, rows: Rows | None) -> None:
    (tmp_path / "most.sql").write_text(MACRO)
    assert reads(sql, "here", load_macro(tmp_path / "most.sql")) == {"core.t": None, "reference.most": rows}


@pytest.mark.parametrize(
    "body",
    [
        "select max(number) from reference.most where name = which or number = 1",
        "select max(number) from reference.most where number = 1 and name = which",
        "select max(number) from reference.most where lower(name) = which",
        "select max(number) from reference.most where name <> which",
        "select max(number) from reference.most where name = which || 'x'",
        "select max(number) from reference.most where which = which and name = 'a'",
        "select max(a.number) from reference.most as a, reference.most as b where a.name = which",
    ],
)
def test_a_macro_that_may_read_other_rows_counts_as_reading_all(tmp_path: Path, body: str) -> None:
    (tmp_path / "most.sql").write_text(f"create or replace macro most(which) as ({body})\n")
    assert reads("select most('a') from core.t", "here", load_macro(tmp_path / "most.sql")) == {"core.t": None, "reference.most": None}


def test_a_macro_has_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "least_of.sql").write_text(MACRO)
    with pytest.raises(ContractError, match="defines most"):
        load_macro(tmp_path / "least_of.sql")


def test_no_sql_of_the_project_says_what_a_macro_says() -> None:
    for path in (PROJECT / "sql").glob("[!m]*/*.sql"):
        text = path.read_text("utf-8")
        # A release, which the report asks, has tables alone.
        assert "join reference.target" not in text or path.parent.name == "report", path
        assert "reference.unit" not in text, path
