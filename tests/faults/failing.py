"""Calls of the lake's own modules to the system, counted by where they stand in the code, or one of them made to fail."""

import errno
import functools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOM = f"{os.sep}assets{os.sep}lake{os.sep}"
CALLS: list[tuple[Any, str]] = [
    *((os, name) for name in ("open", "fsync", "link")),
    *((shutil, name) for name in ("copy2", "copyfile", "rmtree")),
    *((Path, name) for name in ("open", "read_bytes", "read_text", "write_bytes", "write_text", "replace", "unlink", "mkdir", "chmod")),
]
Met = Callable[[str, Callable[[], Any], tuple[Any, ...]], None]


def count() -> Counter[str]:
    """How often each call is made from now on, by its site: module, line and name."""
    seen = Counter[str]()
    _wrap(lambda site, call, arguments: seen.update([site]))
    return seen


def fail(site: str, nth: int) -> None:
    """The n-th call at a site fails as on a disk that dies; what was to be written is there by half."""
    met = 0

    def fails(here: str, call: Callable[[], Any], arguments: tuple[Any, ...]) -> None:
        nonlocal met
        met += here == site
        if here == site and met == nth:
            if here.endswith(("write_text", "write_bytes")):
                call()
                os.truncate(arguments[0], Path(arguments[0]).stat().st_size // 2)
            raise OSError(errno.EIO, "The disk fails")

    _wrap(fails)


def _wrap(meet: Met) -> None:
    for owner, name in CALLS:
        setattr(owner, name, _met(getattr(owner, name), name, meet))


def _met(original: Callable[..., Any], name: str, meet: Met) -> Callable[..., Any]:
    @functools.wraps(original)
    def met(*arguments: Any, **named: Any) -> Any:
        caller = sys._getframe(1)
        if ROOM in caller.f_code.co_filename:
            meet(f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno} {name}", lambda: original(*arguments, **named), arguments)
        return original(*arguments, **named)

    return met
