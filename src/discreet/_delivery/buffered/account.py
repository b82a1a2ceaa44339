"""The books of a background sink: what the store accepted, and what the writer made of it."""

# ruff: noqa: SLF001 - books are kept under the lock of their own sink

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.diagnostics import report_problem

if TYPE_CHECKING:
    from discreet._delivery.buffered.store import Store
    from discreet._delivery.sink import Sink


class Account:
    """Keeps the books of `sink`, under its lock, for one store."""

    def __init__(self, sink: Sink) -> None:
        self.given_up = False
        """What waited was counted as lost: whatever becomes of it yet, it is not counted again."""
        self._sink = sink
        self._accepted = 0
        self._lost: dict[str, int] = {}

    def settle(self, store: Store) -> None:
        """Count what the store accepted, and of that, what it lost.

        The store is asked first, and waits for nobody: a thread that holds its lock may wait for the sink's, or for
        the writer (in a signal handler).
        """
        lost, accepted = dict(store.lost), store.seen
        with self._sink._lock:
            books = self._sink.statistics
            more = accepted - self._accepted
            if more > 0:  # else another thread asked later, and counted sooner
                books.emitted += more
                self._accepted = accepted
            news = [(reason, count - self._lost.get(reason, 0)) for reason, count in lost.items()]
            firsts = [reason for reason, more in news if more > 0 and self._lose(reason, more)]
            self._lost.update((reason, lost[reason]) for reason, more in news if more > 0)
        for reason in firsts:
            self._say(reason)

    def delivered(self, count: int) -> None:
        """Count accepted lines that were written."""
        with self._sink._lock:
            if not self.given_up:
                self._sink.statistics.delivered += count

    def lost(self, reason: str, count: int = 1) -> None:
        """Count lines that were accepted, and then could not be written."""
        with self._sink._lock:
            first = self._lose(reason, count)
        if first:
            self._say(reason)

    def _lose(self, reason: str, count: int) -> bool:
        """Whether it is the first for that reason."""
        first = reason not in self._sink.statistics.dropped
        if not self.given_up:
            self._sink.statistics.lose(reason, count)
        return first

    def _say(self, reason: str) -> None:
        report_problem(f"a record could not be written to {self._sink.name}: {reason}; discreet.health() keeps count")

    def adopted(self, delivered: int, torn: int = 0) -> None:
        """Count lines of dead processes."""
        with self._sink._lock:
            books = self._sink.statistics
            books.adopt(delivered + torn)
            books.delivered += delivered
            if torn:
                books.lose("ring torn", torn)

    def give_up(self, store: Store) -> int:
        """Count all that waits as lost at exit; how many that is."""
        self.settle(store)
        with self._sink._lock:
            self.given_up = True
            count = store.waiting
            self._sink.statistics.lose("exit", count)
        return count
