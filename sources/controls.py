"""Control totals: what a file says of itself, on rows that are no records or above its header, against what it holds.

They are read from the texts of the file, before a number becomes a person's id. A total that cannot be read refuses the file, as one
does that disagrees: neither shows that the file is whole. Nothing of them is kept.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from sources.casts import Staged, ident, literal, typed
from sources.delimited import LINE, MALFORMED
from sources.judgement import DELETED
from sources.layout import Extract, LayoutFault, Match
from sources.paths import quoted
from sources.reasons import Refused
from sources.vocabulary import Column

# A total with more digits may be a number of something else, a person's too, and is not shown.
LONGEST_SHOWN = 8
COUNT = Column(name="records", physicalType="BIGINT")


class Controls:
    """The totals that one file states."""

    def __init__(self, extract: Extract, match: Match) -> None:
        self._extract, self._match = extract, match
        self._stated = list[tuple[str, int, Decimal]]()
        self._columns = {"": COUNT} | {c.name: c for c in extract.contract.columns}

    def read(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches as they are, of which the totals are taken. Raises Refused, LayoutFault."""
        asked = [(rule.when, name, sql) for rule in self._match.layout.ignore for name, sql in rule.controls.items()]
        if not asked:
            return batches
        return self._looked_through(batches, asked)

    def refuse_what_disagrees(self, con: duckdb.DuckDBPyConnection, parsed: Path) -> None:
        """Raise Refused where the parse holds other than was stated. A sum is not asked for where some value of it could not be read."""
        stated = list(self._stated)
        if said := self._match.variables.get("$records", ""):
            stated.append(("", 0, self._number(said.replace(".", ""), "", 0)))
        for name, line, total in stated:
            value = f"sum(cast({ident(name)} as decimal(38, 6)))" if name else "count(*)"
            unread = f"count(*) filter ({ident(name)} is null and _errors <> '{DELETED}')" if name else "0"
            query = f"select {value}, {unread} from read_parquet({quoted(parsed)}) where _errors is distinct from 'ignored'"
            found, is_partial = con.execute(query).fetchall()[0]
            if is_partial or Decimal(found or 0) == total:
                continue
            sentence = "The file says it has {} records and has {}: part of it is missing."
            if name:
                sentence = f"The file says on line {line} that {name} adds up to {{}}, and it is {{}}."
            shown = [_shown(total), _shown(Decimal(found or 0))]
            if all(len(text) <= LONGEST_SHOWN for text in shown):
                raise Refused("counts_disagree", sentence.format(*shown))
            raise Refused("counts_disagree", sentence, *shown)

    def _looked_through(self, batches: Iterator[pa.RecordBatch], asked: list[tuple[str, str, str]]) -> Iterator[pa.RecordBatch]:
        # A connection of its own: who asks for the batches holds the other one meanwhile.
        with duckdb.connect(config={"threads": 1, "enable_external_access": False}) as con:
            lacking = dict.fromkeys(asked)
            constants = "".join(f", {literal(v)} as {ident(k)}" for k, v in self._match.variables.items())
            for batch in batches:
                con.register("batch", pa.Table.from_batches([batch]))
                for when, name, sql in asked:
                    row = f'select *, {ident(MALFORMED)} as "$text"{constants} from batch'
                    query = f"select {ident(LINE)}, try([cast({sql} as varchar)])[1] from ({row}) where coalesce(try({when}), false)"
                    try:
                        found = con.execute(query).fetchall()
                    except duckdb.Error as error:
                        place = f"ignore.{'sums.' + name if name else 'records'}"
                        said = "" if self._extract.contract.has_personal_columns else f" ({str(error).strip().partition(chr(10))[0]})"
                        layout = f"sources/{self._extract.name}/layouts/{self._match.layout.name}.yaml"
                        raise LayoutFault(f"{layout}: {place} cannot be computed{said}.") from None
                    if found:
                        lacking.pop((when, name, sql), None)
                    self._stated += [(name, line, self._number(text, name, line)) for line, text in found]
                yield batch
        if lacking:
            of = ", ".join(f"the sum of {name}" if name else "the number of records" for _, name, _ in lacking)
            raise Refused("counts_disagree", f"No row says {of}, as the layout expects: part of the file may be missing.")

    def _number(self, text: str | None, name: str, line: int) -> Decimal:
        """What a control says, by the notation of the layout. Raises Refused where that is no number."""
        column, staged = self._columns[name], Staged()
        value, _ = typed("text", _widest(column), self._match.layout.reads, None, None, staged)
        steps = ", ".join([*(f"{e} as {n}" for e, n in staged.items()), "1 as one"])
        found = duckdb.execute(f"select cast({value} as varchar) from (select text, {steps} from (select $1 as text))", [text]).fetchall()[
            0
        ][0]
        if found is None:
            of = f"sum of {name}" if name else "number of records"
            where = f"on line {line}" if line else "above the header"
            raise Refused("counts_disagree", f"The {of} {where} is no number, so nobody can tell whether the file is whole.")
        return Decimal(found)


def _widest(column: Column) -> Column:
    """The column as what its values add up to."""
    scale = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", column.physicalType)
    whole = column.physicalType in ("SMALLINT", "INTEGER", "BIGINT")
    return column.model_copy(update={"physicalType": f"DECIMAL(38,{scale[1]})" if scale else "BIGINT" if whole else column.physicalType})


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"
