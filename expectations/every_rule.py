"""One Great Expectations expectation that asks all of a table's rules in one statement. Importing it imports Great Expectations."""

from typing import Any

from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

METRIC = "table.counts_of_every_rule"


class CountsOfEveryRule(TableMetricProvider):
    """The one row of `statement`: column -> number."""

    metric_name = METRIC
    value_keys = ("statement",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls: Any, execution_engine: SqlAlchemyExecutionEngine, metric_domain_kwargs: Any, metric_value_kwargs: dict[str, str], **_: Any
    ) -> dict[str, int]:
        with execution_engine.get_connection() as connection:
            return dict(connection.exec_driver_sql(metric_value_kwargs["statement"]).mappings().one())


class ExpectEveryRuleToBeCounted(BatchExpectation):
    """Succeeds when the statement ran; what it counted is for who knows the rules (`expectations.counts`)."""

    metric_dependencies = (METRIC,)
    success_keys = ("statement",)
    statement: str

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: dict[str, Any] | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return {"success": True, "result": {"observed_value": metrics[METRIC]}}
