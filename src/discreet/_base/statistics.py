"""The books of one sink: what became of each line that it was given."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from discreet._base.diagnostics import report_problem

if TYPE_CHECKING:
    from types import TracebackType


def add_to(counts: dict[str, int], reason: str, count: int = 1) -> None:
    """Add to one of several counts, so that a signal handler that counts too comes before or after it.

    CPython looks for signals after calls and at jumps, of which the line that adds has none.
    """
    counts.setdefault(reason, 0)
    counts[reason] += count


class Statistics:
    """What became of the lines one sink was given. They outlive the sink, for `health()`.

    They always balance: emitted == delivered + waiting + dropped + handed over. Whoever writes them holds the lock of
    their sink.
    """

    __slots__ = ("_told", "adopted", "delivered", "dropped", "emitted", "handed_over")

    def __init__(self) -> None:
        self.emitted = 0
        """Lines that came here, from this process or, `adopted`, from one before it or beside it."""
        self.delivered = 0
        self.dropped: dict[str, int] = {}
        """Lost lines, by reason."""
        self.handed_over = 0
        """Lines of ours that wait on disk, or did, for another process (or a later sink of this one) to deliver."""
        self.adopted = 0
        """Of `emitted`, those that another process left to deliver."""
        self._told = 0

    def lose(self, reason: str, count: int = 1) -> None:
        """Count lines that came here and are lost."""
        add_to(self.dropped, reason, count)

    def adopt(self, count: int) -> None:
        """Count lines that another process left to deliver."""
        self.emitted += count
        self.adopted += count

    def pass_on(self) -> None:
        """Count one line that somebody else delivers from here on: two counts, no call between (see `add_to`)."""
        self.emitted += 1
        self.delivered += 1

    @property
    def lost(self) -> int:
        """All lost lines, for whatever reason."""
        return sum(self.dropped.values())

    @property
    def waiting(self) -> int:
        """What is neither delivered nor lost nor somebody else's yet."""
        return self.emitted - self.delivered - self.lost - self.handed_over

    def lost_since_asked(self) -> bool:
        """Whether any line was lost, or left to others, since the last time somebody asked."""
        gone = self.lost + self.handed_over
        news, self._told = gone != self._told, gone
        return news

    def shown(self, waiting: int) -> dict[str, object]:
        """As `health()` shows them."""
        return {
            "emitted": self.emitted,
            "delivered": self.delivered,
            "waiting": waiting,
            "dropped": dict(self.dropped),
            "handed_over": self.handed_over,
            "adopted": self.adopted,
        }


class Patient:
    """A lock for the end of the interpreter, where threads are frozen wherever they are, with all that they hold.

    It waits for a moment and then goes on without: nobody is left who could be disturbed.
    """

    _PATIENCE = 0.5  # seconds

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._held: list[bool] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As a lock's, but never longer than a moment."""
        return self._lock.acquire(timeout=min(timeout, self._PATIENCE) if timeout >= 0 else self._PATIENCE)

    def release(self) -> None:
        """As a lock's."""
        self._lock.release()

    def __enter__(self) -> None:
        self._held.append(self.acquire())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held.pop():
            self._lock.release()


class ProcessStatistics:
    """Counts that belong to no sink: records lost before they reached one, and records held back by a limit."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while its own thread is in here
        self.lost: dict[str, int] = {}
        self.held = 0
        self.past: list[Statistics] = []
        """Of the sinks that an earlier configuration used."""

    def drop(self, reason: str) -> None:
        """Count one record that reached no sink, and say so once per reason on stderr."""
        with self._lock:
            first = reason not in self.lost
            self.lost[reason] = self.lost.get(reason, 0) + 1
        if first:
            report_problem(f"a record was lost: {reason}")

    def suppressed(self) -> None:
        """Count one record that `once`, `every` or `sample` held back."""
        with self._lock:
            self.held += 1

    def forget(self) -> None:
        """Start the books anew, as a forked child does: what the parent wrote is the parent's."""
        self.__init__()  # type: ignore[misc]  # the lock may be held by a thread that this process does not have


process_statistics = ProcessStatistics()
