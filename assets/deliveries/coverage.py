"""What the deliveries of an extract cover: the month grid."""

from collections.abc import Callable
from dataclasses import dataclass

from assets.deliveries.standing import Rows, Standing
from sources.casts import literal
from sources.contract import Contract


@dataclass(frozen=True)
class Month:
    """What standing deliveries of an extract hold of a month (ISO date of its first day, None for records without a date)."""

    month: str | None
    receipts: int
    records: int
    accepted: int
    quarantined: int
    last_date: str | None
    is_provisional: bool | None
    is_held: bool


def coverage(contract: Contract, standings: list[Standing], paths: dict[str, str], ask: Callable[[str], Rows]) -> list[Month]:
    """Per month what the standing deliveries hold. `paths` maps a parse to its Parquet, `ask` gives the rows of a query over them."""
    column = contract.dated_by
    counted = [s for s in standings if s.status in ("current", "held")]
    if not column or not counted:
        return []
    parts = " union all ".join(
        f"select '{s.receipt.id}' as receipt, {s.status == 'held'} as is_held, {_month_of(s, column)} as month,"
        f" {column} as dated_at, _errors from read_parquet({literal(paths[s.parse or ''])})"
        for s in counted
    )
    # A table of months covers each of its months; anything finer covers a month once it reaches the last day.
    reaches = "record.month" if column == "month" else "record.month + interval 1 month - interval 1 day"
    rows = ask(f"""
        select
            strftime(record.month, '%Y-%m-%d') as month,
            count(distinct receipt) as receipts,
            count(*) as records,
            count(*) filter (_errors is null) as accepted,
            count(*) filter (_errors is not null) as quarantined,
            strftime(max(dated_at) filter (_errors is null), '%Y-%m-%d') as last_date,
            max(max(dated_at) filter (_errors is null)) over () < {reaches} as is_provisional,
            bool_or(is_held) as is_held
        from ({parts}) as record where _errors is distinct from 'ignored'
        group by record.month order by record.month""")
    return [Month(*row) for row in rows]


def _month_of(standing: Standing, column: str) -> str:
    """SQL for the month a record is counted in: the period the file covers where it says, so that a wrong date is counted there too."""
    return f"date '{standing.period}-01'" if standing.period else f"cast(date_trunc('month', {column}) as date)"
