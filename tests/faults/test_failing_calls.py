"""Every call of the lake's own modules that can fail does: its first, its second and its last of a night. The next night heals."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.faults.aftermath import WHOLE, PromiseBroken, Scene, old_release

# Of all calls in order the short form plays each so many-th.
STRIDE = 1 if WHOLE else 15


def test_whatever_call_fails_the_next_night_heals(
    toy_nights: Scene, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    data = toy_nights.laid_out(tmp_path / "counted")
    counted = toy_nights.nights.run(toy_nights.order(data, point="calls"))
    assert counted.status == 0, counted.said
    calls: dict[str, int] = json.loads(counted.said.splitlines()[-1])
    failing = [(site, nth) for site, times in sorted(calls.items()) for nth in sorted({1, min(2, times), times})]
    assert {site.split()[1] for site in calls} >= {"open", "fsync", "replace", "unlink", "write_text", "write_bytes", "chmod", "mkdir"}
    for site, nth in failing[::STRIDE]:
        data = toy_nights.laid_out(tmp_path / "data")
        before = old_release(data)
        death = toy_nights.nights.run(toy_nights.order(data, point=f"call {site}", nth=nth))
        if death.status not in (0, 1):
            raise PromiseBroken(f"{site} ({nth}): {death.said[-800:]}")
        # Where the night went on it held a domain, or had no need of what failed.
        toy_nights.heals(data, f"failed {site} ({nth})", before, death, lost=("releases",) if death.status == 0 else ())
        shutil.rmtree(data)
    record_property("calls that failed", f"{len(failing[::STRIDE])} of {len(failing)} at {len(calls)} sites, all healed")
