"""What dead processes left in their rings."""

from __future__ import annotations

import errno
import json
import os
import re
import struct
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from discreet._delivery import frames, locks
from discreet._delivery.buffered import ring

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_NAME = re.compile(r"\d{20}-\d{1,10}-[0-9a-f]{8}\.ring")
_NUMBERS = struct.Struct("<QQQ")  # head, tail, through
_THROUGH = struct.Struct("<Q")


class Leftover:
    """The ring of a process that is no more, while this process alone has it."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self.description: dict[str, Any] = {}
        """What its process said of itself: service, target, kind, pid, started (seconds since the epoch)."""
        self.lines: Sequence[bytes] = ()
        self.torn = 0
        """Records that were being written when the process died: their calls had not returned."""
        self.is_ours = True
        """False: a newer discreet made it, or nothing of the kind."""
        self._sequences: Sequence[int] = ()
        self._through = self._done = 0
        self._read(_contents(fd))

    def _read(self, data: bytes) -> None:
        if not any(data[: ring.START.size]):  # its process died before it could write anything
            return
        magic, version, told, capacity = ring.START.unpack_from(data.ljust(ring.START.size, b"\0"))
        if magic != ring.MAGIC or version != ring.VERSION or capacity <= 0 or len(data) != ring.HEAD_BYTES + capacity:
            self.is_ours = False
            return
        with suppress(ValueError):  # without, the lines are still good
            found: object = json.loads(data[ring.DESCRIPTION : ring.DESCRIPTION + told])
            if isinstance(found, dict):
                self.description = cast("dict[str, Any]", found)
        head, tail, through = _NUMBERS.unpack_from(data, ring.WORDS)
        body = memoryview(data)[ring.HEAD_BYTES :]
        sound = 0 <= head - tail <= capacity and not tail % ring.ALIGN
        at = tail % capacity if sound else 0
        written = bytes(body[at:]) + bytes(body[:at])
        if sound:
            written = written[: head - tail]
        reading = frames.read(written, 0, through, ring.ALIGN)
        self.lines, self._sequences, self._through = reading.lines, reading.sequences, through
        self.torn = reading.missing + (sound and reading.end < len(written))

    def done(self, count: int) -> int:
        """The first `count` lines are delivered: they do not come again. How many more are torn, up to there."""
        through = self._sequences[count - 1]
        torn = through - self._through - (count - self._done)
        self._through, self._done, self.torn = through, count, self.torn - torn
        with suppress(OSError):  # at worst they do
            os.pwrite(self._fd, _THROUGH.pack(through), ring.WORDS + 2 * _THROUGH.size)
        return torn

    def remove(self) -> None:
        """All of it is delivered."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def leftovers(folder: Path) -> Generator[Leftover]:
    """The rings in a folder whose processes are dead, the oldest first, each locked until the next is asked for."""
    for path in files(folder):
        with _locked(path) as fd:
            if fd is not None:
                found = Leftover(path, fd)
                if found.is_ours:
                    yield found


def files(folder: Path) -> list[Path]:
    """The rings in a folder, of the living and the dead, the oldest first."""
    try:
        return sorted(folder / name for name in os.listdir(folder) if _NAME.fullmatch(name))
    except OSError:
        return []


@contextmanager
def _locked(path: Path) -> Generator[int | None]:
    try:
        fd = locks.open_locked(path)
    except OSError as error:
        if error.errno not in (None, errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.EPERM):
            raise
        fd = None  # no file, or none of ours
    try:
        yield fd
    finally:
        if fd is not None:
            locks.unlock(fd)
            os.close(fd)


def _contents(fd: int) -> bytes:
    parts: list[bytes] = []
    at = 0
    while part := os.pread(fd, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)
