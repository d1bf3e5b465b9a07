"""Rules: each passes at its limit, fails just beyond, and says so without a row."""

from pathlib import Path
from typing import Any

import pytest

from assets.catalog.declared import Catalog
from expectations.runner import AuditError, audit
from expectations.suite import Outcome, Rule, failing, table_rules
from sources.contract import Contract, load_contract
from sources.documents import ContractError
from sources.duck import connect, relation
from sources.settings import PROJECT


def outcomes(tmp_path: Path, values: str, column: dict[str, Any] | None = None, *rules: dict[str, Any]) -> dict[str, Outcome]:
    """Outcomes on a table of one column `n` holding `values` (SQL), by rule."""
    thing = {
        "name": "thing",
        "dataGranularityDescription": "d",
        "properties": [{"name": "n", "physicalType": "INTEGER", "description": "d", **(column or {})}],
        "quality": list(rules),
    }
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "thing", "version": "1", "status": "active", "domain": "d"}
    contract = Contract.model_validate({**head, "description": {"purpose": "p"}, "schema": [thing]})
    with connect(tmp_path) as con:
        relation(con, "marts.thing", f"select cast(n as integer) as n from (values {values}) as t(n)")
        relation(con, "reference.known", "select 1 as n")
        return {o.name: o for o in audit(con, contract, table_rules(contract), "marts.thing", {"known": "reference.known"})}


def library(metric: str, **more: Any) -> dict[str, Any]:
    return {"quality": [{"metric": metric, "description": "d", **more}]}


NULLS = library("nullValues", mustBeLessOrEqualTo=10, unit="percent", severity="warning")
MAXIMUM = {"type": "ExpectColumnMaxToBeBetween", "kwargs": {"column": "n", "max_value": 5}}
TEN = ", ".join(f"({i})" for i in range(9))


@pytest.mark.parametrize(
    ("rule", "column", "good", "bad", "offenders"),
    [
        ("n_is_given", {"required": True}, "(1), (2)", "(1), (null)", 1),
        ("n_is_unique", {"unique": True}, "(1), (2)", "(1), (1)", 2),
        ("key_is_unique", {"primaryKey": True, "primaryKeyPosition": 1}, "(1), (2)", "(1), (1)", 2),
        ("n_in_range", {"logicalTypeOptions": {"minimum": 0, "maximum": 5}}, "(0), (5)", "(-1), (6), (5)", 2),
        ("n_in_range", {"logicalTypeOptions": {"exclusiveMinimum": 0}}, "(1)", "(0)", 1),
        ("n_is_known", {"relationships": [{"to": "known.n"}]}, "(1), (null)", "(1), (2), (3)", 2),
        ("n_in_set", library("invalidValues", arguments={"validValues": [1, 2]}, mustBe=0), "(1), (null)", "(3)", 1),
        ("n_not_in_set", library("missingValues", arguments={"missingValues": [9]}, mustBe=0), "(1)", "(9)", 1),
        ("n_completeness", NULLS, f"{TEN}, (null)", f"{TEN}, (null), (null)", 2),
    ],
)
def test_a_rule_of_a_column_holds_at_its_limit_and_not_beyond(
    tmp_path: Path, rule: str, column: dict[str, Any], good: str, bad: str, offenders: int
) -> None:
    assert outcomes(tmp_path, good, column)[rule].passed
    found = outcomes(tmp_path, bad, column)[rule]
    assert (found.passed, found.offenders) == (False, offenders)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"metric": "rowCount", "mustBeGreaterThan": 1}, "(1), (2)", "(1)"),
        ({"metric": "rowCount", "mustBe": 2}, "(1), (2)", "(1)"),
        ({"type": "sql", "mustBe": 0, "query": "select count(*) from {object} where n > 5"}, "(5), (null)", "(6)"),
        ({"type": "sql", "mustBeLessOrEqualTo": 3, "query": "select sum(n) from {object}"}, "(1), (2)", "(1), (3)"),
        ({"type": "sql", "mustBe": 3, "query": "select sum(n) from {object}"}, "(3)", "(null)"),
        ({"type": "sql", "mustBe": 0, "query": "select sum(n) - (select sum(n) from reference.known) from {object}"}, "(1)", "(2)"),
        ({"type": "custom", "engine": "greatExpectations", "implementation": MAXIMUM}, "(5)", "(6)"),
    ],
)  # fmt: skip
def test_a_rule_of_a_table_holds_at_its_limit_and_not_beyond(tmp_path: Path, rule: dict[str, Any], good: str, bad: str) -> None:
    stated = {"id": "stated", "description": "d", **rule}
    assert outcomes(tmp_path, good, None, stated)["stated"].passed
    assert not outcomes(tmp_path, bad, None, stated)["stated"].passed


def test_a_rule_names_what_offends_only_by_its_label_and_never_in_a_table_of_persons(tmp_path: Path) -> None:
    rule = {"id": "r", "type": "sql", "mustBe": 0, "description": "d", "query": "select count(*) from {object} where n > 5"}
    label = {"customProperties": [{"property": "label", "value": "'no ' || n"}]}
    many = ", ".join(f"({n})" for n in range(10, 25))
    assert outcomes(tmp_path, many, None, rule)["r"].named == ""
    assert outcomes(tmp_path, many, None, rule | label)["r"].named.endswith("no 14 and 10 more")
    assert outcomes(tmp_path, many, {"classification": "personal"}, rule | label)["r"].named == ""


def test_wrong_columns_are_said_first_and_nothing_else_is_run(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "(1)", {"physicalType": "DATE", "required": True})
    assert found["columns"].named == "n is INTEGER, not DATE"
    assert not any(o.passed for o in found.values())


def test_a_rule_that_cannot_run_is_an_error_and_not_bad_data(tmp_path: Path) -> None:
    rule = {"id": "r", "type": "sql", "mustBe": 0, "description": "d", "query": "select count(*) from {object} where no_such > 5"}
    with pytest.raises(AuditError, match="no_such"):
        outcomes(tmp_path, "(1)", None, rule)


FIELDS = {"n": {"type": "INTEGER", "label": "N", "meaning": "A number."}}
WHOLE = """
apiVersion: v3.1.0
kind: DataContract
id: thing
version: 1.0.0
status: active
domain: d
description: {purpose: p}
schema:
- name: thing
  dataGranularityDescription: d
  properties: [{name: n, required: true}]
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("required: true", "unexpected: 1"), "line 12: unexpected is no word that is known"),
        (("n, required: true", "m"), "column m is not in fields.yaml"),
        (("required: true", "physicalType: DATE"), "INTEGER in fields.yaml, DATE here"),
        (("required: true", "quality: [{metric: nullValues, mustBe: 0, mustNotBe: 1, description: d}]"), "one comparison"),
        (("required: true", "quality: [{metric: nullValues, mustBe: 0}]"), "description"),
        (("id: thing", "id: other"), "called thing"),
        (("[{name", "[name"), "line 12: a bracket is not closed"),
    ],
)
def test_a_contract_that_says_something_wrong_is_refused_by_name(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    path = tmp_path / "thing.odcs.yaml"
    path.write_text(WHOLE.replace(*change))
    with pytest.raises(ContractError, match=r"thing\.odcs\.yaml") as refused:
        load_contract(path, FIELDS)
    assert says in str(refused.value)


def test_no_contract_of_the_project_lacks_its_evidence(catalog: Catalog) -> None:
    for table in catalog.tables.values():
        assert all(rule.words.endswith(".") and len(rule.words) > 15 for rule in table.rules), table.name
    for path in PROJECT.glob("*/*/*.odcs.yaml"):
        assert len(path.read_text().splitlines()) < 70, path


@pytest.mark.parametrize(
    ("values", "column", "said"),
    [
        ("(1), (null), (3)", {"required": True}, "1 of 3 rows lacks n."),
        ("(null), (null)", {"required": True}, "2 of 2 rows lack n."),
        ("(1), (1), (3)", {"unique": True}, "2 of 3 rows have a n that another row has too."),
        ("(7), (2)", {"logicalTypeOptions": {"maximum": 5}}, "1 of 2 rows has a n that is not at or below 5."),
        ("(1), (9)", {"relationships": [{"to": "known.n"}]}, "1 of 2 rows has a n that known does not have."),
    ],
)
def test_a_finding_says_what_is_wrong_how_often_and_of_how_many(tmp_path: Path, values: str, column: dict[str, Any], said: str) -> None:
    assert [o.finding() for o in outcomes(tmp_path, values, column).values() if not o.passed] == [said]


def test_a_finding_counts_few_persons_not_aloud(tmp_path: Path) -> None:
    [found] = [o for o in outcomes(tmp_path, "(1), (null), (3), (4), (5), (6)", {"required": True}).values() if not o.passed]
    assert found.finding(least=5) == "Some rows lack n."
    assert found.finding(least=1) == "1 of 6 rows lacks n."


@pytest.mark.parametrize(
    ("offenders", "rows", "said"),
    [
        (2, 3, "Some rows"),
        (97, 100, "Some rows"),
        (4, 200, "Some rows"),
        (5, 100, "5 of 100 rows"),
        (95, 100, "95 of 100 rows"),
        (100, 100, "100 of 100 rows"),
        (4, 0, "Some rows"),
        (7, 0, "7 rows"),
    ],
)
def test_no_few_persons_are_told_by_what_offends_what_does_not_or_what_there_is(offenders: int, rows: int, said: str) -> None:
    rule = Rule("r", "w", "error", "_UnexpectedRows", column="n", fails="lack n")
    assert Outcome.of(rule, False, offenders, "", rows).finding(least=5) == f"{said} lack n."


def test_of_rules_that_were_not_asked_nothing_is_said_but_that(tmp_path: Path) -> None:
    found = list(outcomes(tmp_path, "(1)", {"physicalType": "DATE", "required": True, "unique": True}).values())
    assert failing("marts.thing", found, 1) == (
        "marts.thing fails 1 of 3 checks: Its columns are not those of the contract: n is INTEGER, not DATE."
    )
    assert {o.finding() for o in found[1:]} == {"It was not asked, since the columns are wrong."}


def test_a_share_is_of_the_rows_that_have_a_value(tmp_path: Path) -> None:
    codes = {"metric": "invalidValues", "arguments": {"validValues": [1]}, "mustBeLessOrEqualTo": 10, "unit": "percent", "description": "d"}
    [found] = [o for o in outcomes(tmp_path, "(1), (2), (null), (null)", {"quality": [codes]}).values() if not o.passed]
    assert found.finding() == "1 of 2 rows has a n that is none of 1, and at most 10 % of rows may."
