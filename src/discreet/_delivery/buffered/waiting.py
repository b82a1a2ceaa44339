"""A `Queue` as the writer of a background sink sees it: what is being written still waits, until it is taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.statistics import add_to
from discreet._delivery.buffered.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNT, _BYTES = 512, 256 << 10  # looked at in one go
_MOMENT = 0.05  # seconds


class Waiting:
    """Lines in memory, with what a `Ring` has too."""

    full = "queue full"

    def __init__(self) -> None:
        self.lost: dict[str, int] = {}
        """How many of the lines that came in had to make room, by reason."""
        self._queue = Queue(partial(add_to, self.lost))
        self._in_hand: Sequence[bytes] = ()
        self._is_shut = False

    def put(self, line: bytes, level: int) -> bool:
        """Let a line wait; False if there is no room for it. Never blocks."""
        if self._is_shut:
            return False
        return self._queue.put(line, level)

    def peek(self) -> Sequence[bytes]:
        """The oldest lines, some of them; none if there are none. They stay until `passed` or `taken`."""
        # Who holds the lock for longer is in a signal handler that interrupted `put`, and may wait for us.
        if not self._in_hand and self._queue.lock.acquire(timeout=_MOMENT):
            try:  # so that `waiting` counts them once
                self._in_hand = self._queue.take(_COUNT, _BYTES)
            finally:
                self._queue.lock.release()
        return self._in_hand

    def passed(self, count: int) -> None:
        """The next `count` lines of what `peek` gave are delivered, or counted as lost: they do not come again."""
        self._in_hand = self._in_hand[count:]

    def taken(self) -> None:
        """All that `peek` gave last is."""
        self._in_hand = ()

    @property
    def accepted(self) -> int:
        """How many lines came in so far."""
        return self._queue.accepted

    @property
    def seen(self) -> int:
        """As `accepted`, without a lock: a line that changes its place may not be counted yet."""
        return self._queue.seen

    @property
    def waiting(self) -> int:
        """How many are still here."""
        with self._queue.lock:
            return self._queue.count + len(self._in_hand)

    @property
    def is_held(self) -> bool:
        """Whether this thread is amid a `put`, which a signal handler interrupted."""
        return threads.holds(self._queue.lock)

    @property
    def is_half_full(self) -> bool:
        """Whether it is time to hurry."""
        return self._queue.is_half_full

    def shut(self) -> None:
        """Take nothing more."""
        with self._queue.lock:
            self._is_shut = True

    def close(self) -> None:
        """Nothing to let go of."""
        self.shut()
