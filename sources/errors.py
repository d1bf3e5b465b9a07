"""Errors whose text is written for the person who meets them, and how a command ends that does.

An error that is none of these is a fault of the program: the command breaks off like any that cannot go on.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """How a command ends: done; done, and a person must look; wrong usage; another run holds the lake; what was asked for does not
    exist; it broke off.
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
    """Another run holds the lake. The text says which, since when."""

    exit = Exit.LOCKED


class Missing(ToldError):
    """What was asked for does not exist. The text says how to find what does."""

    exit = Exit.MISSING


def exit_of(kinds: Iterable[str]) -> Exit:
    """How a command ends that met errors of these classes in a process or a step that tells their names alone."""
    told = {kind.__name__: kind.exit for kind in _kinds(ToldError)}
    return min((told.get(kind, Exit.BROKEN) for kind in kinds), default=Exit.BROKEN)


def _kinds(kind: type[ToldError]) -> list[type[ToldError]]:
    return [kind, *(known for below in kind.__subclasses__() for known in _kinds(below))]
