"""What is pending for a receiver: in the queue, in the batch that is being sent, on disk. Its statistics, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import Reporter
from discreet._delivery.buffered.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from discreet._base.statistics import Statistics
    from discreet._delivery.export.exporter import Exporter
    from discreet._delivery.spool.segment import Segment
    from discreet._delivery.spool.spool import Spool

_PATIENCE = 0.5  # seconds that the end of the process waits for a disk


class Batch:
    """Lines that are being sent."""

    __slots__ = ("delivered", "in_vain", "parts", "refusals", "rejected", "segment", "steps", "through")

    def __init__(self, lines: list[bytes], segment: Segment | None = None, through: int = 0) -> None:
        self.parts = [lines]
        """The first is sent next; there are more once the receiver refused the whole."""
        self.segment = segment
        """Where the lines are on disk; None: they come from the queue."""
        self.through = through
        """How many lines of the segment, from its first, are acknowledged when this batch is done."""
        self.delivered = 0
        self.rejected: dict[str, int] = {}
        self.steps = len(lines).bit_length()
        """How many refusals lead from the whole batch down to one line."""
        self.refusals = self.in_vain = 0
        """How often the content of a part was refused; and how often any part was, since one was accepted."""

    @property
    def lines(self) -> list[bytes]:
        """What is left to send."""
        return [line for part in self.parts for line in part]


class Pending:
    """All lines that are pending for one receiver.

    The queue's lock guards the queue, the batch and the statistics. It is held for moments only, since log calls take
    it; `disk` is held while a file is written or removed. Only the worker takes lines out, but at exit the main thread
    may take what a worker that hangs still holds.
    """

    def __init__(self, name: str, exporter: Exporter, statistics: Statistics) -> None:
        self._name = name
        self._exporter = exporter
        self._statistics = statistics
        self.queue = Queue(count=exporter.queue_count, size=exporter.queue_bytes)
        statistics.use(self.queue)
        self.batch: Batch | None = None
        """What is being sent. Its lines are pending until the receiver has accepted or rejected them."""
        self.spool: Spool | None = None
        self.on_disk = 0
        """Lines of this process that are in the spool."""
        self.disk = threads.lock()
        """Whoever writes to the spool or reads it holds this."""
        self.batches: Generator[Batch] | None = None
        """Those on disk, while this process is the one that empties the spool."""
        self._reporter = Reporter()

    @property
    def count(self) -> int:
        """Lines that are neither delivered nor dropped."""
        with self.queue.lock:
            return self.queue.pending + self.on_disk

    # --- the next batch

    def take_from_queue(self) -> None:
        """Make a batch of the oldest lines in the queue, if there are any."""
        with self.queue.lock:
            lines = self.queue.take(self._exporter.batch_count, self._exporter.batch_bytes)
            if lines:
                self.batch = Batch(lines)

    def take_from_spool(self) -> bool:
        """Make a batch of lines on disk, of this process or another; False if there are none that we may take."""
        spool = self.spool
        if spool is None:
            return False
        with self.disk:
            batches, self.batches = self.batches or self._read(spool), None
            batch = next(batches, None)
            if batch is not None:
                self.batches = batches
            self.update()
            if batch is None:
                return False
            with self.queue.lock:
                self.batch = batch
            return True

    def _read(self, spool: Spool) -> Generator[Batch]:
        """Batches of the lines on disk; none while another process empties the spool."""
        with spool.drain() as segments:
            for segment in segments:
                at, lines = 0, segment.lines
                while at < len(lines):
                    begin, size = at, 0
                    while at < len(lines) and at - begin < self._exporter.batch_count:
                        size += len(lines[at])
                        if size > self._exporter.batch_bytes and at > begin:
                            break
                        at += 1
                    yield Batch(list(lines[begin:at]), segment, at)

    # --- results

    def acknowledge(self, batch: Batch, delivered: int, rejected: Mapping[str, int], rest: list[list[bytes]]) -> None:
        """The first part of a batch was sent; `rest` of it has to be sent again."""
        with self.queue.lock:
            if batch is not self.batch:  # it was given up meanwhile, at exit
                return
            batch.parts[:1] = rest
            if batch.segment is None:
                self._count(delivered, rejected)
                self.queue.acknowledge(delivered + sum(rejected.values()))
            else:  # its lines are pending until the segment notes that they are not
                batch.delivered += delivered
                for reason, count in rejected.items():
                    batch.rejected[reason] = batch.rejected.get(reason, 0) + count
            if batch.parts:
                return
            if batch.segment is None:
                self.batch = None
        if batch.segment is not None:
            with self.disk:
                batch.segment.acknowledge(batch.through)
                self.update(partial(self._end_batch, batch))

    def _end_batch(self, batch: Batch) -> None:
        """No line of a batch from disk is pending any more."""
        if self.batch is batch:
            self.batch = None
            self._count(batch.delivered, batch.rejected)

    def _count(self, delivered: int, dropped: Mapping[str, int]) -> None:
        self._statistics.acknowledged += delivered
        for reason, count in dropped.items():
            self._statistics.lose(reason, count)

    def update(self, change: Callable[[], None] | None = None) -> None:
        """Count what happened on disk since the last time, and call `change` under the same lock."""
        spool = self.spool
        if spool is None:
            return
        with self.disk:
            news = spool.news()
            with self.queue.lock:
                self._statistics.recovered += news.recovered
                self._statistics.transferred += news.transferred
                self._count(0, news.dropped)
                self.on_disk = spool.pending
                if change is not None:
                    change()

    def refresh(self) -> None:
        """`update`, unless the disk is busy."""
        if self.spool is not None and self.disk.acquire(blocking=False):
            try:
                self.update()
            finally:
                self.disk.release()

    def report_drops(self) -> None:
        """Say once for each reason that lines were lost. Not within the log call: stderr may be stuck."""
        self._reporter.drops(self._statistics.dropped, f"sent to {self._name}")

    # --- to disk

    def store(self) -> bool:
        """Put all lines in memory on disk; False if some of them do not fit there, and stay."""
        spool = self.spool
        if spool is None:
            return not self.queue.pending
        with self.disk:
            self.put_back()
            while True:
                if self.batch is None:
                    self.take_from_queue()
                batch = self.batch
                if batch is None:
                    return True
                lines = batch.lines
                stored = spool.write(lines)
                self.update(partial(self._stored, batch, stored, lines[stored:]))
                if stored < len(lines):
                    self._reporter.once("full", f"{self._name}: the disk takes no more records")
                    return False

    def _stored(self, batch: Batch, count: int, rest: list[bytes]) -> None:
        self.queue.acknowledge(count)
        batch.parts = [rest]
        if not rest:
            self.batch = None

    def put_back(self) -> None:
        """Leave a batch that came from disk to a later attempt; other processes may try too."""
        with self.disk:
            batch = self.batch
            if batch is not None and batch.segment is not None:
                if self.spool is not None and (batch.delivered or batch.rejected):
                    # Only the rest goes back: delivered lines must not come again.
                    stored = self.spool.write(batch.lines)
                    if stored == len(batch.lines):
                        batch.segment.acknowledge(batch.through)
                        self.update(partial(self._end_batch, batch))
                    else:  # the whole batch stays in its segment, so these lines are on disk twice
                        self.update(partial(self._recover, stored))
                with self.queue.lock:
                    self.batch = None
            batches, self.batches = self.batches, None
            if batches is not None:
                batches.close()

    def _recover(self, count: int) -> None:
        self._statistics.recovered += count

    def give_up(self, reason: str) -> int:
        """Put what is in memory on disk, since nobody will send it; how many lines are lost, as no disk takes them."""
        if self.disk.acquire(timeout=_PATIENCE):
            try:
                self.store()
            finally:
                self.disk.release()
        with self.queue.lock:
            lost = self.queue.clear()
            if lost:
                if self.batch is not None and self.batch.segment is None:
                    self.batch = None
                self._statistics.lose(reason, lost)
                self._reporter.skip(reason)
        return lost

    def transfer(self) -> None:
        """Leave what this process stored to whoever comes next: a later sink of this process, or another process."""

        def change() -> None:
            self._statistics.transferred += self.on_disk
            self.on_disk = 0
            self.spool = None

        if self.disk.acquire(timeout=_PATIENCE):
            try:
                self.update(change)
            finally:
                self.disk.release()
