"""Why a file or a record is refused: the codes, which stay as they are once published, and what each means.

Whoever receives a refusal finds it here or in the dictionary, which is written from these tables. Rules of a contract add
`rule:<id>` with the contract's own words.
"""

from sources.documents import read
from sources.errors import NeedsAttention
from sources.settings import PROJECT

_SAID = read(PROJECT / "sources" / "reasons.yaml").content
FILES, VALUES, RECORDS = _SAID["files"], _SAID["values"], _SAID["records"]
# The one code of a file that is not refused but held: nothing was found against it.
READING_STOPPED = "reading_stopped"


class Refused(NeedsAttention):
    """A delivered file that cannot be taken, for a cause found in its bytes or its name.

    `code` is one of FILES, the sentence is for the supplier. What it quotes of the file or its name stands apart, as `quoted` for
    each {} of the sentence: where there are persons a supplier's words may be somebody's name or number, and are left out.
    """

    def __init__(self, code: str, sentence: str, *quoted: str) -> None:
        assert code in FILES, code
        self.code, self.template, self.quoted = code, sentence, quoted
        super().__init__(self.discreet)

    @property
    def sentence(self) -> str:
        return self.template.format(*self.quoted) if self.quoted else self.template

    @property
    def discreet(self) -> str:
        """The sentence without the supplier's words."""
        return self.template.format(*["…"] * len(self.quoted)) if self.quoted else self.template

    def told(self, is_personal: bool) -> str:
        return self.discreet if is_personal else self.sentence


def in_words(reason: str) -> str:
    """A reason of a record for who can mend the file: the column and what is wrong with it, and the code to look it up by."""
    place, _, code = reason.partition(":")
    said = VALUES.get(code) or RECORDS.get(reason)
    return f"{place if code in VALUES else 'the row'}: {said.rstrip('.')} ({reason})" if said else reason
