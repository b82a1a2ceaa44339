"""When a file is rotated, and what the rotated file is called.

Time is UTC, as the timestamps in the records are: no hour of a day is missing or there twice, and processes whose
time zones differ agree. Names end in the time of the rotation, so that sorted by name is sorted by age.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from discreet._base.lazy_pattern import lazy_pattern
from discreet.errors import ConfigurationError

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


class Rotation(NamedTuple):
    """When to begin a new file: before it would grow beyond `bytes`, and when another period of time has begun."""

    bytes: int | None = None
    seconds: int | None = None

    def __bool__(self) -> bool:
        return self.bytes is not None or self.seconds is not None

    def period(self, time: float) -> int:
        """The number of the period that a time (seconds since 1970) falls into."""
        if not self.seconds:
            return 0
        start = _MONDAY if self.seconds % 604_800 == 0 else 0
        return int((time - start) // self.seconds)

    def due(self, size: int, changed: float, more: int, now: float) -> bool:
        """Whether a file of `size` bytes, last written at `changed`, ends before `more` bytes come to it."""
        if not size:
            return False
        if self.bytes is not None and size + more > self.bytes:
            return True
        return self.seconds is not None and self.period(changed) < self.period(now)


class Rotated(NamedTuple):
    """A file that was rotated, by us and not by something else: its name says so."""

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
            if stamped and _is_date(stamped[1]):
                found.append(Rotated(stamped[1], os.path.join(folder, other), bool(stamped[2])))
    return sorted(found)


def _is_date(stamp: str) -> bool:
    try:
        return stamped_at(stamp) >= _EPOCH
    except ValueError:
        return False


def next_stamp(now: float, last: str) -> str:
    """The stamp of a rotation: after the `last`, even if several fall into one microsecond or the clock went back."""
    time = _EPOCH + timedelta(seconds=now)
    stamp = time.strftime(_STAMP)
    if stamp > last:
        return stamp
    return (stamped_at(last) + timedelta(microseconds=1)).strftime(_STAMP)


def stamped_at(stamp: str) -> datetime:
    """The time that a stamp says."""
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
