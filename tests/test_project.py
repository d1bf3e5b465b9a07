"""What keeps the project itself in order: layers, import cost, generated texts, definitions that load and agree."""

import ast
import importlib
import json
import os
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg
import pytest
import sqlglot
import yaml
from sqlglot import exp

from assets.catalog.agreement import disagreements
from assets.catalog.declared import Catalog, coverage_contract
from assets.catalog.lineage import column_lineage, expanded
from assets.catalog.statements import QF_COLUMNS
from assets.releases.dictionary import TARGET, dictionary_text
from pipelines.definitions import defs
from sources.contract import load_fields
from sources.disclosure_words import Disclosure, Number
from sources.documents import read
from sources.settings import PROJECT

# What may import what: each only what comes after it.
ORDER = (
    "pipelines", "assets", "assets.report", "assets.catalogue", "assets.releases", "assets.alerts", "assets.tables", "assets.deliveries",
    "assets.catalog", "assets.lake", "assets.pages", "expectations", "sources",
)  # fmt: skip
FOLDERS = ("pipelines", "assets", "expectations", "sources")
LONGEST = 400


@cache
def modules() -> dict[str, Path]:
    """Every module of the project by name; a package has the name of its folder."""
    paths = [path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py")]
    return {".".join(p.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


@cache
def imports(path: Path) -> set[str]:
    """Whatever a module imports anywhere, within functions and for types alone too; of the project, modules as narrowly as can be."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in modules() else node.module for a in node.names}
    return found


def room(module: str) -> str:
    """The narrowest place of ORDER a module is in."""
    return max((r for r in ORDER if module == r or module.startswith(f"{r}.")), key=len)


def test_imports_point_one_way() -> None:
    ours = modules()
    up = [
        f"{module} -> {other}"
        for module, path in ours.items()
        for other in imports(path) & set(ours)
        if ORDER.index(room(other)) < ORDER.index(room(module))
    ]
    assert up == []
    TopologicalSorter({module: imports(path) & set(ours) for module, path in ours.items()}).prepare()


def test_dagster_is_in_pipelines_and_at_the_root_of_assets_alone() -> None:
    with_dagster = {module for module, path in modules().items() if any(i.split(".")[0].startswith("dagster") for i in imports(path))}
    assert {room(module) for module in with_dagster} == {"pipelines", "assets"}
    at_the_root = {m for m, path in modules().items() if room(m) == "assets" and path.name != "__init__.py"}
    assert at_the_root <= with_dagster


def test_every_room_says_what_belongs_in_it_and_what_does_not() -> None:
    for place in ORDER:
        said = ast.get_docstring(ast.parse((PROJECT / place.replace(".", "/") / "__init__.py").read_text("utf-8"))) or ""
        assert "Not here: " in said, place


def test_settings_are_read_in_one_module() -> None:
    """What is set for processes of Dagster's and Spark's is no reading."""
    reading = re.compile(r"environ\.get\b|getenv|environ\[[^]]+\](?! =)|environ\.setdefault\((?!\"(?:DAGSTER|PYSPARK))")
    assert {module for module, path in modules().items() if reading.search(path.read_text("utf-8"))} == set()


def test_definitions_load_light() -> None:
    """No library that validates, computes or draws is loaded. What loading costs is counted in calls, which are the same on any machine."""
    code = """
import sys
calls = [0]
def count(frame, event, argument):
    calls[0] += event in ("call", "c_call")
sys.setprofile(count)
import dagster
own = calls[0]
import pipelines.definitions
sys.setprofile(None)
heavy = [m for m in ("great_expectations", "pandas", "vl_convert", "duckdb", "pyarrow", "numpy", "openpyxl") if m in sys.modules]
print(heavy, round((calls[0] - own) / own, 1))
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    heavy, times = said.rsplit(maxsplit=1)
    assert heavy == "[]"
    # Of the calls that importing Dagster makes; storages alone, were they imported, would add one and a half.
    assert 1 < float(times) < 3.2, times


def test_every_column_is_followed_to_where_it_comes_from(catalog: Catalog) -> None:
    for table in catalog.computed:
        assert {c.name for c in table.contract.columns} <= {*column_lineage(catalog, table)} | {QF_COLUMNS}, table.name
    # One part of the union that this comes from begins with another column.
    settlement = column_lineage(catalog, catalog.tables["core.kmf_settlement"])
    assert settlement["contact_id"] == [("raw.kmf_settlements", "contact_id")]
    assert ("raw.kmf_settlements", "amount_kr") in settlement["amount_oere"]


def test_tokens_name_the_tables_a_parser_finds(catalog: Catalog) -> None:
    for table in catalog.computed:
        rules = [rule.query.replace("{object}", "this_object") for rule in table.contract.object.quality if rule.query]
        wholes = catalog.wholes_of(table)
        trees = [*map(expanded, [table, *wholes]), *(sqlglot.parse_one(text, dialect="duckdb") for text in rules)]
        found = {f"{t.db}.{t.name}" for tree in trees for t in tree.find_all(exp.Table) if t.db} | {w.name for w in wholes}
        related = {name for _, name in table.related}
        assert found - {table.name} | related == set(table.needs), table.name


def test_what_is_declared_agrees_with_itself(catalog: Catalog) -> None:
    assert disagreements(catalog) == []


def test_what_is_private_to_dagster_is_imported_in_one_place() -> None:
    found = {path.name for path in modules().values() if "from dagster._" in path.read_text("utf-8")}
    assert found == {"dagster_internals.py"}


def test_core_never_reads_marts(catalog: Catalog) -> None:
    order = ("raw", "coverage", "reference", "core", "marts", "indicators")
    for table in catalog.computed:
        read = {name.split(".")[0] for name in table.reads}
        # The indicators are read by the one mart that is made of them.
        allowed = order[: order.index(table.layer) + 1] + (("indicators",) if table.name == "marts.kpi_monthly" else ())
        assert read <= set(allowed), table.name


def test_the_dictionary_is_fresh(catalog: Catalog) -> None:
    assert (PROJECT / TARGET).read_text("utf-8") == dictionary_text(catalog), "run `make fix`"


def test_every_field_is_used_and_has_a_danish_label(catalog: Catalog) -> None:
    fields = load_fields(read(PROJECT / "expectations" / "fields.yaml"))
    used = {c.name for e in catalog.extracts.values() for c in e.contract.columns}
    used |= {c.name for t in catalog.tables.values() for c in t.contract.columns} | {c.name for c in coverage_contract().columns}
    assert set(fields) == used
    assert all({"type", "label", "meaning"} <= set(field) for field in fields.values())
    assert list(fields) == sorted(fields)


def test_both_ways_to_load_the_project_agree() -> None:
    import tomllib

    tool = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    [location] = yaml.safe_load((PROJECT / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"]["location_name"] == tool["code_location_name"]
    assert location["python_module"]["module_name"] == tool["code_location_target_module"]


def test_every_table_is_an_asset_with_owner_kind_group_and_columns(catalog: Catalog) -> None:
    graph = defs.resolve_asset_graph()
    for name in [*(f"raw.{e}" for e in catalog.extracts), *catalog.tables]:
        node = graph.get(dg.AssetKey(name.split(".")))
        contract = catalog.contract(name)
        assert node.group_name == contract.domain
        assert node.owners == [f"team:{contract.team.name}"]
        assert node.kinds
        assert node.description
        assert [c.name for c in node.metadata["dagster/column_schema"].columns] == [c.name for c in contract.columns]
        assert graph.get_check_keys_for_assets({node.key})
    parents = graph.get(dg.AssetKey(["marts", "response_time_monthly"])).parent_keys
    assert dg.AssetKey(["core", "response_time_cell"]) in parents
    assert dg.AssetKey(["reference", "target"]) in parents


def test_every_step_runs_in_one_process() -> None:
    assert defs.resolve_job_def("nightly").executor_def.name == "in_process"
    # What the UI's own "Materialize" uses.
    assert isinstance(defs.executor, dg.ExecutorDefinition)
    assert defs.executor.name == "in_process"


def test_no_module_is_long_and_every_module_says_what_it_is_for() -> None:
    for path in modules().values():
        text = path.read_text("utf-8")
        assert ast.get_docstring(ast.parse(text)), path
        assert len(text.splitlines()) <= LONGEST, path


def test_the_night_is_free_of_dagster() -> None:
    code = "import sys, assets.tables.build, assets.releases.publish, assets.releases.rebuild; print('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_make_bench_starts_can_be_started() -> None:
    named = re.findall(r"-m (tests\.bench\.\w+)", (PROJECT / "Makefile").read_text("utf-8"))
    assert len(named) >= 6
    for module in named:
        importlib.import_module(module)


def test_every_word_of_a_disclosure_block_is_explained() -> None:
    told = (PROJECT / "expectations" / "README.md").read_text("utf-8")
    words = [w for said in (Disclosure, Number) for w in said.model_fields]
    # As code, where it stands: plain words of the text are no explanation.
    code = " ".join(re.findall(r"`([^`]+)`", told))
    assert [word for word in words if not re.search(rf"\b{word}\b", code)] == []


def test_what_the_program_is_made_of_is_every_package_of_the_lock(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    command = next(line for line in (PROJECT / "Makefile").read_text("utf-8").splitlines() if "cyclonedx-py" in line)
    program, *words = command.split()[:-1]
    if not (PROJECT / program).exists():
        assert not os.environ.get("CI"), "`make sbom` was not run"
        pytest.skip("`make sbom` was not run")
    subprocess.run([program, *words, str(target)], cwd=PROJECT, check=True, capture_output=True)
    said = {(c["name"], c["version"]) for c in json.loads(target.read_text("utf-8"))["components"]}
    locked = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", (PROJECT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert said == set(locked)


def test_no_program_that_reads_schemas_waits_for_grammars() -> None:
    """With `rfc3987-syntax` beside it, which compiles a grammar, jsonschema takes over a second to load: in every run and every worker."""
    code = "import sys, jsonschema; print('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
