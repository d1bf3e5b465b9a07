"""A change looked at before a night makes it: the same figures as the night's, and nothing in the lake moves."""

import fcntl
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.catalog.loading import load_catalog
from assets.lake.decisions import revise_figures
from assets.lake.files import Lake
from assets.lake.manifests import NoRelease, manifest
from assets.preview_asset import preview_asset
from assets.releases.difference import Change, compared
from assets.releases.preview import Failing, preview
from assets.releases.publish import publish
from assets.releases.retention import doomed
from assets.tables.build import Night
from pipelines import show
from pipelines.definitions import defs
from pipelines.names import PREVIEW_JOB
from sources.errors import Locked
from sources.settings import PROJECT
from sources.tree import Tree
from tests.toy import Toy

NOW = datetime(2015, 2, 2)
SUM, TOTAL = "sql/core/stock_sum.sql", "expectations/marts/stock_total.odcs.yaml"
RULE = '{id: never_one, type: sql, mustBe: 0, description: Nothing is one., query: "select count(*) from {object} where number = 1"}'


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock="{mode: replace_period, period: day, unit: month}", sales="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 20, c 300")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 1")
    toy.night(NOW)
    return toy


def contents(data: Path) -> dict[str, str]:
    """Path -> hash or target, of everything below the data but room to work in and the lock, which a writer empties."""
    found = (p for p in data.rglob("*") if "scratch" not in p.parts and p.suffix != ".lock" and (p.is_symlink() or p.is_file()))
    return {str(p): str(p.readlink()) if p.is_symlink() else hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def changes(toy: Toy, change: str) -> None:
    match change:
        case "sql":
            toy.edit(SUM, ("group by", "where number < 100 group by"))
        case "layout":
            toy.edit("sources/stock/layouts/plain.yaml", ("number: Antal", "number: {from: Antal, missing: ['20']}"))
        case "rule":
            toy.edit(TOTAL, ("  quality:\n", f"  quality:\n  - {RULE}\n"))
        case "lookup":
            (toy.project / "data/reference/known_name.csv").write_text("name\na\nb\n", "utf-8")
        case "nothing":
            toy.edit(SUM, ("select name", "select  name -- as before"))


@pytest.mark.parametrize("change", ["sql", "layout", "rule", "lookup", "nothing"])
def test_it_tells_what_the_next_night_does_and_moves_nothing(toy: Toy, change: str) -> None:
    before, release = contents(toy.data), toy.lake.current_release
    changes(toy, change)
    found = preview(toy.lake, toy.catalog)
    assert contents(toy.data) == before
    assert not toy.lake.preview.exists()
    made = toy.night(NOW)
    assert release
    really = compared(toy.lake, toy.catalog, release.name, made.id)
    assert (found.next.figures, found.next.domains, found.next.code) == (really.figures, really.domains, really.code)
    assert found.calls_somebody == bool(made.held or made.marked)
    assert (found.next.figures != []) == (change in ("sql", "layout"))


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (SUM, "where number < 100 group by", "group by"),
        ("sources/stock/layouts/plain.yaml", "name: Navn, number: Antal", "name: Antal, number: Antal"),
    ],
)
def test_a_filter_that_is_dropped_and_a_column_taken_for_another_are_told_as_the_night_makes_them(
    toy: Toy, path: str, before: str, after: str
) -> None:
    toy.edit(SUM, ("group by", "where number < 100 group by"))
    toy.night(NOW)
    release, stood = toy.lake.current_release, contents(toy.data)
    assert release
    toy.edit(path, (before, after))
    found = preview(toy.lake, toy.catalog)
    assert contents(toy.data) == stood
    really = compared(toy.lake, toy.catalog, release.name, toy.night(NOW).id)
    assert (found.next.figures, found.next.code, found.next.domains) == (really.figures, really.code, really.domains)
    assert really.figures


def test_a_rule_that_would_fail_is_told_with_what_offends_it(toy: Toy) -> None:
    changes(toy, "rule")
    found = preview(toy.lake, toy.catalog)
    assert found.failing == [Failing("marts.stock_total.never_one", "error", "1 of 3 rows breaks a rule (a): Nothing is one.")]
    assert found.calls_somebody
    said = show.page(lambda out: show.preview(found, out))
    assert said.startswith("<!DOCTYPE html>")
    assert "would fail" in said
    assert "never_one" in said


def test_the_ui_has_it_as_a_job_that_says_the_same_and_moves_nothing(toy: Toy) -> None:
    def said() -> dict[str, object]:
        done = dg.materialize([preview_asset(toy.catalog.tree, toy.lake)], selection="preview")
        (made,) = done.asset_materializations_for_node("preview")
        return {name: value.value for name, value in made.metadata.items()}

    before = contents(toy.data)
    changes(toy, "sql")
    found, told = preview(toy.lake, toy.catalog), said()
    assert (told["needs_a_person"], told["tables_that_differ"]) == (False, "marts.stock_total")
    assert told["figures_of_the_next_release"] == len(found.next.figures or []) > 0
    # What is not published yet is in no record of Dagster's.
    assert "300" not in str(told)
    kept = json.loads((toy.data / "preview.json").read_text("utf-8"))
    assert [f["before"] for f in kept["next"]["figures"]] == [f.before for f in found.next.figures or []]
    changes(toy, "rule")
    told = said()
    assert (told["needs_a_person"], told["would_be_held"], told["would_fail"]) == (True, "stock_domain", "marts.stock_total.never_one")
    assert {k: v for k, v in contents(toy.data).items() if "/running/" not in k and not k.endswith("preview.json")} == before
    jobs = {job.name: job for job in defs.resolve_all_job_defs()}
    assert {k.to_user_string() for k in jobs[PREVIEW_JOB].asset_layer.selected_asset_keys} == {"preview"}
    assert dg.AssetKey("preview") not in jobs["nightly"].asset_layer.selected_asset_keys


def test_what_fails_already_is_no_news(toy: Toy) -> None:
    changes(toy, "rule")
    toy.night(datetime(2015, 2, 3))
    assert preview(toy.lake, toy.catalog).failing == []


def test_a_preview_that_died_is_cleared_by_the_next(toy: Toy) -> None:
    (toy.lake.preview / "lake").mkdir(parents=True)
    assert preview(toy.lake, toy.catalog).next.figures == []
    assert not toy.lake.preview.exists()


def test_two_at_once_do_not_meet(toy: Toy) -> None:
    """The other one's lake is left as it is, by who cleans up too."""
    with toy.lake.preview_lock.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        (toy.lake.preview / "lake").mkdir(parents=True)
        with pytest.raises(Locked, match="Another preview is being made"):
            preview(toy.lake, toy.catalog)
        assert not [d for d in doomed(toy.lake, toy.catalog, NOW, 1, 1) if d.what == "preview"]
        assert (toy.lake.preview / "lake").exists()
    assert [d.path for d in doomed(toy.lake, toy.catalog, NOW, 1, 1) if d.what == "preview"] == [toy.lake.preview]
    assert preview(toy.lake, toy.catalog).next.figures == []


def test_before_the_first_release_there_is_nothing_to_change(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.lake.prepare()
    with pytest.raises(NoRelease):
        preview(toy.lake, toy.catalog)


def test_a_new_table_is_told_and_what_holds_comes_first(toy: Toy) -> None:
    for path in ("sql/marts/stock_total.sql", TOTAL):
        text = (toy.project / path).read_text("utf-8")
        (toy.project / path.replace("stock_total", "stock_twice")).write_text(text.replace("stock_total", "stock_twice"), "utf-8")
    found = preview(toy.lake, toy.catalog)
    assert (found.next.new, found.next.gone, found.calls_somebody) == (["marts.stock_twice"], [], False)
    assert "New: marts.stock_twice" in show.page(lambda out: show.preview(found, out))
    toy.edit("sql/marts/stock_twice.sql", ("sum(number)", "sum(nmber)"))
    said = show.page(lambda out: show.preview(preview(toy.lake, toy.catalog), out))
    assert said.index("published, then held") < said.index("New: ") if "New: " in said else "published, then held" in said
    assert "that a figure stands on" not in said


def test_a_limit_a_target_and_a_unit_of_another_hospital_over_the_example(own_region: Path, tmp_path: Path) -> None:
    """Figures of persons that are final stand as published until somebody revises them; the rest moves at once."""
    own = Path(shutil.copytree(PROJECT / "data/examples/region", tmp_path / "own"))
    for name, before, after in (
        ("limit", "PSY,UDREDNING,60,2014-09-01", "PSY,UDREDNING,30,2014-09-01"),
        ("target", "cases_within_sla,CIMT,0.9,", "cases_within_sla,CIMT,0.5,"),
        ("unit", "1516,HEH,", "1516,BFH,"),
    ):
        text = (PROJECT / f"data/reference/{name}.csv").read_text("utf-8")
        assert before in text, before
        (own / f"data/reference/{name}.csv").write_text(text.replace(before, after), "utf-8")
    lake, catalog = Lake(own_region), load_catalog(Tree(PROJECT, own))
    release = lake.current_release
    assert release
    before = contents(own_region)
    found = preview(lake, catalog)
    assert contents(own_region) == before
    at = datetime.fromisoformat(manifest(lake, release.name).as_of)

    def night() -> list[Change]:
        made = Night(lake, catalog, at)
        made.run()
        after = publish(made).id
        made.readers.close()
        return compared(lake, catalog, release.name, after).figures or []

    really = night()
    assert found.next.figures == really
    assert {c.table for c in really if c.column != "qf"} & {"marts.servicedesk_cases_monthly", "marts.kpi_monthly"}
    assert {c.row.split(",")[0] for c in found.next.lookups} >= {"sector PSY", "unit_prefix 1516"}
    revise_figures(lake, "", "the law", at)
    known = {replace(c, why="") for c in really}
    assert {replace(c, why="") for c in found.revised} == {replace(c, why="") for c in night()} - known
    assert any(c.table.startswith("marts.udredning") for c in found.revised)
    assert any(c.table.startswith("marts.redirection") for c in found.revised)
