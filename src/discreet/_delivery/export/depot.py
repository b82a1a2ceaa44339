"""Where lines wait for a receiver: in the queue, in the batch that is being sent, on disk. It keeps the books."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._delivery.buffered.queue import Queue
from discreet._delivery.export.batch import Batch, Hand
from discreet._delivery.export.said import Said

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from discreet._base.statistics import Patient
    from discreet._delivery.export.books import ExportStatistics
    from discreet._delivery.export.sink import Remote
    from discreet._delivery.spool.segment import Segment
    from discreet._delivery.spool.spool import Spool

_PATIENCE = 0.5  # seconds that the end of the process waits for a disk


class Depot:
    """Everything that waits for one receiver, and what became of the rest.

    `lock` is held for moments only, since log calls take it; `_disk` while a file is written or removed. Only the
    sender takes lines out, but at exit the main thread may take what a sender that hangs still holds.
    """

    def __init__(self, sink: Remote, books: ExportStatistics) -> None:
        self._sink = sink
        self.statistics: ExportStatistics = books
        self.queue = books.queue = Queue(books.refuse, count=sink.queue_count, size=sink.queue_bytes)
        self.batch: Batch | None = None
        self.spool: Spool | None = None
        self.spooled = 0
        """Lines of this process that wait on disk."""
        self._disk = threads.lock()
        self._hand = Hand()
        self._said = Said()

    @property
    def lock(self) -> threading.RLock | Patient:
        """Guards the queue, the batch and the books."""
        return self.queue.lock

    @property
    def is_held(self) -> bool:
        """Whether this thread holds what the sender needs: a signal handler finds that it does."""
        return threads.holds(self.lock) or threads.holds(self._disk)

    @property
    def memory(self) -> int:
        """Lines that a `kill -9` would lose."""
        with self.lock:
            batch = self.batch
            if batch is None or batch.segment is not None:
                return self.queue.held
            return self.queue.held + sum(map(len, batch.parts))

    @property
    def waiting(self) -> int:
        """Lines that are neither delivered nor lost."""
        with self.lock:
            return self.memory + self.spooled

    def is_through(self, upto: int) -> bool:
        """Whether nothing waits any more of what was accepted up to that number."""
        with self.lock:
            batch = self.batch
            going = batch is not None and batch.segment is None and batch.first <= upto
            return not going and not self.spooled and self.queue.oldest > upto

    # --- the next batch

    def next_from_queue(self) -> None:
        """Take a batch from the queue, if there is any."""
        with self.lock:
            first = self.queue.oldest
            lines = self.queue.take(self._sink.batch_count, self._sink.batch_bytes)
            if lines:
                self.batch = Batch(lines, first)

    def next_from_spool(self) -> bool:
        """Take a batch of what waits on disk, of this process or another; False if there is none for us."""
        spool = self.spool
        if spool is None:
            return False
        with self._disk:
            batch = self._hand.take(spool, self._sink.batch_count, self._sink.batch_bytes)
            self.sync()
            if batch is None:
                return False
            with self.lock:
                self.batch = batch
            return True

    @property
    def draining(self) -> bool:
        """Whether this process is at work on what waits on disk."""
        return self._hand.is_in

    # --- what became of it

    def settle(self, batch: Batch, delivered: int, rejected: Mapping[str, int], rest: list[list[bytes]]) -> None:
        """The first part of a batch was sent; `rest` of it is left."""
        with self.lock:
            if batch is not self.batch:  # it was given up meanwhile, at exit
                return
            batch.parts[:1] = rest
            if batch.segment is None:
                self._enter(delivered, rejected)
            else:  # until its segment says so, it still waits there
                batch.delivered += delivered
                for reason, count in rejected.items():
                    batch.rejected[reason] = batch.rejected.get(reason, 0) + count
            if batch.parts:
                return
            if batch.segment is None:
                self.batch = None
        if batch.segment is not None:
            with self._disk:
                batch.segment.done(batch.through)
                self.sync(partial(self._close, batch))

    def _close(self, batch: Batch) -> None:
        """All of a batch from disk is through."""
        if self.batch is batch:
            self.batch = None
            self._enter(batch.delivered, batch.rejected)

    def _enter(self, delivered: int, rejected: Mapping[str, int]) -> None:
        self.statistics.delivered += delivered
        for reason, count in rejected.items():
            self.statistics.lose(reason, count)

    def sync(self, change: Callable[[], None] | None = None) -> None:
        """Bring the books up to what happened on disk, and to the change that goes with it."""
        spool = self.spool
        if spool is None:
            return
        with self._disk:
            news = spool.news()
            with self.lock:
                self.statistics.adopt(news.adopted)
                self.statistics.handed_over += news.handed_over
                self._enter(0, news.dropped)
                self.spooled = spool.waiting
                if change is not None:
                    change()

    def refresh(self) -> None:
        """`sync`, unless the disk is busy."""
        if self.spool is not None and self._disk.acquire(blocking=False):
            try:
                self.sync()
            finally:
                self._disk.release()

    def speak(self) -> None:
        """Say once for each reason that lines were lost. Not in the log call: stderr may be stuck."""
        for reason in self.statistics.reasons:
            text = f"a record could not be sent to {self._sink.name}: {reason}; discreet.health() keeps count"
            self._said.once(reason, text)

    # --- to disk

    def store(self) -> bool:
        """Put everything that waits in memory on disk; False if some of it does not fit there, and stays."""
        spool = self.spool
        if spool is None:
            return self.memory == 0
        with self._disk:
            self.put_back()
            while True:
                if self.batch is None:
                    self.next_from_queue()
                batch = self.batch
                if batch is None:
                    return True
                lines = batch.lines
                stored = spool.write(lines)
                self.sync(partial(self._stored, batch, lines[stored:]))
                if stored < len(lines):
                    self._said.once("full", f"{self._sink.name}: the disk takes no more records")
                    return False

    def _stored(self, batch: Batch, rest: list[bytes]) -> None:
        batch.parts = [rest]
        if not rest:
            self.batch = None

    def put_back(self) -> None:
        """Leave a batch that came from disk to a later attempt; other processes may try too."""
        with self._disk:
            batch = self.batch
            if batch is not None and batch.segment is not None:
                if self.spool is not None and (batch.delivered or batch.rejected):
                    self._store_rest(self.spool, batch, batch.segment)
                with self.lock:
                    self.batch = None
            self._hand.let_go()

    def _store_rest(self, spool: Spool, batch: Batch, segment: Segment) -> None:
        """What is through of a batch must not come again: only the rest goes back."""
        rest = batch.lines
        stored = spool.write(rest)
        if stored == len(rest):
            segment.done(batch.through)
            self.sync(partial(self._close, batch))
        else:
            self.sync(partial(self._twice, stored))

    def _twice(self, count: int) -> None:
        """So many lines are on disk once more than they came."""
        self.statistics.adopt(count)

    def give_up(self, reason: str) -> int:
        """Nobody will send what waits: to disk with it. What no disk takes is lost; how many lines that are."""
        if self._disk.acquire(timeout=_PATIENCE):
            try:
                self.store()
            finally:
                self._disk.release()
        with self.lock:
            lost = self.memory
            if lost:
                self.queue.take(lost, self.queue.size)
                if self.batch is not None and self.batch.segment is None:
                    self.batch = None
                self.statistics.lose(reason, lost)
                self._said.elsewhere(reason)
        return lost

    def hand_over(self) -> None:
        """What this process stored is left to whoever comes next: a later sink of ours, or another process."""
        if self._disk.acquire(timeout=_PATIENCE):
            try:
                self.sync(self._let_go)
            finally:
                self._disk.release()

    def _let_go(self) -> None:
        self.statistics.handed_over += self.spooled
        self.spooled = 0
        self.spool = None
