"""Records that wait on disk for a receiver that is away: written by many processes, sent by one at a time.

Each process appends to segments of its own; whoever appends to, drains or removes a segment holds its lock. Locks are
the kernel's and end with the process, so nothing has to be cleaned up after a `kill -9`. A record is in the kernel's
hands when `write` returns: it survives the process, not a power cut. It may come twice, if a process dies between
sending it and noting that.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import weakref
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from discreet._delivery import folder as folders
from discreet._delivery import locks
from discreet._delivery.locks import ForeignFileError
from discreet._delivery.spool import segment
from discreet._delivery.spool.books import News, SpoolBooks
from discreet._delivery.spool.listing import ASIDE, Listing, fitting, packed_size
from discreet._delivery.spool.segment import Name, Passed, Segment
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

MAX_BYTES = 64 << 20
MAX_AGE = 48 * 3600.0
_SEGMENT_BYTES = 1 << 20
_SEGMENT_AGE = 300.0  # one segment expires as a whole
_LOCK = "drain.lock"
_NO_FILE = {errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO}  # a link (EMLINK on FreeBSD), a folder, a socket


class Spool:
    """A folder of segments. Several `Spool`s, in any number of processes, may share it."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE) -> None:
        """`max_age` in seconds. Raises `ConfigurationError` where files cannot be locked, or the folder is not ours."""
        if not locks.available:
            raise ConfigurationError(
                "DISCREET_SPOOL",
                "on",
                "this platform has no file locks",
                "Set DISCREET_SPOOL=off: nothing waits on disk",
            )
        self.folder = Path(folder)
        self.max_bytes = max_bytes
        self._listing = Listing(self.folder, max_age)
        folders.private(self.folder)
        self.begin()
        _spools.add(self)

    def begin(self) -> None:
        """With nothing of its own, as a forked child does: what the parent stored is the parent's."""
        self._lock = threading.RLock()
        self.owner = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._current: Name | None = None
        self._books = SpoolBooks()
        self._held: set[int] = set()

    def leave(self) -> None:
        """In a forked child: the parent's locks must not live on in copies of its descriptors."""
        for fd in self._held:
            os.close(fd)
        self.begin()

    # --- storing

    def write(self, lines: Sequence[bytes]) -> int:
        """Store lines; how many were. The rest, for which there is no room, is the caller's. Never raises."""
        stored = 0
        with self._lock:
            while stored < len(lines):
                try:
                    count = self._append(lines[stored:])
                except (OSError, ConfigurationError):
                    break
                if not count:
                    break
                stored += count
        return stored

    def _append(self, lines: Sequence[bytes]) -> int:
        lines = fitting(lines, min(_SEGMENT_BYTES, self.max_bytes)) or lines[:1]
        if packed_size(lines) > self.max_bytes:  # others must not make room for what never fits
            return 0
        lines = fitting(lines, self._make_room(packed_size(lines)))
        if not lines:
            return 0
        name, fd = self._open_own(packed_size(lines))
        try:
            count = segment.append(fd, lines, self._books.written(name.text))
            self._books.wrote(name.text, count)
            return count
        finally:
            self._release(fd)

    def _open_own(self, more: int) -> tuple[Name, int]:
        """A segment of this process that has room for more bytes; a new one if somebody drains the last."""
        name = self._current
        if name is not None and 0 <= time.time() - name.begun < _SEGMENT_AGE:
            fd = locks.open_locked(self.folder / name.text, os.O_RDWR | os.O_APPEND)
            if fd is not None:
                self._held.add(fd)
                if os.fstat(fd).st_size + more <= _SEGMENT_BYTES:
                    return name, fd
                self._release(fd)
        for _ in range(5):  # somebody may drain, and remove, what is still empty
            name = self._current = segment.new_name(self.owner)
            fd = locks.open_locked(self.folder / name.text, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            if fd is not None:
                self._held.add(fd)
                return name, fd
            folders.private(self.folder)  # gone, as folders for temporary files sometimes are
        raise OSError("no segment could be made")

    def _make_room(self, more: int) -> int:
        """Give up what is too old, and the oldest until there is room for more bytes; how many there is room for."""
        try:
            found = self._listing.found(aside=True)
        except FileNotFoundError:
            return self.max_bytes
        total = sum(size for _, size, _ in found)
        for name, size, aside in found:
            expired = self._listing.is_expired(name, self.owner)
            if not expired and total + more <= self.max_bytes:
                break  # what follows is younger
            if aside:
                with suppress(OSError):  # a folder, perhaps
                    (self.folder / (name.text + ASIDE)).unlink()
                    total -= size
            elif self._give_up(name, "spool expired" if expired else "spool full"):
                total -= size
        return self.max_bytes - total

    def _give_up(self, name: Name, reason: str) -> bool:
        opened = self._open(name)
        if opened is None:
            return False
        try:
            self._books.passed(Passed(name, *opened.end(), None), reason)
        finally:
            self._release(opened.fd)
        return True

    # --- draining

    @contextmanager
    def drain(self) -> Generator[Iterator[Segment]]:
        """What waits, the oldest segment first; nothing while another process (or thread) drains.

        A segment is this process's alone until the next is asked for. What of it was not `done` then, stays.
        """
        fd = self._lock_folder()
        try:
            with closing(self._segments([] if fd is None else self._listing.found())) as segments:
                yield segments
        finally:
            if fd is not None:
                self._release(fd)

    def _lock_folder(self) -> int | None:
        try:
            folders.private(self.folder)
            fd = locks.open_locked(self.folder / _LOCK, os.O_RDWR | os.O_CREAT)
        except (OSError, ConfigurationError):
            return None
        if fd is not None:
            self._held.add(fd)
        return fd

    def _segments(self, found: list[tuple[Name, int, bool]]) -> Generator[Segment]:
        for name, _, _ in found:
            if self._listing.is_expired(name, self.owner):
                self._give_up(name, "spool expired")
                continue
            opened = self._open(name)
            if opened is None:
                continue
            try:
                if opened.lines:
                    yield opened
                else:  # nothing of it is whole
                    opened.done(0)
            finally:
                self._release(opened.fd)

    def _open(self, name: Name) -> Segment | None:
        path = self.folder / name.text
        fd = None
        try:
            fd = locks.open_locked(path)
            if fd is None:
                return None
            self._held.add(fd)
            opened = Segment(name, path, fd, self._books.passed)
        except (OSError, ConfigurationError) as error:
            if fd is not None:
                self._release(fd)
            self._set_aside(path, name, error)
            return None
        self._books.taken_by_others(name.text, opened.through)
        return opened

    def _set_aside(self, path: Path, name: Name, error: Exception) -> None:
        """What is no segment must not stop those behind it. What this process may not open is left alone."""
        if getattr(error, "errno", None) not in _NO_FILE and not isinstance(error, ForeignFileError):
            return
        try:
            path.rename(path.with_name(path.name + ASIDE))
        except OSError:
            return
        self._books.passed(Passed(name, 0, 1, None))

    def _release(self, fd: int) -> None:
        if fd in self._held:  # not after a fork: there it may be somebody else's descriptor by now
            self._held.discard(fd)
            locks.unlock(fd)
            os.close(fd)

    # --- books

    @property
    def waiting(self) -> int:
        """How many records of this process wait here, as of the last `news`, `write` or `drain`."""
        return self._books.waiting

    def news(self) -> News:
        """What happened since this was asked last. Together with `waiting`, nothing is missing and nothing twice."""
        return self._books.news(lambda name: segment.passed(self.folder / name))


_spools: weakref.WeakSet[Spool] = weakref.WeakSet()


def _leave() -> None:
    for spool in list(_spools):
        spool.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave)
