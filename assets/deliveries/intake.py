"""From landing to receipt: a delivered file is archived by content, read once, and acknowledged by one immutable receipt.

A file that cannot be read goes to `rejected/` with its reason and stops no other; so does one that reading was stopped of, until
somebody has it read again. Receipts are final; which of them are current is decided elsewhere (`assets.deliveries.standing`).
"""

import os
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from assets.deliveries.landing import identity, settled, stat_of
from assets.deliveries.names import agreed, holds_number, known_to_layout, name_of, not_kept
from assets.deliveries.readings import archived, read
from assets.deliveries.receipts import Receipt, read_receipt, write_receipt
from assets.deliveries.stamps import Ahead, Stamps, stamps_of_name
from assets.lake.decisions import Decision, purged
from assets.lake.files import Lake, beside, give_name, move, remove, sync, write_json
from sources.contract import digest
from sources.errors import Missing, WrongUsage
from sources.layout import Extract, LayoutFault
from sources.readers import NotReadable, Readers, Stopped
from sources.reasons import READING_STOPPED, Refused
from sources.unpack import Unpacked

# What lies beside a file that was put away: why.
REASON = "reason.json"


@dataclass(frozen=True)
class Met:
    """A delivered file as it was met, with its receipt: one that is new is not written yet.

    `part` is its copy beside the archive, None where the archive has it or it is put away.
    """

    path: Path
    stat: os.stat_result
    receipt: Receipt
    is_new: bool
    part: Path | None = None


@dataclass
class Swept:
    """The receipts that a sweep made; the files it left in landing (identity -> why); and what is wrong with a layout that fits some."""

    arrived: list[Receipt] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)


class NotNow(Exception):
    """A file that is left in landing until the next run. The text says why, '' for one that changed or vanished just now."""


class NameTaken(WrongUsage):
    """A file that is to be read again would take the place of another one."""


class NoLongerKept(Missing):
    """A file that is to be read again and has been cleaned away."""


def sweep(lake: Lake, extract: Extract, readers: Readers, now: datetime) -> Swept:
    """Take every file that lies complete in the extract's landing folder, oldest first.

    `now` is the time of first sight, for files whose name does not say when they were received. A file that is still being
    written, that cannot be read just now, or that is stamped far ahead of the clock stays where it is.
    """
    return _Sweep(lake, extract, readers, now).take()


def read_again(lake: Lake, receipt_id: str) -> None:
    """Put the file back into landing if it is held unread, for the next run. Raises NoLongerKept, NameTaken."""
    receipt = read_receipt(lake, receipt_id)
    if receipt is None or not receipt.is_unread:
        return
    folder = lake.rejected / receipt_id
    files = [p for p in folder.iterdir() if p.name != REASON] if folder.is_dir() else []
    if not files:
        raise NoLongerKept(f"The file of {receipt_id} is no longer kept; have it sent again, and `ventetal withdraw {receipt_id}`.")
    for file in files:
        target = lake.landing / receipt.extract / file.name
        if target.exists():
            raise NameTaken(f"Another file called {file.name} lies in landing; let a run take it first, then accept this one.")
        move(file, target)


class _Sweep:
    """One sweep of an extract's folder."""

    def __init__(self, lake: Lake, extract: Extract, readers: Readers, now: datetime) -> None:
        self.lake, self.extract, self.readers, self.now = lake, extract, readers, now
        self.is_personal, self.swept = extract.contract.has_personal_columns, Swept()
        self._ahead: list[str] = []

    def take(self) -> Swept:
        folder = self.lake.landing / self.extract.name
        folder.mkdir(exist_ok=True)
        files = settled(folder)
        with closing(self._read_ahead(files)) as coming:
            for met in coming:
                try:
                    self.swept.arrived.append(self._taken(met))
                except NotNow:
                    continue
        if 2 * len(self._ahead) > len(files):
            self.swept.left |= {file: f"{self.swept.left[file]}; most files are stamped ahead: is the clock right?" for file in self._ahead}
        return self.swept

    def _read_ahead(self, files: list[Path]) -> Generator[Met, None, None]:
        """Each file that can be read just now, in order. While the caller takes one, the next ones are copied and read."""
        coming: dict[Path, Future[Met]] = {}
        # A microsecond apart, so that files first seen together keep the order they were written in.
        sights = [self.now - timedelta(microseconds=len(files) - 1 - place) for place in range(len(files))]
        with ThreadPoolExecutor(self.readers.at_once) as threads:
            try:
                for place, path in enumerate(files):
                    for near, sight in zip(files[place : place + self.readers.at_once], sights[place:], strict=False):
                        if near not in coming:
                            coming[near] = threads.submit(self._meet, near, sight)
                    try:
                        yield self._met(coming, path, threads, sights[place])
                    except NotNow as reason:
                        self._leave(path, reason)
            except BaseException:
                # Who stops the run does not wait until what is being read has been read.
                self.readers.interrupt()
                wait(coming.values())
                raise
            finally:
                for reading in coming.values():
                    if not reading.exception() and (part := reading.result().part):
                        part.unlink(missing_ok=True)
                # An error holds this frame, which would hold the error.
                coming.clear()

    def _met(self, coming: dict[Path, Future[Met]], path: Path, threads: ThreadPoolExecutor, sight: datetime) -> Met:
        try:
            return coming[path].result()
        except Stopped:
            # Two that do not fit together may fit one after the other.
            wait(coming.values())
        tried = self._stat(path)
        coming[path] = threads.submit(self._meet, path, sight)
        try:
            return coming[path].result()
        except Stopped as stopped:
            return self._held(path, tried, sight, str(stopped))

    def _leave(self, path: Path, reason: NotNow) -> None:
        if str(reason) and (stat := stat_of(path)):
            self.swept.left[file := identity(path, stat)] = str(reason)
            if isinstance(reason.__cause__, Ahead):
                self._ahead.append(file)

    def _meet(self, path: Path, sight: datetime) -> Met:
        """A file copied and read, with the receipt it is to get: nothing of it counts before that is written. Raises NotNow, Stopped."""
        stat, name = self._stat(path), name_of(path)
        part = beside(self.lake.archive / f"arriving-{digest(name)[:12]}")
        try:
            self._judge_name(name)
            if path.is_symlink():
                raise Refused("unreadable_file", "The delivery is a link; deliver the file itself.")
            unpacked = self.readers.unpack(path, name, part)
            self._judge_name(unpacked.inner_name)
            # A file that changed meanwhile must not stay in the archive: no receipt would ever tell when to delete it.
            if not _is_unchanged(path, stat):
                raise NotNow
            return self._read(path, stat, sight, unpacked, part)
        except Refused as refused:
            part.unlink(missing_ok=True)
            return self._put_away(path, stat, sight, refused.code, refused.told(self.is_personal))
        except BaseException as error:
            part.unlink(missing_ok=True)
            part.with_suffix(".packed").unlink(missing_ok=True)
            if reason := self._reason(error):
                raise reason from error
            raise

    def _reason(self, error: BaseException) -> NotNow | None:
        """Why the file is left in landing, where that is what the error means."""
        match error:
            case NotReadable():
                return NotNow(f"it cannot be read: {error}")
            case Ahead():
                return NotNow(
                    f"it is stamped {str(error)[:16].replace('T', ' ')}, and it is {self.now:%Y-%m-%d %H:%M} now;"
                    " it is taken once that time has come, or when it is renamed"
                )
            case LayoutFault():
                self.swept.faults.add(str(error))
                return NotNow("its layout must be mended first")
        return None

    def _judge_name(self, name: str) -> None:
        """Before the file is opened: does its name hold what must not be kept, or a time that has not come? Raises Refused, Ahead."""
        said = stamps_of_name(self.extract, name)
        if self.is_personal and known_to_layout(self.extract, name) and holds_number(name, said.texts):
            raise Refused("unreadable_file", "The name of the file holds a number that could be a person's; name it as agreed.")
        said.times(self.now, "")

    def _read(self, path: Path, stat: os.stat_result, sight: datetime, unpacked: Unpacked, part: Path) -> Met:
        """The copy read and its receipt drafted; the receipt that is there already where the arrival has been met before."""
        receipt_id = self._receipt_id(path, stat, unpacked.content)
        if said := self._purged.get(unpacked.content):
            raise NotNow(f"what it holds was purged ({said.decided_at[:10]}, {said.receipt}), and is not taken again: delete it")
        if written := read_receipt(self.lake, receipt_id):
            part.unlink()
            return Met(path, stat, written, is_new=False)
        kept = archived(self.lake, unpacked.content)
        known = read(self.lake, self.extract, unpacked.content, unpacked.inner_name, self.readers, kept or part)
        received, ordered = (known.stamps or Stamps()).times(self.now, self._seen(path, stat, sight))
        inner, name = unpacked.inner_name, name_of(path)
        if self.is_personal and not agreed(self.extract, inner):
            inner = ""
        if self.is_personal and not agreed(self.extract, name):
            name = not_kept(self.extract, receipt_id, inner)
        receipt = Receipt(receipt_id, self.extract.name, name, inner, unpacked.content, stat.st_size, received, ordered)
        if kept:
            part.unlink()
            return Met(path, stat, receipt, is_new=True)
        sync(part)
        part.chmod(0o600)
        return Met(path, stat, receipt, is_new=True, part=part)

    def _held(self, path: Path, tried: os.stat_result, sight: datetime, why: str) -> Met:
        """A file that reading was stopped of twice: nothing was found against it, and nothing of it is known."""
        if not _is_unchanged(path, tried):
            raise NotNow
        return self._put_away(path, tried, sight, READING_STOPPED, f"It was tried twice, and held because {why}.")

    def _put_away(self, path: Path, stat: os.stat_result, sight: datetime, reason: str, sentence: str) -> Met:
        """The receipt of a file of which nothing is taken."""
        content, name = identity(path, stat), name_of(path)
        receipt_id = self._receipt_id(path, stat, content)
        if written := read_receipt(self.lake, receipt_id):
            return Met(path, stat, written, is_new=False)
        if self.is_personal and not agreed(self.extract, name):
            name = not_kept(self.extract, receipt_id, "")
        try:
            received, ordered = stamps_of_name(self.extract, name).times(self.now, self._seen(path, stat, sight))
        except Refused:
            received = ordered = self._seen(path, stat, sight)
        return Met(
            path, stat, Receipt(receipt_id, self.extract.name, name, "", content, stat.st_size, received, ordered, reason, sentence), True
        )

    def _receipt_id(self, path: Path, stat: os.stat_result, content: str) -> str:
        """The same arrival met again after a crash must give the same receipt, the same file sent again another one."""
        return f"{self.extract.name}-{digest(name_of(path), content, stat.st_ino, stat.st_ctime_ns)[:12]}"

    def _seen(self, path: Path, stat: os.stat_result, sight: datetime) -> str:
        """When the file was first seen: before, if it was held unread and is to be read again."""
        return self._unread.get(identity(path, stat), sight.isoformat(timespec="microseconds"))

    @cached_property
    def _purged(self) -> dict[str, Decision]:
        return {content: d for d in purged(self.lake).values() for content in d.content.split()}

    @cached_property
    def _unread(self) -> dict[str, str]:
        # One that is damaged is mended, or told, once what lies in landing has been taken.
        known = (read_receipt(self.lake, p.stem) for p in self.lake.receipts.glob(f"{self.extract.name}-*.json"))
        return {r.content: r.received_at for r in known if r and r.extract == self.extract.name and r.is_unread}

    def _stat(self, path: Path) -> os.stat_result:
        if (stat := stat_of(path)) is None:
            raise NotNow
        return stat

    def _taken(self, met: Met) -> Receipt:
        """The delivery is taken: archived, its receipt written, landing cleared. Raises NotNow for one that grew or vanished meanwhile."""
        path, stat, receipt = met.path, met.stat, met.receipt
        # Where another file lies under the name by now, the one that lay there was whole, and both are deliveries.
        now = stat_of(path)
        if met.is_new and (now is None or (now.st_ino == stat.st_ino and not _is_unchanged(path, stat))):
            raise NotNow
        if met.part:
            give_name(met.part, self.lake.archived(receipt.content))
        if met.is_new:
            write_receipt(self.lake, receipt)
        if receipt.is_put_away:
            folder = self.lake.rejected / receipt.id
            folder.mkdir(mode=0o700, exist_ok=True)
            write_json(folder / REASON, {"file": name_of(path), "reason": receipt.reason, "sentence": receipt.sentence})
        # Reading takes a while: what lies under the name by now may be another delivery, and is left for the next run.
        if not _is_unchanged(path, stat):
            return receipt
        if receipt.is_put_away:
            move(path, folder / (path.name if path.name != REASON else f"delivered {REASON}"))
        else:
            remove(path)
        return receipt


def _is_unchanged(path: Path, before: os.stat_result) -> bool:
    now = stat_of(path)
    return now is not None and all(
        getattr(now, what) == getattr(before, what) for what in ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    )
