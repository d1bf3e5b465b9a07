"""A part of the project: what is declared of one domain, and all lookups; a night over it costs a tenth of one over all."""

import shutil
from pathlib import Path

from assets.catalog.declared import REFERENCE, Catalog
from assets.lake.regions import EXAMPLE
from sources.settings import PROJECT
from sources.tree import Tree

# What is declared for the example region.
TREE = Tree(PROJECT, EXAMPLE)
REGISTERS = "register"


def narrowed(catalog: Catalog, *domains: str) -> Catalog:
    """What is declared of some domains and the lookups, as in a region that is without the others."""
    tables = {n: t for n, t in catalog.tables.items() if t.layer == REFERENCE or t.domain in domains}
    extracts = {e for d in domains for e in catalog.extracts_of(d)}
    absent = {n: t.contract for n, t in catalog.tables.items() if n not in tables}
    return Catalog(catalog.tree, {n: e for n, e in catalog.extracts.items() if n in extracts}, tables, absent=absent)


def copy_domain(domain: str, target: Path) -> None:
    """Copy the declarations of a domain, and of the registers it looks up, to `target`, to be changed by a test."""
    for folder in ("sources", "expectations", "sql", "data/reference"):
        shutil.copytree(
            PROJECT / folder, target / folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "indicators", "report", "examples")
        )
    for name in TREE.own_files:
        table = Path(name).name.partition(".")[0]
        (target / "data" / "reference" / f"{table}.csv").write_text(TREE.rows(table), "utf-8")
    for contract in [*target.glob("sources/*/contract.odcs.yaml"), *target.glob("expectations/[cm]*/*.odcs.yaml")]:
        if any(f"\ndomain: {kept}\n" in contract.read_text("utf-8") for kept in (domain, REGISTERS)):
            continue
        if contract.name == "contract.odcs.yaml":
            shutil.rmtree(contract.parent)
        else:
            contract.unlink()
            (target / "sql" / contract.parent.name / f"{contract.name.removesuffix('.odcs.yaml')}.sql").unlink()
