"""A job of as many steps as the nightly one, each of which does nothing, run the same way: what Dagster alone takes.

python -m tests.bench.empty FOLDER [great_expectations]

The second word has Great Expectations imported too, as a night with something to audit does.
"""

import sys
from pathlib import Path

import dagster as dg

from expectations.runner import context
from pipelines.dagster_internals import create_execution_plan
from pipelines.definitions import defs
from pipelines.names import JOB
from pipelines.nightly import instance, run_job
from sources.settings import PROJECT


def main() -> None:
    data = Path(sys.argv[1])
    plan = create_execution_plan(defs.resolve_job_def(JOB))
    steps = len(plan.step_keys_to_execute)
    assets = [_nothing(f"step_{i}", f"step_{i - 1}" if i else None) for i in range(steps)]
    job = dg.define_asset_job("empty", selection=dg.AssetSelection.all(), executor_def=dg.in_process_executor)
    with instance(PROJECT, data) as on:
        assert run_job(dg.Definitions(assets=assets, jobs=[job]), "empty", on).ok
    if sys.argv[2:]:
        context()
    print(f"{steps} steps")


def _nothing(name: str, after: str | None) -> dg.AssetsDefinition:
    @dg.asset(name=name, deps=[after] if after else [])
    def nothing() -> None:
        pass

    return nothing


if __name__ == "__main__":
    main()
