"""One file of a spool: lines in the order they came, and how many are acknowledged. And a folder of such files."""

from __future__ import annotations

import os
import re
import stat
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from discreet._delivery import frames, locks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEAD = struct.Struct("<8sQ")  # a mark of such files; the sequence number up to which lines are acknowledged
_MAGIC = b"discspl1"
ASIDE = ".corrupt"
"""What is appended to the name of a file that is no segment."""
_GRACE = 1 / 48  # of the longest age: an hour of two days
_COUNT = struct.Struct("<Q")
_COUNT_FRAME = frames.FRAME + _COUNT.size
"""Behind the head stands how many records were written, in a frame with the sequence number 0.

Segments of earlier versions have none, and earlier versions pass over it as over a torn frame.
"""
_THROUGH = struct.Struct("<Q")
_NAME = re.compile(r"(\d{20})-(\d{1,10}-[0-9a-f]{8})\.spool")


class Name(NamedTuple):
    """When and by whom a segment was begun; sorted as its file name is, the oldest first."""

    text: str
    begun: float
    """Seconds since the epoch."""
    owner: str


def new_name(owner: str) -> Name:
    """For a segment that begins now."""
    now = time.time_ns()
    return Name(f"{now:020d}-{owner}.spool", now / 1e9, owner)


def parse(text: str) -> Name | None:
    """The parts of a file name; None for the name of any other file."""
    found = _NAME.fullmatch(text)
    return Name(text, int(found[1]) / 1e9, found[2]) if found else None


def append(fd: int, lines: Sequence[bytes], after: int) -> int:
    """Write frames behind what an open segment has; how many are there whole. Raises `OSError` if none is."""
    start = os.lseek(fd, 0, os.SEEK_END)
    head = b"" if start else HEAD.pack(_MAGIC, 0) + frames.pack(_COUNT.pack(0), 0)
    packed = [frames.pack(line, number) for number, line in enumerate(lines, after + 1)]
    data = head + b"".join(packed)
    written = 0
    try:
        while written < len(data):
            written += os.write(fd, data[written:] if written else data)
    except OSError:  # the disk is full: keep the whole ones
        whole, count = len(head), 0
        while whole + len(packed[count]) <= written:
            whole += len(packed[count])
            count += 1
        with suppress(OSError):  # then a torn frame stays, which a reader passes over
            os.ftruncate(fd, start + whole if count else start)
        if not count:
            raise
        _note_count(fd, after + count)
        return count
    _note_count(fd, after + len(lines))
    return len(lines)


def _note_count(fd: int, count: int) -> None:
    """Note how many records a segment has, so that those of a part that is cut off are counted as lost."""
    with suppress(OSError):
        if _written(os.pread(fd, HEAD.size + _COUNT_FRAME, 0)) is not None:
            os.pwrite(fd, frames.pack(_COUNT.pack(count), 0), HEAD.size)


def _start(data: bytes) -> int:
    """Where the first line's frame begins."""
    return HEAD.size + (0 if _written(data) is None else _COUNT_FRAME)


def _written(data: bytes) -> int | None:
    """How many records a segment says that it has; None if it does not say."""
    frame = data[HEAD.size : HEAD.size + _COUNT_FRAME]
    count = frame[frames.FRAME :]
    if len(count) < _COUNT.size or frames.pack(count, 0) != frame:
        return None
    return int(_COUNT.unpack(count)[0])


class Segment:
    """The lines that are pending in one file, while this process alone may deliver them."""

    def __init__(self, name: Name, path: Path, fd: int, count: Callable[[str, int, int, int | None], None]) -> None:
        """`count` is called for lines that are no longer pending; see `SpoolCounts.acknowledged`."""
        self.name = name
        self.fd = fd
        self._path = path
        self._count = count
        data = frames.contents(fd)
        self.through = 0
        self._reading = frames.Reading([], [], 0, 0)
        if len(data) >= HEAD.size:
            magic, self.through = HEAD.unpack_from(data)
            if magic != _MAGIC:
                raise locks.ForeignFileError
            self._reading = frames.read(data, _start(data), self.through)
        written = _written(data)
        if written is None:
            self._missing = self._reading.missing + (self._reading.end < len(data))
        else:  # what a cut took away, and what was torn, are between the last line and the count
            last = self._reading.sequences[-1] if self._reading.sequences else self.through
            self._missing = self._reading.missing + max(0, written - last)
        self._acknowledged = self._torn = 0
        self._ended = False
        self.lines: Sequence[bytes] = self._reading.lines
        """What is pending, in order."""

    def acknowledge(self, count: int) -> None:
        """The first `count` of `lines` are not read again; after the last line, the file is removed."""
        if self._ended or count <= self._acknowledged < len(self.lines):
            return
        if count >= len(self.lines):
            self._count(self.name.text, *self.end(), None)
            return
        through = self._reading.sequences[count - 1]
        self._mark(through)
        whole = count - self._acknowledged
        torn = through - self.through - whole
        self.through, self._acknowledged, self._torn = through, count, self._torn + torn
        self._count(self.name.text, whole, torn, through)

    def end(self) -> tuple[int, int]:
        """Remove the file; how many records of it were left, and how many torn ones."""
        self._ended = True
        try:
            self._path.unlink(missing_ok=True)
        except OSError:  # a folder that became read-only: then at least they are not read again
            self._mark(self._reading.sequences[-1] if self.lines else 0)
        return len(self.lines) - self._acknowledged, self._missing - self._torn

    def _mark(self, through: int) -> None:
        try:
            os.pwrite(self.fd, _THROUGH.pack(through), HEAD.size - _THROUGH.size)
        except OSError:  # at worst they come twice
            return


def survey(folder: Path) -> tuple[int, int]:
    """How many lines are pending in a folder, of all processes, and their bytes; changes nothing."""
    records = size = 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0, 0
    for name in names:
        data = _peek(folder / name) if parse(name) is not None else b""
        if len(data) >= HEAD.size and data.startswith(_MAGIC):
            lines = frames.read(data, _start(data), HEAD.unpack_from(data)[1]).lines
            records += len(lines)
            size += sum(map(len, lines))
    return records, size


def acknowledged(path: Path) -> int | None:
    """The sequence number up to which a segment is acknowledged, whoever has it; None if it is gone."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError:  # nobody knows: it may be there
        return 0
    data = _peek(path, HEAD.size)
    return int(HEAD.unpack_from(data)[1]) if len(data) == HEAD.size else 0


def _peek(path: Path, size: int | None = None) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | locks.FLAGS)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        return frames.contents(fd) if size is None else os.pread(fd, size, 0)
    except OSError:
        return b""
    finally:
        os.close(fd)


class Listing:
    """The segments of a folder, of all processes."""

    def __init__(self, folder: Path, max_age: float) -> None:
        self._folder = folder
        self._max_age = max_age
        self._known: dict[str, float] = {}  # since when (monotonic clock)

    def found(self, *, aside: bool = False) -> list[tuple[Name, int, bool]]:
        """Segments, the oldest first, and their sizes in bytes; with `aside`, what was set aside too."""
        found: list[tuple[Name, int, bool]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                text = entry.name.removesuffix(ASIDE)
                name = parse(text)
                if name is not None and (aside or text == entry.name):
                    try:
                        size = entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
                    found.append((name, size, text != entry.name))
        now = time.monotonic()
        self._known = {name.text: self._known.get(name.text, now) for name, _, _ in found}
        return sorted(found)

    def is_expired(self, name: Name, owner: str) -> bool:
        """Whether a segment is too old by the wall clock, which may just have been set.

        So it must have been known for long enough, too: our own for as long as it may wait, another's for an hour.
        """
        if time.time() - name.begun <= self._max_age:
            return False
        known = time.monotonic() - self._known.get(name.text, time.monotonic())
        return known > (self._max_age if name.owner == owner else self._max_age * _GRACE)


def packed_size(lines: Sequence[bytes]) -> int:
    """Bytes of a segment of these lines."""
    return HEAD.size + _COUNT_FRAME + sum(map(len, lines)) + len(lines) * frames.FRAME


def fitting(lines: Sequence[bytes], room: int) -> Sequence[bytes]:
    """As many of the first lines as there is room for."""
    room -= HEAD.size + _COUNT_FRAME
    for number, line in enumerate(lines):
        room -= frames.FRAME + len(line)
        if room < 0:
            return lines[:number]
    return lines
