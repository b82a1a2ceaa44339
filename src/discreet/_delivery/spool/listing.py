"""What a spool's folder holds, how old it is, and how much of what comes has room there."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from discreet._delivery import frames
from discreet._delivery.spool import segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from discreet._delivery.spool.segment import Name

ASIDE = ".corrupt"
_GRACE = 1 / 48  # of the longest age: an hour of two days


class Listing:
    """The segments of a folder, whoever wrote them."""

    def __init__(self, folder: Path, max_age: float) -> None:
        self._folder = folder
        self._max_age = max_age
        self._known: dict[str, float] = {}  # since when, by a clock that nobody sets

    def found(self, *, aside: bool = False) -> list[tuple[Name, int, bool]]:
        """Segments, the oldest first, and their sizes in bytes; with `aside`, what was set aside too."""
        found: list[tuple[Name, int, bool]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                text = entry.name.removesuffix(ASIDE)
                name = segment.parse(text)
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
    return segment.HEAD.size + sum(map(len, lines)) + len(lines) * frames.FRAME


def fitting(lines: Sequence[bytes], room: int) -> Sequence[bytes]:
    """As many of the first lines as there is room for."""
    room -= segment.HEAD.size
    for number, line in enumerate(lines):
        room -= frames.FRAME + len(line)
        if room < 0:
            return lines[:number]
    return lines
