"""The books of a remote sink. What came in is read off the queue, so that no exception can come between two counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.statistics import Statistics, add_to

if TYPE_CHECKING:
    from discreet._delivery.buffered.queue import Queue


class ExportStatistics(Statistics):
    """As `Statistics`; `emitted` follows from what the queue took, what it refused, and what came otherwise."""

    __slots__ = ("_refused", "passed_on", "queue")

    def __init__(self) -> None:
        self.queue: Queue | None = None
        self._refused: dict[str, int] = {}
        self.passed_on = 0
        super().__init__()

    @property
    def emitted(self) -> int:
        """Lines that came here, from this process or, `adopted`, from one before it or beside it."""
        queue = self.queue
        came = 0 if queue is None else queue.taken + queue.held
        return came + self.adopted + self.passed_on + sum(tuple(self._refused.values()))

    @emitted.setter
    def emitted(self, number: int) -> None:
        """Nothing: it follows from the others."""

    def refuse(self, reason: str) -> None:
        """Count a line that came here and did not get further, or that made room: as come and as lost, in one step."""
        add_to(self._refused, reason)

    def pass_on(self) -> None:
        """Count one line that somebody else delivers, and that never comes to the queue."""
        self.passed_on += 1
        self.delivered += 1

    @property
    def lost(self) -> int:
        """All lost lines, for whatever reason."""
        return super().lost + sum(tuple(self._refused.values()))

    @property
    def reasons(self) -> dict[str, int]:
        """Lost lines, by reason."""
        both = dict(self.dropped)
        for reason, count in tuple(self._refused.items()):
            both[reason] = both.get(reason, 0) + count
        return both

    def shown(self, waiting: int) -> dict[str, object]:
        """As `health()` shows them."""
        return {**super().shown(waiting), "dropped": self.reasons}
