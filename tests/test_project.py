"""What keeps the project itself in order: layers, import cost, generated texts, definitions that load and agree."""

import ast
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import sqlglot
import yaml
from sqlglot import exp

from assets.catalog.agreement import disagreements
from assets.catalog.declared import Catalog
from assets.catalog.lineage import expanded
from assets.releases.dictionary import TARGET, dictionary_text
from assets.tables.build import Night
from pipelines.definitions import defs
from sources.contract import load_fields
from tests.conftest import PROJECT

# Folder -> what its modules may import of the project.
LAYERS = {
    "sources": {"sources"},
    "expectations": {"expectations", "sources"},
    "assets": {"assets", "expectations", "sources"},
    "pipelines": {"pipelines", "assets", "expectations", "sources"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("folder", LAYERS)
def test_imports_point_one_way_and_dagster_stays_outside_sources_and_expectations(folder: str) -> None:
    for path in (PROJECT / folder).rglob("*.py"):
        ours = imports(path) & set(LAYERS)
        assert ours <= LAYERS[folder], path
        if folder in ("sources", "expectations"):
            assert "dagster" not in imports(path), path


def test_definitions_load_light() -> None:
    """No library that validates, computes or draws is loaded, and loading costs less than Dagster's own import again."""
    code = """
import sys, time
began = time.process_time(); import dagster; own = time.process_time() - began
began = time.process_time(); import pipelines.definitions; ours = time.process_time() - began
heavy = [m for m in ("great_expectations", "pandas", "altair", "duckdb", "pyarrow", "numpy", "openpyxl") if m in sys.modules]
print(ours <= own, heavy, file=sys.stdout)
"""
    said = [subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout for _ in range(3)]
    assert "True []\n" in said, said
    assert all(s.endswith("[]\n") for s in said)


def test_tokens_name_the_tables_a_parser_finds(catalog: Catalog) -> None:
    for table in catalog.computed:
        rules = [rule.query.replace("{object}", "this_object") for rule in table.contract.object.quality if rule.query]
        trees = [expanded(table), *(sqlglot.parse_one(text, dialect="duckdb") for text in rules)]
        found = {f"{t.db}.{t.name}" for tree in trees for t in tree.find_all(exp.Table) if t.db}
        related = {name for _, name in table.related}
        assert found - {table.name} | related == set(table.needs), table.name


def test_what_is_declared_agrees_with_itself(catalog: Catalog) -> None:
    assert disagreements(catalog) == []


def test_what_is_private_to_dagster_is_imported_in_one_place() -> None:
    found = {path.name for folder in LAYERS for path in (PROJECT / folder).rglob("*.py") if "from dagster._" in path.read_text("utf-8")}
    assert found == {"dagster_internals.py"}


def test_core_never_reads_marts(catalog: Catalog) -> None:
    order = ("raw", "reference", "core", "marts", "indicators")
    for table in catalog.computed:
        read = {name.split(".")[0] for name in table.inputs}
        # The indicators are read by the one mart that is made of them.
        allowed = order[: order.index(table.layer) + 1] + (("indicators",) if table.name == "marts.kpi_monthly" else ())
        assert read <= set(allowed), table.name


def test_the_dictionary_is_fresh(catalog: Catalog) -> None:
    assert (PROJECT / TARGET).read_text("utf-8") == dictionary_text(catalog), "run `make fix`"


def test_every_field_is_used_and_has_a_danish_label(catalog: Catalog) -> None:
    fields = load_fields(PROJECT / "expectations" / "fields.yaml")
    used = {c.name for e in catalog.extracts.values() for c in e.contract.columns}
    used |= {c.name for t in catalog.tables.values() for c in t.contract.columns}
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
    assert defs.executor is not None
    assert dg.InMemoryIOManager  # the UI's own "Materialize" uses the executor of the definitions
    assert "in_process" in repr(defs.executor.name)


def test_no_module_is_long_and_every_module_says_what_it_is_for() -> None:
    for folder in LAYERS:
        for path in (PROJECT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            assert ast.get_docstring(ast.parse(text)), path
            assert len(text.splitlines()) <= 420, path


def test_the_night_is_free_of_dagster() -> None:
    code = "import sys, assets.tables.build, assets.releases.publish, assets.releases.rebuild; print('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout == "False\n"
    assert Night.__doc__
