"""What became of each line that a sink was given."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from discreet._base.diagnostics import report_problem

if TYPE_CHECKING:
    from collections.abc import Mapping


class Counted(Protocol):
    """A buffer, as far as it counts."""

    @property
    def accepted(self) -> int:
        """How many lines it has taken in so far."""
        ...

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many of those it has lost, by reason."""
        ...


class Statistics:
    """What became of the lines that one sink was given. The object outlives the sink, for `health()`.

    At every moment: emitted == delivered + pending + sum(dropped) + transferred. Whoever counts holds the lock of the
    sink's runner. A signal handler may raise between any two steps, so each line is counted in one step, and the sums
    are made when somebody reads them.
    """

    __slots__ = (
        "_asked",
        "_buffer",
        "_buffered",
        "_lost",
        "_refused",
        "acknowledged",
        "direct",
        "recovered",
        "transferred",
    )

    def __init__(self) -> None:
        self.direct = 0
        """Lines that were delivered within the call."""
        self.acknowledged = 0
        """Lines that were delivered after they had waited in the buffer, in a spool or in another process's ring."""
        self.transferred = 0
        """Lines of this process that are on disk, or were, for another process (or a later sink) to deliver."""
        self.recovered = 0
        """Of `emitted`, the lines that another process left on disk and this one took over."""
        # CPython runs signal handlers after calls and at jumps. A line that adds to one of these counts has neither.
        self._refused = defaultdict[str, int](int)
        self._lost = defaultdict[str, int](int)
        self._buffer: Counted | None = None
        self._buffered = 0  # lines that buffers took in which are closed now
        self._asked = 0

    # --- counting

    def refuse(self, reason: str) -> None:
        """Count a line that was dropped before it came into the buffer."""
        self._refused[reason] += 1

    def lose(self, reason: str, count: int = 1) -> None:
        """Count lines that were pending, and are dropped."""
        self._lost[reason] += count

    def use(self, buffer: Counted) -> None:
        """From now on, what `buffer` counts belongs to this sink's lines; the counts of the buffer before it stay."""
        before = self._buffer
        if before is not None:
            for reason, count in before.dropped.items():
                self.lose(reason, count)
            self._buffered += before.accepted
        self._buffer = buffer

    # --- reading

    @property
    def delivered(self) -> int:
        """Lines that were written, or that the receiver accepted."""
        return self.direct + self.acknowledged

    @property
    def dropped(self) -> dict[str, int]:
        """Lost lines, by reason."""
        counts = dict(self._refused)
        others = (self._lost,) if self._buffer is None else (self._lost, self._buffer.dropped)
        for other in others:
            for reason, count in tuple(other.items()):
                counts[reason] = counts.get(reason, 0) + count
        return counts

    @property
    def emitted(self) -> int:
        """Lines that came here, from this process or, `recovered`, from others."""
        buffered = self._buffered if self._buffer is None else self._buffered + self._buffer.accepted
        return self.direct + self.recovered + sum(tuple(self._refused.values())) + buffered

    @property
    def pending(self) -> int:
        """Lines that are neither delivered nor dropped nor another process's, so far."""
        # `emitted` comes last: lines that come in, or move on, while this is read must not make the result negative.
        gone = self.delivered + sum(self.dropped.values()) + self.transferred
        return self.emitted - gone

    def is_complete(self) -> bool:
        """Whether no line was dropped, or transferred, since the last time that somebody asked."""
        missing = sum(self.dropped.values()) + self.transferred
        complete, self._asked = missing == self._asked, missing
        return complete

    def as_dict(self) -> dict[str, object]:
        """As `health()` shows them."""
        delivered, dropped, transferred = self.delivered, self.dropped, self.transferred
        emitted = self.emitted  # last, as in `pending`
        return {
            "emitted": emitted,
            "delivered": delivered,
            "pending": emitted - delivered - sum(dropped.values()) - transferred,
            "dropped": dropped,
            "transferred": transferred,
            "recovered": self.recovered,
        }


class ProcessStatistics:
    """Counts that belong to no sink: records dropped before they reached one, and records held back by a limit."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while its own thread is in here
        self.dropped: dict[str, int] = {}
        self.suppressed = 0
        self.processors: dict[str, dict[str, int]] = {}
        """Of each processor of the user, by name: how many records it dropped, and at how many it failed."""
        self.late_fields = 0
        """Fields that came after the record they belong to was written."""
        self.incidents: dict[str, int] = {}
        """What went wrong and cost no record, by what it was."""
        self.past: set[Statistics] = set()
        """Of the sinks that an earlier configuration used: each once, however many configurations used it."""

    def drop(self, reason: str) -> None:
        """Count one record that reached no sink, and say so once per reason on stderr."""
        with self._lock:
            first = reason not in self.dropped
            self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if first:
            report_problem(f"a record was lost: {reason}")

    def note(self, incident: str) -> None:
        """Count what went wrong and cost no record, and say so once on stderr."""
        with self._lock:
            first = incident not in self.incidents
            self.incidents[incident] = self.incidents.get(incident, 0) + 1
        if first:
            report_problem(incident)

    def suppress(self) -> None:
        """Count one record that `once`, `every` or `sample` held back."""
        with self._lock:
            self.suppressed += 1

    def add_late(self, count: int, what: str) -> None:
        """Count fields that came too late, and say so once; `what` is the record that they belong to."""
        with self._lock:
            first, self.late_fields = self.late_fields == 0, self.late_fields + count
        if first:
            report_problem(f"fields came after the record of {what} was written, and are lost")

    def reset(self) -> None:
        """Count from zero, as a forked child does: what the parent wrote belongs to the parent."""
        self.__init__()  # type: ignore[misc]  # a thread that this process does not have may hold the lock


process_statistics = ProcessStatistics()
