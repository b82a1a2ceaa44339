"""When a file is rotated, what the rotated files are called, which of them are kept, and how they are compressed.

Time is UTC, as the timestamps in the records are: no hour of a day is missing or there twice, and processes whose
time zones differ agree. Names end in the time of the rotation, so that sorted by name is sorted by age. One process at
a time compresses a file, and never half of it.
"""

from __future__ import annotations

import io
import os
import re
import stat
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from discreet._base.compression import SUFFIXES, compressing
from discreet._base.diagnostics import reason_of, report_problem
from discreet._base.lazy_pattern import lazy_pattern
from discreet._delivery import locks
from discreet.errors import ConfigurationError, DiscreetError

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {"b": 1}
_UNITS.update({f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)})
_UNITS.update({f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)})
_SIZE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_EVERY = lazy_pattern(r"(?:(\d+)\s*)?(minute|hour|day|week)s?", re.IGNORECASE)
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAY = 86_400
_MONDAY = 4 * _DAY  # 1970-01-01 was a Thursday; weeks begin on Mondays (ISO 8601)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STAMPED = lazy_pattern(r"(\d{8}T\d{6}\.\d{6}Z)(\.gz|\.zst)?")
_SUFFIX = {kind: suffix for suffix, kind in SUFFIXES.items()}
_UNFINISHED = ".tmp"
_CHUNK = 256 << 10


class Rotation(NamedTuple):
    """When to begin a new file: before it would grow beyond `bytes`, and when another period of time has begun."""

    bytes: int | None = None
    seconds: int | None = None

    def __bool__(self) -> bool:
        return self.bytes is not None or self.seconds is not None

    def period(self, moment: float) -> int:
        """The number of the period that a time (seconds since 1970) falls into."""
        if not self.seconds:
            return 0
        start = _MONDAY if self.seconds % 604_800 == 0 else 0
        return int((moment - start) // self.seconds)

    def due(self, size: int, changed: float, more: int, now: float) -> bool:
        """Whether a file of `size` bytes, last written at `changed`, ends before `more` bytes come to it."""
        if not size:
            return False
        if self.bytes is not None and size + more > self.bytes:
            return True
        return self.seconds is not None and self.period(changed) < self.period(now)


class Rotated(NamedTuple):
    """A file that discreet rotated, and nothing else did: its name shows that."""

    stamp: str
    path: str
    compressed: bool


def rotated(path: str) -> list[Rotated]:
    """The rotated files of a log file, oldest first. Empty if the folder cannot be read."""
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return []
    found: list[Rotated] = []
    for other in names:
        if other.startswith(name + "."):
            stamped = _STAMPED.fullmatch(other, len(name) + 1)
            with suppress(ValueError):  # digits, but no date
                if stamped and stamped_at(stamped[1]) >= _EPOCH:
                    found.append(Rotated(stamped[1], os.path.join(folder, other), bool(stamped[2])))
    return sorted(found)


def next_stamp(now: float, last: str) -> str:
    """The stamp of a rotation: after the `last`, even if several fall into one microsecond or the clock went back."""
    stamp = (_EPOCH + timedelta(seconds=now)).strftime(_STAMP)
    if stamp > last:
        return stamp
    return (stamped_at(last) + timedelta(microseconds=1)).strftime(_STAMP)


def stamped_at(stamp: str) -> datetime:
    """The time that a stamp stands for."""
    # Not by `strptime`, which imports a module, here on the way of a record.
    year, month, day, hour, minute, second, micro = (
        int(stamp[at:end]) for at, end in ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15), (16, 22))
    )
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=timezone.utc)


def parse_bytes(setting: str, value: object) -> int | None:
    """A number of bytes, such as 100_000_000, "100 MB" or "96 MiB"."""
    if value is None:
        return None
    found = _SIZE.fullmatch(str(value).strip()) if isinstance(value, (int, str)) and value is not True else None
    unit = _UNITS.get((found[2] or "b").lower()) if found else None
    size = int(float(found[1]) * unit) if found and unit else 0
    if size < 1:
        raise ConfigurationError(
            setting, value, "not a size", 'Give bytes, or a number with B, KB, MB, GB, TB, KiB, MiB ..., as "100 MB"'
        )
    return size


def parse_every(value: object) -> int | None:
    """Seconds of a period: "minute", "hour", "day" (or "midnight"), "week", "15 minutes", "6 hours", "2 weeks"."""
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else ""
    found = _EVERY.fullmatch("day" if text.lower() == "midnight" else text)
    seconds = int(found[1] or 1) * _SECONDS[found[2].lower()] if found else 0
    if not seconds:
        raise ConfigurationError(
            "rotate_every", value, "not a period", 'Use "minute", "hour", "day", "week", or as many, as "6 hours"'
        )
    if _DAY % seconds and seconds % _DAY:
        raise ConfigurationError(
            "rotate_every",
            value,
            "does not divide a day, so it would begin at another hour each day",
            'Use a length that does, as "6 hours" or "15 minutes", or whole days',
        )
    return seconds


class Kept(NamedTuple):
    """A rotated file. One rotation may have two files: uncompressed, and compressed just now."""

    stamp: str
    size: int
    changed: float


class Keep(NamedTuple):
    """How much to keep of the rotated files: always the newest ones, without gaps."""

    files: int | None = None
    days: float | None = None
    bytes: int | None = None

    def __bool__(self) -> bool:
        return not (self.files is None and self.days is None and self.bytes is None)

    def surplus(self, found: Iterable[Kept], now: float) -> set[str]:
        """The stamps of the rotations to remove. `files` counts rotations, `days` begins with the last line."""
        sizes: dict[str, int] = {}
        changed: dict[str, float] = {}
        for stamp, size, at in found:
            sizes[stamp] = sizes.get(stamp, 0) + size
            changed[stamp] = max(changed.get(stamp, at), at)
        stamps = sorted(sizes, reverse=True)
        total = 0
        for number, stamp in enumerate(stamps):
            total += sizes[stamp]
            if (
                (self.files is not None and number >= self.files)
                or (self.days is not None and now - changed[stamp] > self.days * _DAY)
                or (self.bytes is not None and total > self.bytes)
            ):
                return set(stamps[number:])
        return set()


def parse_keep(files: object, days: object, size: object) -> Keep:
    """The settings `keep_files`, `keep_days` and `keep_bytes`. Raises `ConfigurationError`."""
    if files is not None and (not isinstance(files, int) or isinstance(files, bool) or files < 1):
        raise ConfigurationError("keep_files", files, "not a number of files", "Give a whole number above 0")
    if days is not None and (
        not isinstance(days, (int, float)) or isinstance(days, bool) or not 0 < days < float("inf")
    ):
        raise ConfigurationError("keep_days", days, "not a number of days", "Give a number above 0, such as 30")
    return Keep(files, days, parse_bytes("keep_bytes", size))


def agree(rotation: Rotation, keep: Keep, compression: str | None) -> None:
    """Refuse settings that make no sense together."""
    if not rotation and (keep or compression is not None):
        raise ConfigurationError(
            "keep" if keep else "compress",
            keep or compression,
            "is about rotated files, and nothing rotates",
            'Give rotate_bytes="100 MB" or rotate_every="day" too',
        )
    if rotation.bytes is not None and keep.bytes is not None and keep.bytes < rotation.bytes:
        raise ConfigurationError(
            "keep_bytes", keep.bytes, "is less than one rotated file has", "Give at least rotate_bytes"
        )


def tidy(path: str, keep: Keep, compression: str | None) -> None:
    """Remove the files that need not be kept, compress the rest, and check again: compressed files are smaller.

    Several processes may do this at once. Never raises: a failure is reported, and tried again at the next rotation.
    """
    try:
        _remove(path, keep)
        if compression is not None and compress(path, compression):
            _remove(path, keep)
    except Exception as error:  # in this thread, nobody is there to raise to
        report_problem(f"rotated files of {os.path.basename(path)} were left as they are: {reason_of(error)}")


def _remove(log: str, keep: Keep) -> None:
    if not keep:
        return
    files = rotated(log)
    found: list[Kept] = []
    for file in files:
        with suppress(FileNotFoundError):  # another process removed it meanwhile
            status = os.stat(file.path, follow_symlinks=False)
            found.append(Kept(file.stamp, status.st_size, status.st_mtime))
    surplus = keep.surplus(found, time.time())
    for file in files:
        if file.stamp in surplus:
            for path in (file.path, *(file.path + suffix + _UNFINISHED for suffix in SUFFIXES)):
                with suppress(FileNotFoundError):
                    os.unlink(path)


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
    try:
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
        fd = locks.open_locked(Path(source)) if locks.available else os.open(source, flags)
    except FileNotFoundError:
        return False
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


def _write(file: IO[bytes], target: str) -> None:
    status = os.fstat(file.fileno())
    unfinished = target + _UNFINISHED
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
