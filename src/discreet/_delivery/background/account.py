"""The books of a background sink: what the store accepted, and what the writer made of it."""

# ruff: noqa: SLF001 - books are kept under the lock of their own sink

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._health import complain

if TYPE_CHECKING:
    from discreet._delivery.background.store import Store
    from discreet._delivery.sink import Sink


class Account:
    """Keeps the books of `sink`, under its lock, for one store."""

    def __init__(self, sink: Sink) -> None:
        self.given_up = False
        """What waited was counted as lost: whatever becomes of it yet, it is not counted again."""
        self._sink = sink
        self._counted = self._torn = 0

    def settle(self, store: Store) -> None:
        """Count what the store accepted."""
        with self._sink._lock:
            books = self._sink.books
            accepted, torn = store.accepted, store.torn
            books.emitted += accepted - self._counted
            self._counted = accepted
            if torn > self._torn:
                books.lose("ring torn", torn - self._torn)
                self._torn = torn

    def delivered(self, count: int) -> None:
        """Count accepted lines that were written."""
        with self._sink._lock:
            if not self.given_up:
                self._sink.books.delivered += count

    def lost(self, reason: str, count: int = 1) -> None:
        """Count lines that were accepted, and then could not be written or had to make room."""
        with self._sink._lock:
            first = reason not in self._sink.books.dropped
            if not self.given_up:
                self._sink.books.lose(reason, count)
        if first:
            complain(f"a record could not be written to {self._sink.name}: {reason}; discreet.health() keeps count")

    def adopted(self, delivered: int, torn: int = 0) -> None:
        """Count lines of dead processes."""
        with self._sink._lock:
            books = self._sink.books
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
            self._sink.books.lose("exit", count)
        return count
