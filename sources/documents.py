"""YAML that people write: every scalar stays text, and what is wrong is told with its file, its line and a way out."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from sources.errors import ToldError

# Other loaders read 0123 as 83 and `no` as false. The C parser is much the faster, where it was built.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# A comment behind a value stands two blanks away from it: with one it is nearly always a text that goes on.
_CUT = re.compile(r"\S #")
_TOLD = 40
_QUOTED = "a text with a comma, a colon, a bracket or ` #` in it wants quotation marks"
Place = Sequence[str | int]
Said = TypeVar("Said", bound=BaseModel)


class ContractError(ToldError):
    """A document or SQL file that says something it must not. The text names the file."""


@dataclass(frozen=True)
class Document:
    """A YAML file. `where` is what its errors call it."""

    where: str
    text: str
    content: Any

    def valid(self, kind: type[Said], content: Any = None, *place: str | int) -> Said:
        """What the document says, or the `content` made of it or found at a `place`, as a typed record. Raises ContractError."""
        try:
            return kind.model_validate(self.content if content is None else content)
        except ValidationError as error:
            raise self.wrong("; ".join(dict.fromkeys(self._told(kind, error, place)))) from error

    def wrong(self, why: str, *place: str | int) -> ContractError:
        """An error about a place of the document, like ("columns", "desk")."""
        return ContractError(f"{self.where}: {self.told(why, *place)}")

    def told(self, why: str, *place: str | int) -> str:
        """What is wrong with a place of the document, with its line."""
        return f"{self._line(place)}{why}" if place else why

    def _told(self, kind: type[BaseModel], error: ValidationError, place: Place) -> Iterator[str]:
        for found in error.errors():
            *around, last = found["loc"] or ("",)
            path = ".".join(str(part) for part in around)
            within = f" in {path}" if path else ""
            match found["type"]:
                case "extra_forbidden":
                    near = difflib.get_close_matches(str(last), _words(kind, around), 1)
                    why = f"{last} is no word that is known{within}" + (f"; is {near[0]} meant?" if near else "")
                    # A word that says nothing is the rest of a text that a comma cuts.
                    why += f"; {_QUOTED}" if found["input"] == "" and not near else ""
                case "missing":
                    why = f"{last} is missing{within}"
                case "pattern_regex":
                    why = f"{'.'.join(map(str, found['loc']))}: it is no regular expression: {_of_pattern(str(found['input']))}"
                case _:
                    why = f"{'.'.join(map(str, found['loc']))}: " * bool(found["loc"]) + found["msg"].removeprefix("Value error, ")
            yield f"{self._line([*place, *found['loc']])}{why}"

    def _line(self, place: Place) -> str:
        """ "line 3: " for a place of the document, or the nearest thing around it."""
        node, line = yaml.compose(self.text, _LOADER), 0
        for part in place:
            if isinstance(node, yaml.MappingNode):
                named = next(((key, value) for key, value in node.value if key.value == part), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                named = (node.value[part], node.value[part])
            else:
                named = None
            if named is None:
                break
            line, node = named[0].start_mark.line + 1, named[1]
        return f"line {line}: " if line else ""


def read(path: Path, where: str = "") -> Document:
    """The YAML file at `path`. Raises ContractError for one that cannot be read, or is no YAML."""
    where = where or path.name
    try:
        text = path.read_text("utf-8-sig")
        _refuse_cut_texts(where, text)
        return Document(where, text, yaml.load(text, _LOADER))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContractError(f"{where}: line {line}: a character that is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise ContractError(f"{where}: it cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}: " if mark else ""
        raise ContractError(f"{where}: {at}{_yaml_says(error)}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{where}: {error}") from error


def _refuse_cut_texts(where: str, text: str) -> None:
    """Raises ContractError for a text without quotation marks that holds ` #`: for YAML it ends there, and nobody would see it."""
    if not _CUT.search(text):
        return
    lines = text.splitlines()
    for token in yaml.scan(text, _LOADER):
        if isinstance(token, yaml.ScalarToken) and token.plain:
            line, end = token.end_mark.line, token.end_mark.column
            if _CUT.match(lines[line], end - 1):
                said = f"line {line + 1}: ` #` begins a comment, so that the text ends before it: {_end_of(token.value)}"
                raise ContractError(f"{where}: {said}; put the text in quotation marks, or a second blank before what is a comment")


def _end_of(text: str) -> str:
    return text if len(text) <= _TOLD else f"... {text[-_TOLD:].lstrip()}"


def _of_pattern(text: str) -> str:
    """What is wrong with a text that is no regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        return str(error)
    return "it has to be a text"


def _yaml_says(error: yaml.MarkedYAMLError) -> str:
    """The parser's words, and what they nearly always mean."""
    problem = str(error.problem or error.context)
    if "cannot start any token" in problem and "t" in problem:
        return f"{problem}; indent with spaces, never with a tabulator"
    if error.context and "flow" in error.context:
        return f"a bracket is not closed, or {_QUOTED} ({problem})"
    if "mapping values" in problem:
        return f"{problem}; {_QUOTED}, or a line before it is not ended"
    return f"{problem}; look for a missing colon, quotation mark or blank there or in the line before"


def _words(kind: type[BaseModel], around: Place) -> list[str]:
    """The words a record knows at a place inside it."""
    known: Any = kind
    for part in around:
        field = _record(known).get(str(part))
        known = field.annotation if field else known
    return [field.alias or name for name, field in _record(known).items()]


def _record(annotation: Any) -> dict[str, Any]:
    """The fields of the record that a type is, or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {field.alias or name: field for name, field in annotation.model_fields.items()}
    return next((found for inner in get_args(annotation) if (found := _record(inner))), {})
