"""From landing to receipt: a delivered file is archived by content, read once, and acknowledged by one immutable receipt.

A file that cannot be read goes to `rejected/` with its reason and stops no other. Receipts are final; which of them are
current is decided elsewhere (`assets.deliveries.standing`).
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from assets.deliveries.landing import settled, stat_of
from assets.deliveries.readings import reading_of
from assets.lake.files import Lake, beside, move, read_json, remove, sync, write_json
from sources.contract import digest
from sources.layout import Extract
from sources.parse import Delivery
from sources.reasons import Refused
from sources.unpack import chunks, inner_name, kind_of

# Files read at a time: the text of one is cut by one thread, which leaves cores idle.
READERS = 2


@dataclass(frozen=True)
class Copied:
    """What a delivered file holds: copied beside the archive under its hash as it was met, or the reason why it cannot be."""

    path: Path
    stat: os.stat_result
    inner_name: str
    content: str
    part: Path | None
    refusal: Refused | None = None


@dataclass(frozen=True)
class Receipt:
    """One arrival of one file. `received_at` and `ordered_by` are ISO texts in civil local time, so they sort as they read.

    `inner_name` is the name layouts judge: without .gz, or of the one file in a zip.

    `reason` and `sentence` are set when the file was refused.
    """

    id: str
    extract: str
    file_name: str
    inner_name: str
    content: str
    bytes: int
    received_at: str
    ordered_by: str
    reason: str | None = None
    sentence: str | None = None

    @property
    def is_refused(self) -> bool:
        return self.reason is not None

    @property
    def order(self) -> tuple[str, str]:
        """Which delivery is the later one: by extract date where the file states one, else by arrival, ties by content."""
        return self.ordered_by, self.content


@dataclass(frozen=True)
class Met:
    """A delivered file that has been copied and read, with its receipt: one that is new is not written yet."""

    copied: Copied
    receipt: Receipt
    is_new: bool


def sweep(lake: Lake, extract: Extract, con: duckdb.DuckDBPyConnection, now: datetime) -> list[Receipt]:
    """Take every file that lies complete in the extract's landing folder, oldest first; the receipts it made.

    `now` is the time of first sight, for files whose name does not say when they were received. A file that is still being
    written, or cannot be read just now, stays where it is.
    """
    folder = lake.landing / extract.name
    folder.mkdir(exist_ok=True)
    taken = []
    with closing(_read_ahead(lake, extract, con, settled(folder), now)) as ahead:
        for met in ahead:
            try:
                taken.append(_take(lake, met))
            except NotNow:
                continue
    return taken


class NotNow(Exception):
    """A file that changed or vanished while it was read, or that cannot be read: the next run tries again."""


def receipts(lake: Lake, extract: str, as_of: str | None = None) -> list[Receipt]:
    """The extract's receipts in order, up to `as_of` (ISO) where given."""
    found = [Receipt(**read_json(p)) for p in lake.receipts.glob(f"{extract}-*.json")]
    return sorted((r for r in found if r.extract == extract and (as_of is None or r.received_at <= as_of)), key=lambda r: r.order)


def _read_ahead(
    lake: Lake, extract: Extract, con: duckdb.DuckDBPyConnection, files: list[Path], now: datetime
) -> Generator[Met, None, None]:
    """Each file that can be read just now, in order. While the caller takes one, the next ones are copied and read."""
    coming: dict[Path, Future[Met]] = {}
    cursors = [con.cursor() for _ in range(READERS)]
    free = list(cursors)

    def meet(path: Path, first_sight: datetime) -> Met:
        cursor = free.pop()
        try:
            return _meet(lake, extract, cursor, path, first_sight)
        finally:
            free.append(cursor)

    # A microsecond apart, so that files first seen together keep the order they were written in.
    sights = [now - timedelta(microseconds=len(files) - 1 - place) for place in range(len(files))]
    with ThreadPoolExecutor(READERS) as readers:
        try:
            for place, path in enumerate(files):
                for near, sight in zip(files[place : place + READERS], sights[place:], strict=False):
                    if near not in coming:
                        coming[near] = readers.submit(meet, near, sight)
                try:
                    met = coming[path].result()
                except NotNow:
                    continue
                except duckdb.OutOfMemoryException:
                    # Two that do not fit together may fit one after the other.
                    wait(coming.values())
                    coming[path] = readers.submit(meet, path, sights[place])
                    met = coming[path].result()
                yield met
        except BaseException:
            # Who stops the run does not wait until what is being read has been read. An interrupt reaches a query that is running.
            while wait(coming.values(), timeout=0.1).not_done:
                for cursor in cursors:
                    cursor.interrupt()
            raise
        finally:
            for reading in coming.values():
                if not reading.exception() and (part := reading.result().copied.part):
                    part.unlink(missing_ok=True)
            # An error holds this frame, which would hold the error.
            coming.clear()


def _meet(lake: Lake, extract: Extract, con: duckdb.DuckDBPyConnection, path: Path, first_sight: datetime) -> Met:
    """A file copied and read, with the receipt it is to get: nothing of it counts before that is written. Raises NotNow."""
    copied = _copied(lake, path)
    try:
        return _read_copy(lake, extract, con, copied, first_sight.isoformat(timespec="microseconds"))
    except BaseException:
        if copied.part:
            copied.part.unlink(missing_ok=True)
        raise


def _read_copy(lake: Lake, extract: Extract, con: duckdb.DuckDBPyConnection, copied: Copied, seen: str) -> Met:
    """The copy read and its receipt drafted; the receipt that is there already where the arrival has been met before."""
    path, stat = copied.path, copied.stat
    # The same arrival met again after a crash must give the same receipt, the same file sent again another one.
    receipt_id = f"{extract.name}-{digest(path.name, copied.content, stat.st_ino, stat.st_ctime_ns)[:12]}"
    written = lake.receipts / f"{receipt_id}.json"
    if written.exists():
        return Met(copied, Receipt(**read_json(written)), is_new=False)
    name = unicodedata.normalize("NFC", path.name)
    receipt = Receipt(receipt_id, extract.name, name, copied.inner_name, copied.content, stat.st_size, seen, seen)
    receipt = _refused(receipt, copied.refusal) if copied.refusal else _acknowledge(lake, extract, con, receipt, copied.part)
    if receipt.is_refused and extract.contract.has_personal_columns and not _is_expected(extract, copied.inner_name):
        # A name nobody agreed on may be a person's. The file keeps it, in the folder of what was rejected.
        receipt = replace(receipt, file_name=f"{receipt_id} (unexpected name)", inner_name="")
    return Met(copied, receipt, is_new=True)


def _take(lake: Lake, met: Met) -> Receipt:
    """The delivery is taken: archived, its receipt written, landing cleared. Raises NotNow for a file that grew or vanished meanwhile."""
    path, stat, receipt = met.copied.path, met.copied.stat, met.receipt
    # Where another file lies under the name by now, the one that lay there was whole, and both are deliveries.
    now = stat_of(path)
    if met.is_new and (now is None or (now.st_ino == stat.st_ino and not _is_unchanged(path, stat))):
        raise NotNow(path.name)
    if met.copied.part:
        met.copied.part.replace(lake.archived(receipt.content))
    if met.is_new:
        write_json(lake.receipts / f"{receipt.id}.json", asdict(receipt))
    if receipt.is_refused:
        folder = lake.rejected / receipt.id
        folder.mkdir(mode=0o700, exist_ok=True)
        write_json(folder / "reason.json", {"file": path.name, "reason": receipt.reason, "sentence": receipt.sentence})
    # Reading takes a while: what lies under the name by now may be another delivery, and is left for the next run.
    if not _is_unchanged(path, stat):
        return receipt
    if receipt.is_refused:
        move(path, folder / path.name)
    else:
        remove(path)
    return receipt


def _is_unchanged(path: Path, before: os.stat_result) -> bool:
    now = stat_of(path)
    return now is not None and all(
        getattr(now, what) == getattr(before, what) for what in ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    )


def _read(path: Path) -> Iterator[bytes]:
    """What is inside a delivered file. Raises Refused; NotNow where landing fails, which is no fault of the file."""
    try:
        yield from chunks(path, path.name)
    except OSError as error:
        raise NotNow(path.name) from error


def _inner_name(path: Path, name: str) -> str:
    try:
        return inner_name(path, name)
    except OSError as error:
        raise NotNow(path.name) from error


def _acknowledge(lake: Lake, extract: Extract, con: duckdb.DuckDBPyConnection, draft: Receipt, part: Path | None) -> Receipt:
    """The receipt once the file has been read, from `part` or the archive: accepted with the times its name states, or refused."""
    try:
        variables = Delivery(part or lake.archived(draft.content), extract, draft.inner_name).match.variables
        received = _instant(variables["$received"]) if "$received" in variables else draft.received_at
        ordered = _instant(variables["$extracted"]) if "$extracted" in variables else received
        receipt = replace(draft, received_at=received, ordered_by=ordered)
        reading_of(lake, extract, receipt.content, receipt.inner_name, con, part)
    except Refused as refused:
        return _refused(draft, refused)
    return receipt


def _is_expected(extract: Extract, name: str) -> bool:
    """Whether some layout knows files of this name."""
    return any(layout.file and layout.file.fullmatch(name) for layout in extract.layouts)


def _refused(receipt: Receipt, refusal: Refused) -> Receipt:
    return replace(receipt, reason=refusal.code, sentence=refusal.sentence)


def _instant(text: str) -> str:
    """20150504-0615 and the like, digits of a civil local time in falling order, as an ISO text."""
    digits = re.sub(r"\D", "", text)
    forms = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
    try:
        return datetime.strptime(digits, forms[len(digits)]).isoformat(timespec="microseconds")
    except (KeyError, ValueError):
        raise Refused("unreadable_file", f"The file name says {text!r} where a date and time belong.") from None


def _copied(lake: Lake, path: Path) -> Copied:
    """The file as it is met, copied for the archive. Raises NotNow for one that changes or vanishes meanwhile."""
    if (stat := stat_of(path)) is None:
        raise NotNow(path.name)
    name = unicodedata.normalize("NFC", path.name)
    inner = name
    try:
        inner = _inner_name(path, name)
        content, part = _copy(lake, path, stat)
    except Refused as refused:
        return Copied(path, stat, inner, digest(path.name, stat.st_size, stat.st_mtime_ns), None, refused)
    return Copied(path, stat, inner, content, part)


def _copy(lake: Lake, path: Path, seen: os.stat_result) -> tuple[str, Path | None]:
    """The hash of what the file holds (in text CRLF counts as LF), and a copy unless the archive has it. Raises Refused."""
    if path.is_symlink():
        raise Refused("unreadable_file", "The delivery is a link; deliver the file itself.")
    part, hashed, kind, held = beside(lake.archive / f"arriving-{digest(path.name)[:12]}"), hashlib.sha256(), None, b""
    try:
        with part.open("wb") as copy:
            for chunk in _read(path):
                kind = kind or kind_of(chunk)
                copy.write(chunk)
                if kind == "workbook":
                    hashed.update(chunk)
                else:
                    # A carriage return at the very end waits for the next chunk, lest a CRLF be cut in two.
                    whole = held + chunk if held else chunk
                    held = b"\r" if whole.endswith(b"\r") else b""
                    hashed.update(whole[: len(whole) - len(held)].replace(b"\r\n", b"\n") if b"\r" in whole else whole)
        hashed.update(held)
        # A file that changed meanwhile must not stay in the archive: no receipt would ever tell when to delete it.
        if not _is_unchanged(path, seen):
            raise NotNow(path.name)
        content = hashed.hexdigest()[:32]
        if lake.archived(content).exists():
            part.unlink()
            return content, None
        sync(part)
        part.chmod(0o600)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return content, part
