"""python -m tests.mutants [--sample N] [--seed S] [--only core.pathway] [--id TEXT]

Plays the drawn tests against mutants of the SQL and ends with 1 if over five percent of them survive that nobody has shown to be
equivalent (`equivalent.yaml`).
"""

import argparse
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import yaml

import tests.conftest
from assets.catalog.declared import Catalog, Table
from assets.catalog.loading import load_catalog
from sources.settings import PROJECT
from tests.mutants.made import Mutant, mutants
from tests.part import TREE

HERE = Path(__file__).parent
# Where tables are drawn and expected. What is left out looks for what Hypothesis finds, at a hundred times the price.
SUITES = ("redirection", "udredning", "servicedesk_calls", "servicedesk_cases", "response_time", "kpi", "project_status")
AT_ONCE, LIMIT_SECONDS, MOST_SURVIVORS = 2, 180, 0.05


def main() -> int:
    asked = _arguments()
    # What the suites import is imported once, by the process that the others are forked from.
    for suite in SUITES:
        import_module(f"tests.test_{suite}")
    catalog = load_catalog(TREE)
    equivalent = yaml.safe_load((HERE / "equivalent.yaml").read_text("utf-8")) or {}
    found = [m for m in _sample(catalog, asked) if asked.id in m[1].id]
    survivors, killed, unfit = list[Mutant](), Counter[str](), 0
    for number, (mutant, ended, seconds) in enumerate(_played(catalog, found), 1):
        print(f"{number}/{len(found)} {ended:8} {seconds:5.1f} s  {mutant.id}", flush=True)
        unfit += ended == "unfit"
        killed[mutant.kind] += ended == "killed"
        if ended == "survived":
            survivors.append(mutant)
    left = [m for m in survivors if m.id not in equivalent]
    tried = len(found) - unfit
    print(f"\n{tried} mutants ({unfit} more that DuckDB refuses): {sum(killed.values())} killed, {len(survivors)} survived,")
    print(f"{len(survivors) - len(left)} of them shown to be equivalent. By kind, killed: {dict(killed)}")
    print("\n".join(f"  survived: {m.id}" for m in left))
    return int(len(left) > MOST_SURVIVORS * tried)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--sample", type=int, default=200, help="how many, spread over tables; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants of this table")
    parser.add_argument("--id", default="", help="mutants whose id holds this text")
    return parser.parse_args()


def _sample(catalog: Catalog, asked: argparse.Namespace) -> list[tuple[Table, Mutant]]:
    """Mutants in random order, each table in its share."""
    tables = [t for t in catalog.computed if t.layer in ("core", "marts") and asked.only in ("", t.name)]
    every = [(t, m) for t in tables for m in mutants(t.name, t.text)]
    order = random.Random(asked.seed)
    order.shuffle(every)
    if not asked.sample or asked.id:
        return every
    return every[: asked.sample]


def _suites(catalog: Catalog, table: Table) -> list[str]:
    """The test files that name the table, or else those that name what is computed from it."""
    files = [PROJECT / "tests" / f"test_{suite}.py" for suite in SUITES]
    names, files_of_all = {table.name}, [str(f) for f in files]
    while not (found := [str(f) for f in files if any(f'"{name}"' in f.read_text("utf-8") for name in names)]):
        names = {other.name for other in catalog.computed if names & set(other.reads)}
        if not names:
            return files_of_all
    return found


def _played(catalog: Catalog, found: list[tuple[Table, Mutant]]) -> Iterator[tuple[Mutant, str, float]]:
    """How mutants ended, each played in a process of its own that has imported all, and after how many seconds."""
    waiting, playing = list(reversed(found)), dict[int, tuple[int, Mutant, float]]()
    while waiting or playing:
        while waiting and len(playing) < AT_ONCE:
            table, mutant = waiting.pop()
            reads, writes = os.pipe()
            child = os.fork()
            if not child:
                os.write(writes, _verdict(catalog, table, mutant).encode())
                os._exit(0)
            os.close(writes)
            playing[reads] = child, mutant, time.monotonic()
        done, _, _ = select.select(list(playing), [], [], 1)
        late = [fd for fd, (_, _, begun) in playing.items() if time.monotonic() - begun > LIMIT_SECONDS]
        for fd in {*done, *late}:
            child, mutant, begun = playing.pop(fd)
            ended = os.read(fd, 100).decode() if fd in done else ""
            os.close(fd)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            # A mutant that never ends, or that takes the process with it, has been noticed.
            yield mutant, ended or "killed", time.monotonic() - begun


def _verdict(catalog: Catalog, table: Table, mutant: Mutant) -> str:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    changed = replace(table, text=mutant.sql)
    tests.conftest.load_catalog = lambda _: replace(catalog, tables=catalog.tables | {table.name: changed})  # type: ignore[attr-defined]
    told = _Told()
    code = pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", *_suites(catalog, table)], plugins=[told])
    if code == pytest.ExitCode.OK:
        return "survived"
    return "unfit" if told.is_refused else "killed"


class _Told:
    """Whether DuckDB could make nothing of the SQL at all."""

    is_refused = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.is_refused = any(e in report.longreprtext for e in ("BinderException", "ParserException", "CatalogException"))


if __name__ == "__main__":
    sys.exit(main())
