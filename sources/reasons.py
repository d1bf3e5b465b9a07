"""Why a file or a record is refused: the codes, which stay as they are once published, and what each means.

Whoever receives a refusal finds it here or in the dictionary, which is written from these tables. Rules of a contract add
`rule:<id>` with the contract's own words.
"""

import yaml

from sources.contract import BASE_LOADER
from sources.errors import NeedsAttention
from sources.settings import PROJECT

_SAID = yaml.load((PROJECT / "sources" / "reasons.yaml").read_text("utf-8"), BASE_LOADER)
FILES, VALUES, RECORDS = _SAID["files"], _SAID["values"], _SAID["records"]


class Refused(NeedsAttention):
    """A delivered file that cannot be taken. `code` is one of FILES, the sentence is for the supplier."""

    def __init__(self, code: str, sentence: str) -> None:
        assert code in FILES, code
        super().__init__(sentence)
        self.code, self.sentence = code, sentence
