"""Compression of rotated files: in a thread, by one process at a time, and never half of a file."""

from __future__ import annotations

import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from discreet._base.compression import SUFFIXES, compressing
from discreet._delivery import locks
from discreet._delivery.file.rotation import rotated
from discreet.errors import ConfigurationError, DiscreetError

_SUFFIX = {kind: suffix for suffix, kind in SUFFIXES.items()}
UNFINISHED = ".tmp"
_CHUNK = 256 << 10


def parse_compress(value: object) -> str | None:
    """gzip, zstd (where it can be had) or None."""
    if value is None:
        return None
    if not isinstance(value, str) or value not in _SUFFIX:
        raise ConfigurationError("compress", value, "no such compression", 'Use "gzip", "zstd" or None')
    try:
        compressing(io.BytesIO(), value).close()
    except DiscreetError:
        raise ConfigurationError(
            "compress", value, "is not available", 'Install it with: pip install "discreet[zstd]"'
        ) from None
    return value


def compress(path: str, compression: str) -> int:
    """Compress the rotated files of a log file, also those that a dead process did not finish; how many.

    Raises the last `OSError`, after all were tried: of what failed, the uncompressed file is still there.
    """
    done = 0
    failure: OSError | None = None
    for file in rotated(path):
        if not file.compressed:
            try:
                done += _compress(file.path, _SUFFIX[compression])
            except FileNotFoundError:  # another process's retention removed it meanwhile
                continue
            except OSError as error:
                failure = error
    if failure is not None:
        raise failure
    return done


def _compress(source: str, suffix: str) -> bool:
    """False if another process compresses it, or the file is gone."""
    fd = _claim(source)
    if fd is None:
        return False
    with open(fd, "rb") as file:
        try:
            # A compressed file is there if a process died between the last two steps.
            if not any(os.path.lexists(source + other) for other in SUFFIXES):
                _write(file, source + suffix)
            if locks.available:
                os.unlink(source)
        finally:
            if locks.available:
                locks.unlock(fd)  # a forked child may hold a copy of the descriptor
    if not locks.available:
        os.unlink(source)  # Windows removes no file that is open
    return True


def _claim(source: str) -> int | None:
    if locks.available:
        return locks.open_locked(Path(source))
    try:
        return os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None


def _write(file: IO[bytes], target: str) -> None:
    status = os.fstat(file.fileno())
    unfinished = target + UNFINISHED
    with suppress(FileNotFoundError):  # left by a dead process: no living one writes it, since we have the lock
        os.unlink(unfinished)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    fd = os.open(unfinished, flags, stat.S_IMODE(status.st_mode) & 0o640)
    try:
        with open(fd, "wb") as raw:
            packed = compressing(raw, "gzip" if target.endswith(".gz") else "zstd")
            with packed:
                while chunk := file.read(_CHUNK):
                    packed.write(chunk)
            raw.flush()
            if hasattr(os, "fchown"):
                with suppress(OSError):  # the group that may read the log may read its older files
                    os.fchown(raw.fileno(), -1, status.st_gid)
            os.utime(unfinished, ns=(status.st_atime_ns, status.st_mtime_ns))  # its age is that of its last line
            os.fsync(raw.fileno())
        os.rename(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
