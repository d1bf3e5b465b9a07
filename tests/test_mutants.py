"""Mutants of SQL: which are made, and that they differ from what they are made of."""

import pytest
import sqlglot

from assets.catalog.declared import Catalog
from tests.mutants.made import mutants


@pytest.mark.parametrize(
    ("sql", "kind", "becomes"),
    [
        ("select a from t where a > 1", "boundary", "a >= 1"),
        ("select a from t where a between b and c", "boundary", "(a >= b AND a < c)"),
        ("select a from t where a = b", "comparison", "a <> b"),
        ("select a from t where a is null", "comparison", "NOT a IS NULL"),
        ("select a from t where a and b", "condition dropped", "WHERE b"),
        ("select a from t where not a", "not dropped", "WHERE a"),
        ("select a from t where a", "filter dropped", "SELECT a FROM t"),
        ("select count(*) filter (a) from t", "filter dropped", "SELECT COUNT(*) FROM t"),
        ("select a from t left join u on t.b = u.b", "join", "FROM t JOIN u"),
        ("select a from t join u using (b)", "join", "FROM t LEFT JOIN u"),
        ("select coalesce(a, b) from t", "default dropped", "SELECT a FROM t"),
        ("select a + 3 from t", "constant", "a + 4"),
        ("select a + b from t", "sign", "a - b"),
        ("select max(a) from t", "least and most", "MIN(a)"),
        ("select arg_min(a, b) from t", "least and most", "ARG_MAX(a, b)"),
        ("select count(distinct a) from t", "distinct dropped", "COUNT(a)"),
        ("select row_number() over (order by a) from t", "order", "ORDER BY a DESC"),
    ],
)
def test_a_mutant_has_one_change(sql: str, kind: str, becomes: str) -> None:
    found = [m.sql for m in mutants("t", sql) if m.kind == kind]
    assert any(becomes in text for text in found), found


def test_every_mutant_differs_and_has_a_name_of_its_own(catalog: Catalog) -> None:
    seen = set[str]()
    for table in catalog.computed:
        written = sqlglot.parse_one(table.text, dialect="duckdb").sql(dialect="duckdb")
        for mutant in mutants(table.name, table.text):
            assert mutant.sql != written
            assert mutant.id not in seen
            seen.add(mutant.id)
    assert len(seen) > 1000
