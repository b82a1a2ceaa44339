"""Which rotated files are kept. A thread removes the others, and compresses those that are kept."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from discreet._base.compression import SUFFIXES
from discreet._base.diagnostics import reason_of, report_problem
from discreet._delivery.file.compress import UNFINISHED, compress
from discreet._delivery.file.rotation import rotated
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from discreet._delivery.file.rotation import Rotation

_DAY = 86_400


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


def parse_files(value: object) -> int | None:
    """A number of files, at least 1."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError("keep_files", value, "not a number of files", "Give a whole number above 0")
    return value


def parse_days(value: object) -> float | None:
    """A number of days, above 0."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ConfigurationError("keep_days", value, "not a number of days", "Give a number above 0, such as 30")
    return float(value)


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
            for path in (file.path, *(file.path + suffix + UNFINISHED for suffix in SUFFIXES)):
                with suppress(FileNotFoundError):
                    os.unlink(path)
