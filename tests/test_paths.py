"""The folder of the data may have any name, and SQL reaches no file outside the lake, whatever it says."""

from pathlib import Path

import duckdb
import pytest

from assets.lake.files import Lake
from assets.releases.difference import compared
from assets.releases.quarantine import refused
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import instance, run_job
from sources.duck import connect
from sources.paths import plain, quoted
from tests.toy import Toy, rebuilt

# Patterns, queries, columns and their values, quotes, escapes, comments, and letters that only some encodings have.
ODD = "a lake k=v?*[a-z]{b,c}'\"#%41\\x\n;--~$HOME æøå"
EXTRACTS = {"day": "{mode: snapshot}", "keyed": "{mode: upsert}", "month": "{mode: replace_period, period: day, unit: month}"}


Made = tuple[dict[str, str], list[str], list[str], object]


def made(root: Path) -> Made:
    """What two nights of a small region, a comparison, a rebuild and a look at what was refused give over data below `root`."""
    toy = Toy(root, **EXTRACTS)
    nights = []
    for day, counts in enumerate(("a 1, b 2, c 3, d 4, e 5, f x", "a 3, b 4, c 3, d 4, e 5, f x"), 1):
        for extract in EXTRACTS:
            toy.deliver(extract, f"{extract}_2015-01_received-2015020{day}-0600.csv", counts)
        nights.append(toy.night())
    assert toy.lake.current_release
    changed = compared(toy.lake, toy.catalog, nights[0].id, nights[1].id).figures
    again = rebuilt(toy.lake, Lake(toy.lake.rebuilt), toy.catalog, toy.lake.current_release)
    records = refused(toy.lake, toy.lake.current_release, "", with_records=True, with_values=True)["records"]
    assert all(c.equal for c in again)
    return toy.hashes(), [toy.total(e) for e in EXTRACTS], [f"{c.table} {c.row}" for c in changed or []], len(records)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize("name", [ODD, "year=2015", "q?"])
def test_a_lake_in_a_folder_of_any_name_is_the_lake_it_is_elsewhere(tmp_path: Path, name: str, elsewhere: Made) -> None:
    """The folder beside it is one that the name also stands for, were it a pattern, and holds other figures."""
    beside = Toy(tmp_path / name.replace("?", "x").replace("*", "y").replace("[a-z]", "b").replace("=", "~"), **EXTRACTS)
    for extract in EXTRACTS:
        beside.deliver(extract, f"{extract}_2015-01_received-20150201-0600.csv", "a 9")
    beside.night()
    here = made(tmp_path / name)
    assert here == elsewhere
    assert set(here[1]) == {"a 3, b 4, c 3, d 4, e 5"}


def test_a_run_of_dagsters_is_recorded_beside_data_in_a_folder_of_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    toy = Toy(tmp_path / ODD, day=EXTRACTS["day"])
    toy.lake.prepare()
    (toy.project / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    toy.deliver("day", "day_2015-01_received-20150201-0600.csv", "a 1")
    with instance(toy.project, toy.data) as on:
        finished = run_job(assemble(toy.catalog, toy.data), JOB, on)
        assert (finished.ok, toy.total("day")) == (True, "a 1"), finished.errors
        assert [r.dagster_run.run_id for r in on.get_run_records()] == [finished.run_id]
    modes = {folder.name: folder.stat().st_mode & 0o777 for folder in toy.data.iterdir()}
    assert modes == dict.fromkeys(("landing", "archive", "rejected", "lake", "dagster"), 0o700) | {"releases": 0o750}


def test_nobody_else_can_put_a_folder_in_the_place_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sources import paths
    from sources.errors import WrongUsage

    monkeypatch.setattr(paths, "gettempdir", lambda: str(tmp_path))
    assert plain(tmp_path / "a=b" / "c").endswith("/c")
    [own] = tmp_path.glob("ventetal-*")
    own.chmod(0o755)
    with pytest.raises(WrongUsage, match="you alone may enter"):
        plain(tmp_path / "a=b")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake of data")
    lake.prepare()
    (tmp_path / "outside.txt").write_text("told")
    (lake.files / "within.txt").write_text("said")
    return lake


PLANTED = [
    "select * from read_text({outside})",
    "select * from read_blob('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('{files}/../../outside.txt')",
    "select * from read_text('{files}-beside/x')",
    "select * from glob('/etc/*')",
    "from '/etc/passwd'",
    "copy (select 1) to {outside}",
    "copy (select 1) to '{files}/../../x.csv'",
    "attach {outside} as other",
    "attach ':memory:' as other; attach '/tmp/x.duckdb' as third",
    "install httpfs",
    "load httpfs",
    "load '/tmp/x.duckdb_extension'",
    "select * from 'https://evil.example/x.parquet'",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "export database '/tmp/exported'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set lock_configuration = false",
    "reset enable_external_access",
    "set temp_directory = '/tmp'",
    "pragma enable_profiling; pragma profiling_output = '/tmp/x.json'",
]


@pytest.mark.parametrize("sql", PLANTED)
def test_planted_sql_reaches_nothing_outside_the_lake(lake: Lake, tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.txt"
    with connect(lake.scratch) as con, pytest.raises(duckdb.Error):
        con.execute(sql.format(outside=quoted(outside), files=lake.files))
    assert outside.read_text() == "told"


def test_a_connection_reaches_what_lies_in_the_lake_and_spills(lake: Lake) -> None:
    with connect(lake.scratch, memory_limit="60MB", spill_limit="1GB") as con:
        assert con.execute(f"select content from read_text({quoted(lake.files / 'within.txt')})").fetchall() == [("said",)]
        con.execute("create temp table big as select i, hash(i) as h from range(6_000_000) as t(i)")
        assert con.execute("select count(*) from duckdb_temporary_files()").fetchall()[0][0]


def test_a_domain_whose_sql_reads_elsewhere_is_held_alone_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret of the host")
    toy = Toy(tmp_path, stock="{mode: snapshot}", sales="{mode: snapshot}")
    for extract in ("stock", "sales"):
        toy.deliver(extract, f"{extract}_2015-01_received-20150201-0600.csv", "a 1")
    select = "select name, cast(sum(number) as bigint) as number"
    stolen = f"select (select content from read_text('{tmp_path}/secret')) as name, cast(sum(number) as bigint) as number"
    toy.edit("sql/core/stock_sum.sql", (select, stolen))
    made = toy.night()
    [held] = made.held
    assert (held.domain, "Permission" in held.why, "a secret" in held.why) == ("stock_domain", True, False), held.why
    assert toy.total("sales") == "a 1"
