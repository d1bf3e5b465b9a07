"""What a region has of its own stands beside the product, in a folder that no upgrade touches."""

import os
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.lake.clock import set_own_time
from assets.lake.files import Lake
from assets.lake.regions import EXAMPLE, SETTING, WrongRegion, check_region, outdated, tree_of
from assets.releases.readiness import lacking
from assets.tables.build import Night
from pipelines.commands import services
from pipelines.commands.services import CODE_ADDRESS
from sources.settings import PROJECT
from sources.tree import Tree
from tests.conftest import ventetal
from tests.part import TREE
from tests.redirected import AGREEMENTS, HEADER, Region, Treatments
from tests.toy import LAYOUT, SOURCE, TABLE, Toy

KEY = "kE7v-Qz2m_Xp9s-Lw4t_Bn6r-Yc1d_Gh8f-Ja3u"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, stock="{mode: append}")


def region(folder: Path, **files: str) -> Path:
    """A region's folder with texts by path."""
    for name, text in {"region.yaml": "id: nord\nname: Region Nord\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def both(toy: Toy, folder: Path) -> Catalog:
    return load_catalog(Tree(toy.project, folder))


def test_a_file_at_the_same_path_takes_the_place_of_the_products_and_another_adds_to_it(toy: Toy, tmp_path: Path) -> None:
    sql = (toy.project / "sql/core/stock_sum.sql").read_text("utf-8")
    own = region(
        tmp_path / "nord",
        **{
            "sql/core/stock_sum.sql": sql.replace("sum(number)", "sum(2 * number)"),
            "sources/stock/layouts/other.yaml": LAYOUT.replace("[Dag, Navn, Antal]", "[Day, Name, Count]").replace(
                "day: Dag, name: Navn, number: Antal", "day: Day, name: Name, number: Count"
            ),
            "data/reference/known_name.add.csv": "name\nb\n",
        },
    )
    catalog = both(toy, own)
    assert catalog.faults == ()
    assert "2 * number" in catalog.tables["core.stock_sum"].text
    assert [x.name for x in catalog.extracts["stock"].layouts] == ["other", "plain"]
    assert catalog.tables["reference.known_name"].text == "name\na\nb\n"
    assert catalog.own_files("core.stock_sum") == ["sql/core/stock_sum.sql"]
    assert catalog.own_files("raw.stock") == ["sources/stock/layouts/other.yaml"]
    assert catalog.own_files("marts.stock_total") == []


@pytest.mark.parametrize(
    ("name", "text", "held", "says"),
    [
        (
            "expectations/fields.yaml",
            "day: {type: DATE, meaning: m}\n",
            "stock_domain",
            "day stands in expectations/fields.yaml of the product",
        ),
        (
            "expectations/domains.yaml",
            "stock_domain: {label: l, owner: o, purpose: p}\n",
            "",
            "stock_domain stands in expectations/domains.yaml",
        ),
        ("data/reference/known_name.add.csv", "name\na\n", "reference", "the row a stands in data/reference/known_name.csv"),
        ("data/reference/known_name.add.csv", "navn\nb\n", "reference", "its first line is not that of known_name.csv"),
        ("sources/stock/layouts/other.yaml", "headr: [x]\n", "stock_domain", "other.yaml of the region"),
    ],
)
def test_what_cannot_be_put_together_is_told_with_both_files(toy: Toy, tmp_path: Path, name: str, text: str, held: str, says: str) -> None:
    catalog = both(toy, region(tmp_path / "nord", **{name: text}))
    [fault] = [f for f in catalog.faults if says in f.sentence]
    assert held in fault.domains or not held
    assert name.rpartition("/")[2].partition(".")[0] in fault.sentence


def test_a_wrong_row_of_the_regions_is_named_by_its_own_line(toy: Toy, tmp_path: Path) -> None:
    contract = toy.project / "expectations/reference/known_name.odcs.yaml"
    short = "primaryKeyPosition: 1, logicalType: string, logicalTypeOptions: {maxLength: 1}}"
    contract.write_text(contract.read_text("utf-8").replace("primaryKeyPosition: 1}", short), "utf-8")
    catalog = both(toy, region(tmp_path / "nord", **{"data/reference/known_name.add.csv": "name\nb\nlong\n"}))
    lake = Lake(toy.data)
    lake.prepare()
    night = Night(lake, catalog, datetime(2015, 6, 1))
    state = night.make("reference")
    assert "data/reference/known_name.add.csv of the region, line 3" in str(state)


def test_a_lake_is_of_one_region_and_of_no_other(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data")
    lake.prepare()
    nord, syd = (Tree(PROJECT, region(tmp_path / name, **{"region.yaml": f"id: {name}\nname: {name}\n"})) for name in ("nord", "syd"))
    check_region(lake, Tree(PROJECT))
    check_region(lake, nord)
    check_region(lake, Tree(PROJECT, shutil.copytree(tmp_path / "nord", tmp_path / "moved")))
    for other in (syd, Tree(PROJECT)):
        with pytest.raises(WrongRegion, match=r"is the lake of region nord, and .* set VENTETAL_REGION to the folder of nord"):
            check_region(lake, other)


def test_a_lake_of_examples_is_of_the_example_region_without_being_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    lake = Lake(tmp_path)
    lake.prepare()
    assert tree_of(lake) == Tree(PROJECT)
    set_own_time(lake, datetime(2015, 6, 1))
    assert tree_of(lake) == Tree(PROJECT, EXAMPLE)


def test_a_service_finds_the_region_from_wherever_it_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    region(tmp_path / "nord")
    monkeypatch.chdir(tmp_path)
    for name in (SETTING, "VENTETAL_DATA", "DAGSTER_HOME", CODE_ADDRESS):
        monkeypatch.setenv(name, "nord" if name == SETTING else str(tmp_path))
    services._command(services.Service.daemon, 3000)
    assert os.environ[SETTING] == str(tmp_path / "nord")


def test_what_replaced_a_file_of_the_product_that_has_changed_since_is_named(toy: Toy, tmp_path: Path) -> None:
    lake, name = Lake(toy.data), "sql/core/stock_sum.sql"
    lake.prepare()
    own = region(tmp_path / "nord", **{name: (toy.project / name).read_text("utf-8") + "-- ours\n"})
    check_region(lake, Tree(toy.project, own))
    assert outdated(lake, Tree(toy.project, own)) == []
    toy.edit(name, ("group by all", "group by name"))
    check_region(lake, Tree(toy.project, own))
    assert outdated(lake, Tree(toy.project, own)) == [name]
    (own / name).write_text((toy.project / name).read_text("utf-8") + "-- ours, looked at\n", "utf-8")
    check_region(lake, Tree(toy.project, own))
    assert outdated(lake, Tree(toy.project, own)) == []


def test_the_product_holds_nothing_that_is_invented() -> None:
    for path in (PROJECT / "data" / "reference").glob("*.csv"):
        assert "invented" not in path.read_text("utf-8").casefold(), path.name
    assert TREE.region
    assert TREE.region.invented


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (None, "is a region that is invented"),
        ({"data/reference/provider.add.csv": "HEADER\nP001,X,2007-01-01,2099-12-31,invented\n"}, "has rows that say they are invented"),
        ({"region.yaml": "id: nord\n"}, "name is missing"),
        ({"region.yaml": ""}, "region.yaml"),
    ],
)
def test_production_shows_nothing_that_is_invented(tmp_path: Path, files: dict[str, str] | None, says: str) -> None:
    header = (PROJECT / "data/reference/provider.csv").read_text("utf-8").strip()
    own = EXAMPLE if files is None else region(tmp_path / "nord", **{n: t.replace("HEADER", header) for n, t in files.items()})
    done = ventetal(tmp_path / "data", "run", VENTETAL_ENV="production", VENTETAL_REGION=str(own), VENTETAL_PSEUDONYM_KEY=KEY)
    assert (done.returncode != 0, says in done.stderr, "Traceback" in done.stderr) == (True, True, False), done.stderr
    assert not Lake(tmp_path / "data").current_release


def test_what_is_wrong_with_a_file_of_the_region_is_told_in_production_as_elsewhere(tmp_path: Path) -> None:
    header = (PROJECT / "data/reference/unit.csv").read_text("utf-8").partition("\n")[0]
    own = region(tmp_path / "nord", **{"data/reference/unit.add.csv": f"{header}\n8001,HEH,2007-01-01\n"})
    (own / "data/reference/unit.xlsx").write_bytes(b"\xff\xfe\x00")
    (own / "data/reference/provider.add.csv").write_bytes("provider_id;navn\nP001;S\u00f8".encode("cp1252"))
    done = ventetal(tmp_path / "data", "region", "check", VENTETAL_REGION=str(own), VENTETAL_ENV="production", VENTETAL_PSEUDONYM_KEY=KEY)
    assert (done.returncode, "Traceback" in done.stderr, "provider.add.csv" in done.stdout) == (1, False, True), done.stderr
    done = ventetal(tmp_path / "data", "run", VENTETAL_REGION=str(own), VENTETAL_ENV="production", VENTETAL_PSEUDONYM_KEY=KEY)
    assert ("Error" in done.stderr.splitlines()[-1], "Traceback" in done.stderr) == (False, False), done.stderr[-500:]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    for command in (["run"], ["status"], ["region", "check"]):
        done = ventetal(tmp_path, *command, VENTETAL_REGION=str(tmp_path / "nowhere"))
        assert (done.returncode, "there is no such folder" in done.stderr or "no release" in done.stderr) in ((2, True), (4, True)), (
            done.stderr
        )


def test_a_region_without_a_domain_waits_for_nothing_of_it(tmp_path: Path) -> None:
    without = "id: nord\nname: Nord\nwithout: [servicedesk, response_time, kmf, project, udredning]\n"
    own = region(tmp_path / "nord", **{"region.yaml": without})
    catalog, data = load_catalog(Tree(PROJECT, own)), tmp_path / "data"
    assert (catalog.faults, catalog.domains) == ((), ("register", "redirection", "kpi", "unnamed"))
    assert {e.contract.domain for e in catalog.extracts.values()} == {"register", "redirection"}
    lines = [HEADER, *(";".join(r) for r in Treatments("2014-12", 1, HEH=30, RHB=25).rows)]
    place(data, "redirections/omvisiteringer_2014-12_udtrukket-20150202-0610.csv", lines)
    done = ventetal(data, "run", VENTETAL_REGION=str(own))
    assert "servicedesk" not in done.stdout, done.stdout
    assert "held since" not in done.stdout, done.stdout
    rows = ventetal(
        data, "query", "select distinct indicator from marts.kpi_monthly where value is not null", "--csv", VENTETAL_REGION=str(own)
    )
    assert rows.stdout.split()[1:] == ["redirected_treatments"], rows.stderr
    assert ventetal(data, "report", "--month", "2014-12", VENTETAL_REGION=str(own)).returncode == 0
    unknown = load_catalog(Tree(PROJECT, region(tmp_path / "syd", **{"region.yaml": without.replace("kmf", "kfm")})))
    [fault] = unknown.faults
    assert fault.sentence.startswith("region.yaml: it is without kfm, and may be without kmf, ")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"region.yaml": "id: nord\nname: Nord\nwithout: [reference]\n"}, "it is without reference, and may be without"),
        (
            {
                "region.yaml": "id: nord\nname: Nord\nwithout: [redirection]\n",
                "sql/core/own.sql": "select redirection_id from raw.redirections\n",
                "expectations/core/own.odcs.yaml": (PROJECT / "expectations/core/referral.odcs.yaml")
                .read_text("utf-8")
                .partition("  properties:")[0]
                .replace("referral", "own")
                + "  properties:\n  - {name: redirection_id, primaryKey: true, primaryKeyPosition: 1}\n",
            },
            "it reads raw.redirections, which no usable contract describes",
        ),
        (
            {
                "sources/person_links/contract.odcs.yaml": (PROJECT / "sources/person_links/contract.odcs.yaml")
                .read_text("utf-8")
                .replace("value: kmf}", "value: kfm}")
            },
            "domain kfm is not declared in expectations/domains.yaml; is kmf meant?",
        ),
    ],
)
def test_what_cannot_be_left_out_or_meant_is_a_sentence(tmp_path: Path, files: dict[str, str], says: str) -> None:
    catalog = load_catalog(Tree(PROJECT, region(tmp_path / "nord", **files)))
    assert any(says in fault.sentence for fault in catalog.faults), catalog.faults


def test_a_mapping_that_is_not_there_yet_publishes_nothing(tmp_path: Path) -> None:
    kept = Region(tmp_path)
    units = kept.project / "data/reference/unit.csv"
    mapped = units.read_text("utf-8")
    units.write_text("".join(line for line in mapped.splitlines(keepends=True) if not line.startswith(("1516", "1301"))), "utf-8")
    kept.deliver(Treatments("2014-12", 1, HEH=30, RHB=25, BOH=20), "2015-02-02")
    with pytest.raises(AssertionError, match="a mapping is not there"):
        kept.night("2015-03-01")
    units.write_text(mapped, "utf-8")
    kept.night("2015-03-02")
    assert kept.hospitals("2014-12") == {"HEH": 30, "RHB": 25, "BOH": 20}
    units.write_text("".join(line for line in mapped.splitlines(keepends=True) if not line.startswith("4001")), "utf-8")
    kept.night("2015-03-03")
    said = [one for one in lacking(kept.lake, kept.catalog) if one.what == "published otherwise"]
    assert [one.which for one in said] == ["redirection (2014-12)"]


def test_what_names_nothing_is_told_before_a_night(tmp_path: Path) -> None:
    header = (PROJECT / "data/reference/unit.csv").read_text("utf-8").partition("\n")[0]
    layout = (PROJECT / "sources/redirections/layouts/region.yaml").read_text("utf-8").replace(r"_udtrukket-(?P<received>\d{8}-\d{4})", "")
    files = {
        "data/reference/unit.add.csv": f"{header}\n7001,NOSUCH,2007-01-01,2099-12-31,true,mine\n",
        "sources/redirections/layouts/own.yaml": layout,
    }
    assert "?P<received>" not in layout
    found = list(lacking(Lake(tmp_path / "data"), load_catalog(Tree(PROJECT, region(tmp_path / "nord", **files)))))
    told = {one.what: (one.which, one.remedy) for one in found}
    assert told["names nothing"] == ("reference.unit", "hospital_code NOSUCH: no hospital_code of reference.hospital.")
    assert told["lookup of another region"][0] == "reference.hospital"
    assert "layout own was drawn" in told["never final"][1]


def test_a_file_with_the_header_and_another_name_is_told_which_name(tmp_path: Path) -> None:
    file = tmp_path / "omvisiteringer.csv"
    file.write_text("\n".join([HEADER, *(";".join(r) for r in Treatments("2014-12", 1, HEH=3).rows)]) + "\n", "utf-8")
    done = ventetal(tmp_path / "data", "check", str(file), "--extract", "redirections")
    assert "It has the header of region, and another name than that wants: omvisiteringer_" in done.stdout + done.stderr


def test_a_second_region_has_its_first_figures_without_a_change_of_the_product(tmp_path: Path) -> None:
    own, data = tmp_path / "nord", tmp_path / "data"
    before = declared(PROJECT)
    called = [
        sys.executable,
        "-c",
        "from pipelines.cli import main; main()",
        "region",
        "new",
        str(own),
        "--id",
        "nord",
        "--name",
        "Region Nord",
    ]
    subprocess.run(called, check=True, cwd=PROJECT, capture_output=True)
    assert lacks(own, data)["layout"] == set()
    fill_in(own)
    deliver(data)
    assert lacks(own, data)["never delivered"].isdisjoint({"redirections", "beds"})
    ask = {"VENTETAL_REGION": str(own), "VENTETAL_PSEUDONYM_KEY": KEY}
    done = ventetal(data, "run", **ask)
    assert "from marts.kpi_monthly" in done.stdout, done.stderr
    rows = ventetal(
        data, "query", "select hospital_code, treatments from marts.redirection_by_hospital where month = '2014-12-01'", "--csv", **ask
    )
    assert sorted(rows.stdout.split()[1:]) == ["AAL,30", "HJO,25", "UNMAPPED,12"], rows.stdout + rows.stderr
    beds = ventetal(data, "query", "select name, number from marts.beds_total", "--csv", **ask)
    assert beds.stdout.split()[1:] == ["north,7"]
    target = ventetal(data, "query", "select value from reference.target where indicator = 'redirection_final_after'", "--csv", **ask)
    assert target.stdout.split()[1:] == ["0.0"]
    assert lacks(own, data)["unit nobody names"] == {"8099010"}
    assert ventetal(data, "report", "--month", "2014-12", **ask).returncode == 0
    # One month is final, and no quarter.
    assert "Intet helt kvartal" in (data / "reports/2014-12/index.html").read_text("utf-8")
    assert declared(PROJECT) == before


def declared(root: Path) -> dict[str, int]:
    files = (
        p
        for folder in ("sources", "expectations", "sql", "data")
        for p in (root / folder).rglob("*.*")
        if p.suffix in (".yaml", ".sql", ".csv")
    )
    return {str(p): p.stat().st_mtime_ns for p in files}


def lacks(own: Path, data: Path) -> dict[str, set[str]]:
    """What is lacking, by what it is: the first word of which."""
    found: dict[str, set[str]] = {"layout": set(), "never delivered": set(), "unit nobody names": set()}
    for one in lacking(Lake(data), load_catalog(Tree(PROJECT, own))):
        found.setdefault(one.what, set()).add(one.which.split()[0])
    return found


def fill_in(own: Path) -> None:
    """Hospitals, units and providers, files as its supplier writes them, another target, and an extract and a domain that the product does
    not know.
    """
    reference = own / "data/reference"
    more: dict[str, list[str]] = {
        "hospital": ["AAL,Aalborg,SOM,,,public list", "HJO,Hjørring,SOM,,,public list"],
        "unit": ["8001,AAL,2007-01-01,2099-12-31,true,public list", "8003,HJO,2007-01-01,2099-12-31,true,public list"],
        "provider": [f"P00{n},Klinik {n},2007-01-01,2099-12-31,agreement of 2014" for n in (1, 2, 3)],
    }
    for table, rows in more.items():
        with (reference / f"{table}.add.csv").open("a", encoding="utf-8") as file:
            file.write("".join(f"{row}\n" for row in rows))
    target = (PROJECT / "data/reference/target.csv").read_text("utf-8")
    changed = target.replace("redirection_final_after,ALL,1,", "redirection_final_after,ALL,0,")
    assert changed != target
    (reference / "target.csv").write_text(changed, "utf-8")
    (reference / "target.add.csv").unlink()
    layout = (PROJECT / "sources/redirections/layouts/region.yaml").read_text("utf-8")
    for change in ("CPR-nummer: CPR", "Omvisitering]: Omvisitering]", r"\.csv: \.txt", "omvisiteringer_: red_"):
        layout = layout.replace(*change.split(": "))
    layout = layout.replace("header:", 'reads: {delimiter: "\\t"}\nheader:')

    def write(name: str, text: str) -> None:
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, "utf-8")

    write("sources/redirections/layouts/nord.yaml", layout)
    write("sources/beds/contract.odcs.yaml", SOURCE.format(name="beds", delivery="{mode: append}").lstrip())
    write("sources/beds/layouts/plain.yaml", LAYOUT.lstrip())
    for layer, suffix, source in (("core", "sum", "raw.beds"), ("marts", "total", "core.beds_sum")):
        records = "count(*)" if layer == "core" else "sum(records)"
        select = f"select name, cast(sum(number) as bigint) as number, cast({records} as bigint) as records from {source} group by all\n"
        write(f"sql/{layer}/beds_{suffix}.sql", select)
        write(f"expectations/{layer}/beds_{suffix}.odcs.yaml", TABLE.format(id=f"beds_{suffix}", name="beds").lstrip())
    words = {"day": "DATE", "name": "VARCHAR", "number": "BIGINT", "records": "BIGINT"}
    known = (PROJECT / "expectations/fields.yaml").read_text("utf-8")
    fields = (
        f"{n}: {{type: {t}, label: Ord, meaning: A word.{', unit: things' * (t == 'BIGINT')}}}\n"
        for n, t in words.items()
        if f"\n{n}:" not in known
    )
    write("expectations/fields.yaml", "".join(fields))
    write("expectations/domains.yaml", "beds_domain: {label: Senge, owner: data, purpose: Beds.}\n")


def deliver(data: Path) -> None:
    found = Treatments("2014-12", 1, HEH=30, RHB=25, BOH=12)
    units = {"1516010": "8001010", "1301010": "8003010", "4001010": "8099010"}
    header = [
        "Omvisitering",
        "CPR",
        "Henvist dato",
        "Omvisiteret dato",
        "Henvisende afsnit",
        "Modtager-id",
        "Aftale",
        "Forventet ydelse",
        "Formål",
    ]
    rows = [[units.get(cell, cell) for cell in row] for row in found.rows]
    assert {row[6] for row in rows} <= {*AGREEMENTS}
    for name, lines in (
        ("redirections/red_2014-12_udtrukket-20150202-0610.txt", ["\t".join(r) for r in (header, *rows)]),
        ("beds/beds_2014-12.csv", ["Dag;Navn;Antal", f"{date(2014, 12, 1)};north;7"]),
    ):
        place(data, name, lines)


def place(data: Path, name: str, lines: list[str]) -> None:
    """A file in landing, written long ago."""
    path = data / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    os.utime(path, (1e9, 1e9))
