"""Rings of dead processes: lines that this process can deliver in their place."""

from __future__ import annotations

import errno
import json
import os
import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from discreet._delivery import frames, locks
from discreet._delivery.buffered import ring

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_NAME = re.compile(r"\d{20}-\d{1,10}-[0-9a-f]{8}\.ring")
_NUMBERS = struct.Struct("<QQQ")  # head, tail, through
_THROUGH = struct.Struct("<Q")
# Of what is no file (None: `ForeignFileError`), or none of this user's.
_NOT_OURS = {None, errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.EPERM}


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
        if not any(data[: ring.START.size]):  # its process died before it could write anything
            return
        magic, version, length, capacity = ring.START.unpack_from(data.ljust(ring.START.size, b"\0"))
        if magic != ring.MAGIC or version != ring.VERSION or capacity <= 0 or len(data) != ring.HEAD_BYTES + capacity:
            self.is_readable = False
            return
        with suppress(ValueError):  # without a description, the lines are still good
            found: object = json.loads(data[ring.DESCRIPTION : ring.DESCRIPTION + length])
            if isinstance(found, dict):
                self.description = cast("dict[str, Any]", found)
        head, tail, through = _NUMBERS.unpack_from(data, ring.WORDS)
        body = memoryview(data)[ring.HEAD_BYTES :]
        is_sound = 0 <= head - tail <= capacity and not tail % ring.ALIGN
        at = tail % capacity if is_sound else 0
        written = bytes(body[at:]) + bytes(body[:at])
        if is_sound:
            written = written[: head - tail]
        reading = frames.read(written, 0, through, ring.ALIGN)
        self.lines, self._sequences, self._through = reading.lines, reading.sequences, through
        self.torn = reading.missing + (is_sound and reading.end < len(written))

    def acknowledge(self, count: int) -> int:
        """The first `count` lines are delivered and do not come again; how many more lines up to there are torn."""
        through = self._sequences[count - 1]
        torn = through - self._through - (count - self._acknowledged)
        self._through, self._acknowledged, self.torn = through, count, self.torn - torn
        with suppress(OSError):  # at worst they come again
            os.pwrite(self._fd, _THROUGH.pack(through), ring.WORDS + 2 * _THROUGH.size)
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
