"""The README's commands do what it says, and its example of a layout works as printed."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from assets.catalog.agreement import disagreements
from assets.catalog.loading import load_catalog
from assets.lake.regions import EXAMPLE
from pipelines.cli import app
from sources.duck import connect
from sources.layout import Extract, load_layout
from sources.parse import Delivery
from sources.settings import PROJECT
from sources.tree import Tree
from tests.conftest import ventetal

# The README and the guides it leads to, which are held to the same.
GUIDES = ("README.md", "sources/FORMATS.md", "expectations/TABLES.md", "expectations/PERSONS.md")
README = "\n".join((PROJECT / guide).read_text("utf-8") for guide in GUIDES)
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
# Without the settings that one may begin with.
COMMANDS = [
    re.sub(r"^([A-Z_]+=\S+ )+", "", line).split("  #")[0].strip()
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.splitlines()
    if line.strip()
]
VENTETAL = [c.removeprefix(".venv/bin/ventetal ") for c in COMMANDS if c.startswith(".venv/bin/ventetal ")]
PROBE_FILE, PREVIEW = "probes-2015-05.csv", "preview.html"
PROBES = """app,step,site,began,ms,outcome
Orbit,login,Herlev,2015-05-04 08:00:00,900,ok
Orbit,search,Herlev,2015-05-04 08:00:10,3200,slow
Orbit,search,Herlev,2015-05-04 09:00:10,,hang
Orbit,search,Herlev,2015-05-04 10:00:10,12,perhaps
"""


def test_every_shell_command_is_one_we_run_or_a_target_of_make() -> None:
    targets = re.findall(r"^([a-z ]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == ".venv/bin/ventetal" or (program == "make" and arguments[0] in " ".join(targets).split()), command
    assert len(VENTETAL) >= 9


@pytest.fixture(scope="module")
def small(small_region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small example region, to be changed by commands as the reader's is."""
    return Path(shutil.copytree(small_region, tmp_path_factory.mktemp("readme") / "data", symlinks=True))


@pytest.mark.parametrize("command", [c for c in VENTETAL if not c.startswith(("run", "check", "rebuild", "region"))])
def test_the_commands_of_the_readme_answer(small: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / PROBE_FILE).write_text(PROBES, "utf-8")
    done = ventetal(small, *(str(tmp_path / word) if word in (PROBE_FILE, PREVIEW) else word for word in shlex.split(command)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or (tmp_path / PREVIEW).stat().st_size


def test_a_folder_for_a_region_is_made_and_looked_through_as_the_readme_says(tmp_path: Path) -> None:
    new, check = (shlex.split(c.partition("#")[0]) for c in VENTETAL if c.startswith("region"))
    own = str(tmp_path / "nord")
    made = ventetal(tmp_path / "data", *(own if word == "../nord" else word for word in new))
    assert (made.returncode, own in made.stderr) == (0, True), made.stderr
    looked = ventetal(tmp_path / "data", *check, VENTETAL_REGION=own)
    assert looked.returncode == 1, looked.stderr
    assert all(word in looked.stdout for word in ("Pseudonym key", "reference.provider", "redirections"))


def test_every_command_the_readme_names_exists_and_every_one_that_exists_is_named() -> None:
    known = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback} | {"releases", "region"}
    named = {n.split()[0] for n in re.findall(r"ventetal ([a-z][a-z-]+)", README)}
    assert named - known <= {"on"}
    assert known - named <= {"examples", "ui"}


def test_the_readmes_layout_reads_the_file_it_describes(tmp_path: Path) -> None:
    [text] = [text for kind, text in BLOCKS if kind == "yaml" and "probe_log.yaml" in text]
    (tmp_path / "probe_log.yaml").write_text(text, "utf-8")
    file = tmp_path / PROBE_FILE
    file.write_text(PROBES, "utf-8")
    contract = load_catalog(PROJECT).extracts["response_times"].contract
    extract = Extract(contract, (load_layout(tmp_path / "probe_log.yaml", contract),))
    target = tmp_path / "probes.parquet"
    with connect(tmp_path / "scratch") as con:
        reading = Delivery(file, extract).parse(con, target)
    assert (reading.records, reading.accepted, reading.reasons) == (4, 3, {"status:unknown_code": 1})


@pytest.mark.parametrize("guide", [*GUIDES, "deploy/README.md"])
def test_the_files_and_sections_a_guide_links_to_exist(guide: str) -> None:
    for link in re.findall(r"\]\(([^)h][^)]*)\)", (PROJECT / guide).read_text("utf-8")):
        place, _, section = link.partition("#")
        target = (PROJECT / guide).parent / place if place else PROJECT / guide
        assert target.exists(), link
        heads = [h.strip().lower().replace(" ", "-") for h in re.findall(r"(?m)^#+ (.*)$", target.read_text("utf-8"))] if section else []
        assert not section or section in heads, link


def test_the_readme_is_read_in_one_sitting_and_shows_what_it_makes() -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 200
    pictures = re.findall(r"!\[[^\]]{20,}\]\(([^)]+\.png)\)", text)
    assert len(pictures) == 3
    assert all((PROJECT / picture).stat().st_size < 300_000 for picture in pictures)


def test_the_table_of_the_readme_is_one(small: Path, tmp_path: Path) -> None:
    """Put into a region's own folder, it is new in a preview, and its promises hold."""
    own = Path(shutil.copytree(EXAMPLE, tmp_path / "region"))
    [sql] = [text for kind, text in BLOCKS if kind == "sql"]
    [contract] = [text for kind, text in BLOCKS if kind == "yaml" and "kind: DataContract" in text]
    for path, text in (("sql/marts/response_time_yearly.sql", sql), ("expectations/marts/response_time_yearly.odcs.yaml", contract)):
        assert f"`{path}`" in README
        (own / path).parent.mkdir(parents=True)
        (own / path).write_text(text, "utf-8")
    assert disagreements(load_catalog(Tree(PROJECT, own))) == []
    done = ventetal(small, "preview", VENTETAL_REGION=str(own))
    assert (done.returncode, "New: marts.response_time_yearly" in done.stdout) == (0, True), done.stdout + done.stderr
