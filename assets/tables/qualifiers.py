"""Qualifiers: why a measure of a published row has no value, in `qf` and, column by column, in `qf_columns`."""

from typing import Any

from assets.catalog.statements import QF_COLUMNS
from sources.casts import ident, literal
from sources.contract import Contract

# A column of a select that names what it withholds (`assets.tables.disclosure`).
WITHHELD = "_withheld"
QF = "qf"
# Letters of whole rows, which the SQL gives (r: what it says may stand at an older value), and of columns without a value: withheld,
# not available, not applicable.
OF_ROWS, OF_COLUMNS, NOT_AVAILABLE = "bepru", "cmz", "m"


def columns_of(row: dict[str, Any]) -> dict[str, list[str]]:
    """Letter -> the columns of a published row that it speaks of."""
    parts = [part.partition(": ") for part in (row.get(QF_COLUMNS) or "").split("; ") if part]
    return {letter: names.split(", ") for letter, _, names in parts}


def said_of_columns(letters: dict[str, list[str]]) -> str:
    """What `columns_of` reads, as a row says it."""
    return "; ".join(f"{letter}: {', '.join(names)}" for letter, names in sorted(letters.items()) if names)


def qualified(contract: Contract, select: str) -> str:
    """The contract's columns of a select; every measure without a value has a letter.

    It is c if it is withheld, or comes from a row of which something is; z if the SQL says that something does not apply to the row;
    else m.
    """
    names = [c.name for c in contract.columns]
    if QF_COLUMNS not in names:
        return select
    measures = [c.name for c in contract.columns if c.aggregate]
    of = {m: ident(f"_letter_of_{m}") for m in measures}
    letters = ", ".join(f"{_letter(contract, m)} as {letter}" for m, letter in of.items())
    named = {x: ", ".join(f"case when {letter} = {literal(x)} then {literal(m)} end" for m, letter in of.items()) for x in OF_COLUMNS}
    lists = ", ".join(f"nullif(concat_ws(', ', {columns}), '') as _columns_{x}" for x, columns in named.items())
    has = {x: f"contains({QF}, {literal(x)})" for x in OF_ROWS} | {x: f"_columns_{x} is not null" for x in OF_COLUMNS}
    qf = ", ".join(f"case when {has[x]} then {literal(x)} else '' end" for x in sorted(has))
    said = ", ".join(f"'{x}: ' || _columns_{x}" for x in OF_COLUMNS)
    columns = [ident(n) for n in names if n not in (QF, QF_COLUMNS)]
    return f"""
        select {", ".join(columns)}, concat({qf}) as {QF}, concat_ws('; ', {said}) as {QF_COLUMNS}
        from (select *, {lists} from (select *, {letters} from ({select})))
        order by {", ".join(ident(k) for k in contract.key)}"""


def _letter(contract: Contract, measure: str) -> str:
    """The letter of a measure in a row, in SQL; '' of one that has a value."""
    is_withheld = f"list_contains({WITHHELD}, {literal(measure)})" if contract.disclosure else f"contains({QF}, 'c')"
    return f"case when {ident(measure)} is not null then '' when {is_withheld} then 'c' when contains({QF}, 'z') then 'z' else 'm' end"
