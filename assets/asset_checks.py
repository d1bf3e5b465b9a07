"""A table's rules as two checks in Dagster: those that must hold, and those that should. Words and counts, never a row.

Dagster writes every check to its log several times, so rules are gathered; each by itself stands in meta.check_result.
"""

from collections.abc import Iterator

import dagster as dg

from expectations.suite import Outcome, Rule
from sources.vocabulary import Severity

# Name of the check, and what follows from a rule that fails, by its severity. To Dagster a check blocks when all that is made of the
# asset waits, the release of the other domains too: so it calls one that holds its own domain non-blocking, and that has to be said.
CHECKS: dict[Severity, tuple[str, str]] = {
    "error": (
        "must_hold",
        "**Holds its domain**: what fails one of them is not published, and the last good set of the domain stands."
        " Non-blocking says no more than that the other domains are published all the same.",
    ),
    "warning": ("should_hold", "**Holds nothing**: what fails one of them is published, and told."),
}


def check_specs(key: dg.AssetKey, rules: list[Rule]) -> list[dg.AssetCheckSpec]:
    """The checks of a table, with the rules they stand for."""
    return [
        dg.AssetCheckSpec(
            name,
            asset=key,
            description="\n".join([f"{_rules(len(members))}. {follows}\n", *(f"- `{r.name}`: {r.words}" for r in members)]),
        )
        for name, follows, members in _by_severity(rules)
    ]


def check_results(key: dg.AssetKey, rules: list[Rule], outcomes: list[Outcome], least: float = 1) -> list[dg.AssetCheckResult]:
    """A result for every check: what it found, or that it did not run. Fewer offenders than `least` are not counted aloud."""
    found = {o.name: o for o in outcomes}
    return [_result(key, name, members, found, least) for name, _, members in _by_severity(rules)]


def _result(key: dg.AssetKey, name: str, rules: list[Rule], found: dict[str, Outcome], least: float) -> dg.AssetCheckResult:
    failing = [(r, found[r.name]) for r in rules if r.name in found and not found[r.name].passed]
    has_run = any(r.name in found for r in rules)
    is_error = any(o.holds for _, o in failing)
    if not has_run:
        said = f"Not run: the table was not made. {_rules(len(rules))}."
    elif failing:
        how_many = f"{len(failing)} of {_rules(len(rules))} fail{'s' * (len(failing) == 1)}."
        said = "\n\n".join([how_many, *(_said(o, least) for _, o in failing)])
    else:
        said = f"{_rules(len(rules))} hold{'s' * (len(rules) == 1)}."
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=has_run and not failing,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=said,
        metadata={"failing": dg.MetadataValue.int(len(failing)), **({"failing_rules": _failures(failing, least)} if failing else {})},
    )


def evaluation(result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """The result as an event that the step of another asset may tell."""
    assert result.asset_key is not None
    assert result.check_name is not None
    metadata = {name: value for name, value in (result.metadata or {}).items() if isinstance(value, dg.MetadataValue)}
    return dg.AssetCheckEvaluation(
        result.asset_key, result.check_name, result.passed, metadata, severity=result.severity, description=result.description
    )


def _by_severity(rules: list[Rule]) -> Iterator[tuple[str, str, list[Rule]]]:
    for severity, (name, follows) in CHECKS.items():
        if members := [r for r in rules if r.severity == severity]:
            yield name, follows, members


def _rules(count: int) -> str:
    return f"{count} rule{'s' * (count != 1)}"


def _said(outcome: Outcome, least: float) -> str:
    """Which rule does not hold, how often and where, and until when that is accepted."""
    accepted = f" Accepted until {outcome.accepted_until}: {outcome.accepted_reason.rstrip('.')}." if outcome.accepted_until else ""
    return f"{outcome.name}: {outcome.finding(least)}{accepted}"


def _failures(failing: list[tuple[Rule, Outcome]], least: float) -> dg.TableMetadataValue:
    """A row for each rule, without the columns in which nothing is said."""
    rows = [
        {
            "rule": rule.name,
            "asks": outcome.words,
            "rows": outcome.told(least) if rule.counts_rows else "",
            "where": outcome.named,
            "accepted until": outcome.accepted_until,
        }
        for rule, outcome in failing
    ]
    said = [name for name in rows[0] if any(row[name] for row in rows)]
    records = [dg.TableRecord({name: row[name] for name in said}) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, "string") for name in said]))
