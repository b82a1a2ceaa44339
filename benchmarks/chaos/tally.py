"""How many log calls returned, in memory that survives the process: the one count that no kill can falsify.

A slot belongs to one thread of one process. Its records are numbered from `first(slot)` on, so that how many calls
returned also says which records they were.
"""

from __future__ import annotations

import mmap
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SLOTS = 256
SPAN = 100_000  # numbers per slot
LATER = 200  # the first slot of processes that are started afterwards
_WORDS = 8
_RETURNED, _LONGEST, _CALLED, _ENDED, _HUNG = range(5)


def first(slot: int) -> int:
    """The number of a slot's first record. Of six digits and more, so that no number is part of another."""
    return 1_000_000 + slot * SPAN


class Tally:
    """The slots of one experiment, shared by everybody who takes part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(SLOTS * _WORDS * 8))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._words = memoryview(self._map).cast("Q")

    def close(self) -> None:
        self._words.release()
        self._map.close()

    def call(self, slot: int, log: object, number: int) -> None:
        """One log call, timed unless it is the slot's first, which sets things up."""
        words, at = self._words, slot * _WORDS
        began = time.monotonic_ns()
        words[at + _CALLED] = began
        log(first(slot) + number)  # type: ignore[operator]
        took = time.monotonic_ns() - began
        words[at + _CALLED] = 0
        words[at + _RETURNED] = number + 1
        if number and took > words[at + _LONGEST]:
            words[at + _LONGEST] = took

    def end(self, slot: int) -> None:
        """The application is done: what follows is its exit."""
        self._words[slot * _WORDS + _ENDED] = time.monotonic_ns()

    def hung(self, slot: int) -> None:
        """A child of the application had to be killed."""
        self._words[slot * _WORDS + _HUNG] += 1

    # --- what the experiment reads

    def returned(self, slots: range = range(SLOTS)) -> set[int]:
        """The numbers of all records whose calls returned."""
        return {first(slot) + number for slot in slots for number in range(self._words[slot * _WORDS + _RETURNED])}

    def count(self, slots: range = range(SLOTS)) -> int:
        """How many calls returned."""
        return sum(self._words[slot * _WORDS + _RETURNED] for slot in slots)

    def longest(self) -> int:
        """Nanoseconds of the longest call that returned."""
        return max(self._words[slot * _WORDS + _LONGEST] for slot in range(SLOTS))

    def stuck(self) -> int:
        """When a call began that has not returned (monotonic nanoseconds), 0 if there is none."""
        begun = [self._words[slot * _WORDS + _CALLED] for slot in range(SLOTS)]
        return min((began for began in begun if began), default=0)

    def ended(self, slot: int) -> int:
        """When the application was done (monotonic nanoseconds), 0 if it was not."""
        return self._words[slot * _WORDS + _ENDED]

    def all_hung(self) -> int:
        """How many children had to be killed."""
        return sum(self._words[slot * _WORDS + _HUNG] for slot in range(SLOTS))
