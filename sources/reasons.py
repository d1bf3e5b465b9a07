"""Why a file or a record is refused: the codes, which stay as they are once published, and what each means.

Whoever receives a refusal finds it here or in the dictionary, which is written from these tables. Rules of a contract add
`rule:<id>` with the contract's own words.
"""

from sources.errors import NeedsAttention

FILES = {
    "empty_file": "The file holds nothing.",
    "no_layout": "No layout has the file's name and columns; the sentence names the nearest layout and the columns it lacks.",
    "ambiguous_layout": "Two layouts fit the file alike.",
    "ambiguous_sheet": "Two sheets of the workbook look like the table.",
    "duplicate_header": "Two columns have the same name.",
    "unreadable_file": "Broken, protected by a password, of another kind than its name says, a link, or with a quotation mark"
    " that never closes; the sentence says which.",
    "undecodable_text": "Neither UTF-8, UTF-16 with a byte-order mark nor Windows-1252.",
    "counts_disagree": "The file states another number of records than it holds, or not all its records could be read.",
    "too_large": "It unpacks to far more than a table would.",
}
VALUES = {
    "missing_required": "The value is absent and must not be.",
    "not_a_date": "The text is no date or time in the layout's notation, or no such day exists.",
    "not_an_integer": "The text is no whole number in the layout's notation.",
    "not_a_number": "The text is no number in the layout's notation.",
    "not_a_boolean": "The text is neither ja, true, 1 nor nej, false, 0.",
    "unknown_code": "The value is none of those the layout maps or the contract lists.",
    "out_of_range": "The value, or its length, lies outside the contract's bounds.",
    "bad_pattern": "The value does not have the contract's shape.",
    "unreadable": "The layout's expression gives no value of the column's type.",
}
RECORDS = {
    "rule:malformed_record": "The record has another number of fields than the header, a NUL byte or a stray quotation mark.",
    "rule:outside_period": "The record is dated outside the period the file says it covers.",
    "rule:duplicate_row": "The record repeats an earlier one of the same file in every value; the first stays.",
    "rule:duplicate_key": "Records of the same file have the same key and differ: none of them can be believed.",
}


class Refused(NeedsAttention):
    """A delivered file that cannot be taken. `code` is one of FILES, the sentence is for the supplier."""

    def __init__(self, code: str, sentence: str) -> None:
        assert code in FILES, code
        super().__init__(sentence)
        self.code, self.sentence = code, sentence
