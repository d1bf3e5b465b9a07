"""Errors whose text is written for the person who meets them, and how a command ends that does.

An error that is none of these is a fault of the program: the command breaks off like any that cannot go on.
"""

import builtins
from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """How a command ends: done; done, and a person must look; wrong usage; another run holds the lake, or another program the release;
    what was asked for does not exist; it broke off.
    """

    DONE, ATTENTION, USAGE, LOCKED, MISSING, BROKEN = range(6)


class ToldError(Exception):
    """What is wrong, where, and what to do. The text quotes nothing a record says, and no secret."""

    exit: ClassVar[Exit] = Exit.BROKEN


class NeedsAttention(ToldError):
    """What was asked for has been done, and a person must look at what came of it."""

    exit = Exit.ATTENTION


class WrongUsage(ToldError):
    """An argument or a setting that cannot be meant."""

    exit = Exit.USAGE


class Locked(ToldError):
    """Another run holds the lake, or another program a release. The text says which."""

    exit = Exit.LOCKED


class Missing(ToldError):
    """What was asked for does not exist. The text says how to find what does."""

    exit = Exit.MISSING


def exit_of(kinds: Iterable[str]) -> Exit:
    """How a command ends that met errors of these classes in a process or a step that tells their names alone."""
    known = _kinds()
    return min((known[kind].exit if kind in known else Exit.BROKEN for kind in kinds), default=Exit.BROKEN)


def is_told(kind: str) -> bool:
    """Whether errors of this class are written for a person."""
    return kind in _kinds()


def told(kind: str, text: str) -> str:
    """What may be shown of an error by the name of its class: the text of any but our own and the system's can quote a value."""
    if is_told(kind):
        return text
    is_system = issubclass(getattr(builtins, kind, Exception), OSError)
    return f"{kind}: {text.partition(': ')[0]}" if is_system else kind


def _kinds() -> dict[str, type[ToldError]]:
    found, open_ = dict[str, type[ToldError]](), [ToldError]
    while open_:
        kind = open_.pop()
        found[kind.__name__] = kind
        open_ += kind.__subclasses__()
    return found
