"""What rules have found, remembered by what was judged: nothing is judged twice that has not changed, nor have its rules."""

from collections.abc import Callable
from dataclasses import replace

from assets.lake.files import Lake, load, save
from expectations.runner import Outcome
from expectations.suite import Rule


def judged(lake: Lake, table: str, key: str, audit: str, rules: list[Rule], ask: Callable[[], list[Outcome]]) -> list[Outcome]:
    """Outcomes of `rules` on the data named `key`: as remembered under the audit key `audit`, else as `ask` finds them now.

    They are said in today's words and with today's severity.
    """
    path = lake.audits(table, key) / f"{audit}.json"
    if not path.exists():
        outcomes = ask()
        save(path, outcomes, list[Outcome])
        return outcomes
    found = {o.name: o for o in load(path, list[Outcome])}
    return [replace(found[r.name], words=r.words, severity=r.severity, column=r.column) for r in rules]
