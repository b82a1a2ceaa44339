"""Lines on their way to a receiver, and a hand in the spool that takes them from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from discreet._delivery.spool.segment import Segment
    from discreet._delivery.spool.spool import Spool


class Batch:
    """Lines on their way. They stand in the books as waiting until the receiver has said yes or no."""

    __slots__ = ("delivered", "first", "parts", "rejected", "segment", "through")

    def __init__(self, lines: list[bytes], first: int = 0, segment: Segment | None = None, through: int = 0) -> None:
        self.parts = [lines]
        """The first is sent next; there are more once the receiver refused the whole."""
        self.first = first
        """The number of the oldest line in the queue it came from."""
        self.segment = segment
        self.through = through
        """How many lines of the segment are through once this batch is."""
        self.delivered = 0
        self.rejected: dict[str, int] = {}

    @property
    def lines(self) -> list[bytes]:
        """What is left to send."""
        return [line for part in self.parts for line in part]


class Hand:
    """Takes batches from a spool, segment by segment, while this process is the one that drains it."""

    def __init__(self) -> None:
        self._drain: AbstractContextManager[Iterator[Segment]] | None = None
        self._segments: Iterator[Segment] | None = None
        self._segment: Segment | None = None
        self._at = 0

    @property
    def is_in(self) -> bool:
        """Whether it holds something there."""
        return self._segments is not None

    def take(self, spool: Spool, count: int, size: int) -> Batch | None:
        """The next batch, of at most so many lines and bytes; None if there is none, or another process drains."""
        if self._segments is None:
            self._drain = spool.drain()
            self._segments = self._drain.__enter__()
        segment = self._segment
        if segment is None or self._at >= len(segment.lines):
            segment = self._segment = next(self._segments, None)
            self._at = 0
        if segment is None:
            self.let_go()
            return None
        end = self._at
        while end < len(segment.lines) and end - self._at < count:
            size -= len(segment.lines[end])
            if size < 0 and end > self._at:
                break
            end += 1
        lines, self._at = list(segment.lines[self._at : end]), end
        return Batch(lines, segment=segment, through=end)

    def let_go(self) -> None:
        """Another process may drain now."""
        drain, self._drain = self._drain, None
        self._segments = self._segment = None
        if drain is not None:
            drain.__exit__(None, None, None)
