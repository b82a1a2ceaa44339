"""A ring of lines in a file mapped into memory: they survive the process, and no call makes a system call.

The kernel keeps the pages of a mapped file when their process dies, however it dies; not when the power fails. A line
is a frame with its checksum and its sequence number. The head of the file says up to where frames are written
(`_HEAD`), and up to which place and which sequence number they were acknowledged (`_TAIL`, `_THROUGH`). Positions only
grow: the place in the file is the remainder by the capacity, and no frame crosses the end. The process that holds the
lock of the file is alive.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import re
import struct
import time
from binascii import crc32
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from discreet._base import threads
from discreet._base.diagnostics import reason_of, report_problem
from discreet._base.levels import ERROR, INFO, WARNING
from discreet._delivery import frames, locks
from discreet._delivery.folder import place
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from discreet._base.threads import ExitLock
    from discreet._delivery.runner import Setup

CAPACITY = 8 << 20
"""Bytes, without the head."""
HEAD_BYTES = 4096
START = struct.Struct("<8sIIQ")  # what the file is, its version, bytes of description, capacity
MAGIC, VERSION = b"discring", 1
WORDS = 64  # where the numbers below stand: eight bytes each, so that each is written in one piece
_HEAD, _TAIL, _THROUGH = 0, 1, 2
DESCRIPTION = 128
ALIGN = 8
_MOST_MORE = frames.FRAME + ALIGN - 1
_pack = frames.HEADER.pack
_NOTHING = frames.Reading([], [], 0, 0)
BATCH = 256 << 10
"""Bytes that are taken at once."""
_NAME = re.compile(r"\d{20}-\d{1,10}-[0-9a-f]{8}\.ring")
_NUMBERS = struct.Struct("<QQQ")  # head, tail, through
_ONE_NUMBER = struct.Struct("<Q")
# Of what is no file (None: `ForeignFileError`), or none of this user's.
_NOT_OURS = {None, errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.EPERM}
SHARES = (1.0, 0.95, 0.85, 0.70)
"""How full the ring may get by errors (and above), warnings, info and the rest."""


class Ring:
    """The ring of this process. Any number of threads put lines in, one takes them out."""

    full = "ring full"

    def __init__(self, folder: Path, description: Mapping[str, object], capacity: int = CAPACITY) -> None:
        """Make the file, with all its blocks: a full disk fails here (`OSError`), not as SIGBUS in a log call."""
        self.capacity = capacity
        self.path, self._fd = _create(folder, description, capacity)
        try:
            fd = os.open(self.path, os.O_RDWR)  # another open file: the map must not keep the lock alive in a fork
            try:
                self._map = mmap.mmap(fd, HEAD_BYTES + capacity)
            finally:
                os.close(fd)
        except BaseException:
            _discard(self.path, self._fd)
            raise
        self._words = memoryview(self._map)[WORDS : WORDS + 24].cast("Q")
        # Re-entrant: a signal handler may log while its own thread is in `put`.
        self.lock: threading.RLock | ExitLock = threads.lock()
        self._top = self._complete = self._tail = 0
        self._sequence = self._through = 0
        self._taken = _NOTHING
        self._taken_at = self._acknowledged = 0  # where the lines that were taken begin, and how many are acknowledged
        self.torn = 0
        """Frames that an exception out of a signal handler left unfinished. Their calls did not return."""
        self._error, self._warning, self._info, self._debug = (int(capacity * share) for share in SHARES)
        locks.holders.add(self)

    def put(self, line: bytes, level: int) -> bool:
        """Copy a line into the ring, unless it is too full for its level. Never blocks."""
        size = (len(line) + _MOST_MORE) & -ALIGN
        with self.lock:
            if level >= ERROR:
                most = self._error
            elif level >= WARNING:
                most = self._warning
            else:
                most = self._info if level >= INFO else self._debug
            top = self._top
            at = top % self.capacity
            rest = (self.capacity - at) * (at + size > self.capacity)  # of a lap, too short for this frame
            if top + rest + size - self._tail > most:
                return False
            # A signal handler or a finalizer may call `put` again on this thread, at any call, jump or allocation of an
            # object that the garbage collector tracks. The next lines have none of these: they reserve a place for
            # this frame alone.
            top = self._top
            nested = self._complete != top
            at = top % self.capacity
            crosses = at + size > self.capacity
            end = top + size + (self.capacity - at) * crosses
            self._top = end
            sequence = self._sequence + 1
            self._sequence = sequence
            try:
                if end - self._tail <= self.capacity:  # else a handler took the last room meanwhile: this frame is torn
                    frame = _pack(len(line), crc32(line, sequence & 0xFFFFFFFF), sequence) + line  # as frames.pack
                    at = HEAD_BYTES + at * (not crosses)
                    self._map[at : at + len(frame)] = frame
            finally:
                self._words[_HEAD] = self._top
                if not nested:
                    self._complete = self._top
        return True

    @property
    def accepted(self) -> int:
        """How many lines were put here so far, which is also the number of the newest."""
        return self._sequence

    newest = accepted

    @property
    def oldest(self) -> int:
        """The number of the oldest pending line; above `newest` if there is none."""
        return self._through + 1

    @property
    def pending(self) -> int:
        """How many lines were not acknowledged."""
        return self._sequence - self._through

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many lines were lost here."""
        return {"ring torn": self.torn} if self.torn else {}

    @property
    def is_half_full(self) -> bool:
        """Whether the worker falls behind."""
        return (self._top - self._tail) * 2 > self.capacity

    def take(self, _count: int = 0, size: int = BATCH) -> Sequence[bytes]:
        """The oldest lines, about `size` bytes of them; none if there are none. They are pending until acknowledged."""
        while True:
            complete, tail = self._complete, self._tail
            if tail == complete:
                self._drop_torn()
                return ()
            at = tail % self.capacity
            stretch = min(complete - tail, self.capacity - at)
            for length in (min(stretch, size), stretch):
                data = self._map[HEAD_BYTES + at : HEAD_BYTES + at + length]
                reading = frames.read(data, 0, self._through, ALIGN)
                if reading.lines:
                    self._taken, self._taken_at, self._acknowledged = reading, tail, 0
                    return reading.lines
            self._advance(self._through, tail + stretch, 0)  # the rest of a lap, or what is torn

    def _drop_torn(self) -> None:
        """Count the last frames as lost, if they are torn. During a `put`, this is left to the next `take`."""
        if self._sequence != self._through and self.lock.acquire(blocking=False):
            try:
                if self._tail == self._top:
                    self._advance(self._sequence, self._tail, self._sequence - self._through)
            finally:
                self.lock.release()

    def acknowledge(self, count: int) -> None:
        """The next `count` of the lines that were taken are delivered, or counted as dropped: they do not come again.

        Called once per write, of however many lines: a kill repeats the lines of one write at most.
        """
        if count:
            self._acknowledged = acknowledged = self._acknowledged + count
            reading = self._taken
            through, end = reading.sequences[acknowledged - 1], reading.ends[acknowledged - 1]
            if acknowledged == len(reading.lines):
                self._taken, self._acknowledged = _NOTHING, 0
            self._advance(through, self._taken_at + end, through - self._through - count)

    def _advance(self, through: int, tail: int, torn: int) -> None:
        words = self._words
        self.torn += torn
        words[_THROUGH] = self._through = through  # first: a line that was delivered must not come again
        words[_TAIL] = self._tail = tail

    def refuse_more(self) -> None:
        """Take in nothing more."""
        with self.lock:
            self._error = self._warning = self._info = self._debug = -1

    def close(self) -> None:
        """Release the file; it is removed if no line is pending."""
        self.refuse_more()
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        if not self.pending:
            with suppress(OSError):  # an empty ring is removed by the next start too
                os.unlink(self.path)
            self._words.release()
            self._map.close()  # it has a descriptor of its own; if lines are pending, the worker may still read them
        locks.unlock(fd)
        os.close(fd)

    def leave(self) -> None:
        """In a forked child: the ring is the parent's, and so is its lock."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def ring_folder(setup: Setup, target: str) -> Path | None:
    """The folder for rings; None, and reported, if nobody named a folder and none of the usual ones can be had."""
    try:
        return place("ring", setup.service, target, state_dir=setup.state_dir)
    except (OSError, ConfigurationError) as error:
        if isinstance(error, ConfigurationError) and setup.state_dir:
            raise
        why = error.problem if isinstance(error, ConfigurationError) else reason_of(error)
        report_problem(f"no folder for a ring ({why}): records are pending in memory only")
        return None


def _create(folder: Path, description: Mapping[str, object], capacity: int) -> tuple[Path, int]:
    text = json.dumps(description).encode()
    if DESCRIPTION + len(text) > HEAD_BYTES:
        raise OSError(errno.ENAMETOOLONG, "the description of a ring is too long")
    for _ in range(5):
        path = folder / f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(4).hex()}.ring"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if locks.try_lock(fd) and os.fstat(fd).st_nlink:  # else another process took it for a dead process's ring
                allocate(fd, HEAD_BYTES + capacity)
                os.pwrite(fd, text, DESCRIPTION)
                os.pwrite(fd, START.pack(MAGIC, VERSION, len(text), capacity), 0)
                return path, fd
        except BaseException:
            _discard(path, fd)
            raise
        os.close(fd)
    raise OSError(errno.EAGAIN, "no ring could be made")


def _discard(path: Path, fd: int) -> None:
    with suppress(OSError):  # an empty ring is removed by the next start too
        os.unlink(path)
    os.close(fd)


def allocate(fd: int, size: int) -> None:
    """Give a file its blocks now. Raises `OSError` if the disk has no room for them."""
    fallocate: Any = getattr(os, "posix_fallocate", None)
    if fallocate is not None:
        fallocate(fd, 0, size)
        return
    nothing = bytes(1 << 20)  # macOS
    written = 0
    while written < size:
        written += os.pwrite(fd, nothing[: size - written], written)


class DeadRing:
    """The ring of a process that ended, while this process alone has it."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self.description: dict[str, Any] = {}
        """What its process wrote about itself: service, target, kind, pid, started (seconds since the epoch)."""
        self.lines: Sequence[bytes] = ()
        self.torn = 0
        """Lines that were being written when the process died: their calls had not returned."""
        self.is_readable = True
        """False: a newer discreet made the file, or something else did."""
        self._sequences: Sequence[int] = ()
        self._through = self._acknowledged = 0
        self._read(frames.contents(fd))

    def _read(self, data: bytes) -> None:
        if not any(data[: START.size]):  # its process died before it could write anything
            return
        magic, version, length, capacity = START.unpack_from(data.ljust(START.size, b"\0"))
        if magic != MAGIC or version != VERSION or capacity <= 0 or len(data) != HEAD_BYTES + capacity:
            self.is_readable = False
            return
        with suppress(ValueError):  # without a description, the lines are still good
            found: object = json.loads(data[DESCRIPTION : DESCRIPTION + length])
            if isinstance(found, dict):
                self.description = cast("dict[str, Any]", found)
        head, tail, through = _NUMBERS.unpack_from(data, WORDS)
        body = memoryview(data)[HEAD_BYTES:]
        is_sound = 0 <= head - tail <= capacity and not tail % ALIGN
        at = tail % capacity if is_sound else 0
        written = bytes(body[at:]) + bytes(body[:at])
        if is_sound:
            written = written[: head - tail]
        reading = frames.read(written, 0, through, ALIGN)
        self.lines, self._sequences, self._through = reading.lines, reading.sequences, through
        self.torn = reading.missing + (is_sound and reading.end < len(written))

    def acknowledge(self, count: int) -> int:
        """The first `count` lines are delivered and do not come again; how many more lines up to there are torn."""
        through = self._sequences[count - 1]
        torn = through - self._through - (count - self._acknowledged)
        self._through, self._acknowledged, self.torn = through, count, self.torn - torn
        with suppress(OSError):  # at worst they come again
            os.pwrite(self._fd, _ONE_NUMBER.pack(through), WORDS + _THROUGH * _ONE_NUMBER.size)
        return torn

    def remove(self) -> None:
        """All of it is delivered."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def dead_rings(folder: Path) -> Generator[DeadRing]:
    """The rings in a folder whose processes are dead, the oldest first, each locked until the next is asked for."""
    for path in ring_files(folder):
        fd = None
        try:
            fd = locks.open_locked(path)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
        if fd is not None:
            try:
                found = DeadRing(path, fd)
                if found.is_readable:
                    yield found
            finally:
                locks.unlock(fd)
                os.close(fd)


def ring_files(folder: Path) -> list[Path]:
    """The rings in a folder, of the living and the dead, the oldest first."""
    try:
        return sorted(folder / name for name in os.listdir(folder) if _NAME.fullmatch(name))
    except OSError:
        return []
