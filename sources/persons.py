"""The persons of a file: each number becomes an id before SQL, and whatever it may spill or say, sees a record."""

import pyarrow as pa

from sources.contract import Contract
from sources.judgement import origin
from sources.layout import Match
from sources.pseudonym import PERSON, TYPE, Pseudonyms


class Persons:
    """The columns of persons of a matched file, each under the key of its purpose."""

    def __init__(self, contract: Contract, match: Match, key: bytes | None) -> None:
        found = [(c, origin(match.layout.columns[c.name], match)) for c in contract.persons]
        self._read = [(c.name, supplier, Pseudonyms(c.purpose or contract.domain, key)) for c, supplier in found if supplier]

    def in_place(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the ids of each column of persons, in place of the numbers and under names of their own, and in the column
        TYPE what kind of number the first of them is.
        """
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, supplier, pseudonyms in self._read:
            columns[PERSON + name], types = pseudonyms.of_column(batch.column(supplier))
            columns.setdefault(TYPE, types)
        for name, supplier, _ in self._read:
            columns[supplier] = columns[PERSON + name]
        return pa.RecordBatch.from_pydict(columns)
