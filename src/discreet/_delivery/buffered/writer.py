"""The worker's task for streams and files: many lines in few writes, each line whole and counted."""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
import time
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import counted, reason_of, report_problem
from discreet._delivery.buffered.ring import dead_rings, ring_files
from discreet._delivery.descriptor import TornLineError
from discreet._delivery.file.sink import File
from discreet._delivery.stream import Stream
from discreet._delivery.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from discreet._base.diagnostics import Reporter
    from discreet._base.statistics import Statistics
    from discreet._delivery.buffered.queue import Queue
    from discreet._delivery.buffered.ring import DeadRing, Ring
    from discreet._delivery.runner import Runner
    from discreet._delivery.sink import Sink

_COUNT, _BYTES = 512, 256 << 10  # taken from the buffer at once
_POLL = 0.005  # seconds between checks while records keep coming, so that calls need not wake the thread
_QUIET = 40  # checks without a record, then the thread sleeps until it is woken
_MOMENT = 0.5  # seconds
_RECOVER_AGAIN = 30.0  # seconds between checks of what dead processes left
_FILE_BYTES = 256 << 10
_PIPE_BYTES = getattr(select, "PIPE_BUF", 512)  # POSIX: so many bytes are never mixed with what other processes write
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class Writer(Worker):
    """Writes the lines of one buffer to one sink; `folder` is where dead processes may have left more."""

    def __init__(
        self, target: Runner, buffer: Queue | Ring, statistics: Statistics, reporter: Reporter, folder: Path | None
    ) -> None:
        super().__init__(target.name, buffer)
        self.has_given_up = False
        """Whether the pending lines were counted as lost: then it does not matter what becomes of them."""
        self._target = target
        self._statistics = statistics
        self._folder = folder
        self._recovering = folder is not None and len(ring_files(folder)) > 1  # one is our own
        self._recover_at = 0.0
        self._counting = threads.lock()  # what became of lines is in the statistics and in the buffer, or in neither
        self._reporter = reporter
        self._lines: Sequence[bytes] = ()  # taken from the buffer, and not acknowledged
        self._quiet = 0
        self._progress, self._progress_seen = 0, -1
        # gevent's and eventlet's `sleep` let other greenlets run, which a log call must not do.
        self._sleep = threads.original("sleep", "time")
        if self._recovering:
            self.wake()

    def is_through(self, number: int) -> bool:
        """Whether no line up to this number is pending, and none that a dead process left."""
        return not self._recovering and self.buffer.oldest > number

    @property
    def is_held(self) -> bool:
        """Whether this very thread holds a lock that a step needs."""
        return threads.holds(self.buffer.lock) or threads.holds(self._counting) or self._target.is_held

    def step(self) -> float | None:
        """Write one batch; before, what dead processes left."""
        if self._recovering or (self._folder is not None and time.monotonic() >= self._recover_at):
            self.recover()
        lines = self._lines = self._lines or self.buffer.take(_COUNT, _BYTES)
        self._reporter.drops(self._statistics.dropped, f"written to {self.name}")  # not in a call: stderr may be stuck
        if not lines:
            return self._rest()
        self._quiet = 0
        for count, reason in write_lines(self._target, lines, lambda: not self.is_over):
            with self._counting:
                # After `halt`, a write that the system still held may have ended: its lines are delivered. But no
                # line is lost any more: it stays in the buffer.
                if reason and self.is_halted:
                    return None
                if not self.has_given_up:
                    if reason:
                        self._statistics.lose(reason, count)
                    else:
                        self._progress += count
                        self._statistics.acknowledged += count
                self._lines = self._lines[count:]
                self.buffer.acknowledge(count)
                if self.is_halted:
                    return None
        return 0.0

    def _rest(self) -> float | None:
        """Nothing is pending: check again soon, or sleep until a call wakes the thread."""
        self._quiet += 1
        if self._quiet < _QUIET and not self.is_over:
            return _POLL
        self._quiet = 0
        self.sleep_until(0)
        if self.buffer.pending:  # a line came meanwhile, and its call saw no need to wake us
            return _POLL
        return None if self._folder is None or self.is_over else _RECOVER_AGAIN

    def give_way(self) -> None:
        """Let the thread have the interpreter for a moment: a caller that never pauses leaves it no time.

        Not if that did not help the last time, because the reader is slow.
        """
        if self._progress != self._progress_seen:
            self._progress_seen = self._progress
            self.wake()
            self._sleep(0)

    def halt(self) -> None:
        """Begin nothing more: lines that are not written now stay in the buffer, and none is counted as lost."""
        self.is_over = True
        held = self._counting.acquire(timeout=_MOMENT)
        super().halt()
        if held:
            self._counting.release()

    def give_up(self, reason: str) -> int:
        """Count all pending lines as lost; how many they are."""
        held = self._counting.acquire(timeout=_MOMENT)
        try:
            self.has_given_up = True
            count = self._statistics.pending
            self._statistics.lose(reason, count)
            self._reporter.skip(reason)
            return count
        finally:
            if held:
                self._counting.release()

    # --- dead processes

    def recover(self) -> None:
        """Deliver what dead processes left in their rings; what cannot be delivered now, stays there."""
        try:
            for ring in dead_rings(self._folder) if self._folder is not None else ():
                if not self._write_ring(ring):
                    break
        except OSError as error:
            report_problem(f"what earlier processes left for {self.name} cannot be read: {reason_of(error)}")
        self._recover_at = time.monotonic() + _RECOVER_AGAIN
        self._recovering = False

    def _write_ring(self, ring: DeadRing) -> bool:
        done = 0
        for count, reason in write_lines(self._target, ring.lines, lambda: not self.is_over):
            if reason:
                if not self.is_halted:
                    rest = counted(len(ring.lines) - done, "record")
                    report_problem(f"left on disk by an earlier process, for {self.name}: {rest} ({reason})")
                return False
            done += count
            self._count_recovered(count, ring.acknowledge(done))
            if self.is_halted:
                return False
        self._count_recovered(0, ring.torn)
        ring.remove()
        return True

    def _count_recovered(self, delivered: int, torn: int) -> None:
        with self._counting:
            self._statistics.recovered += delivered + torn
            self._statistics.acknowledged += delivered
            if torn:
                self._statistics.lose("ring torn", torn)


def write_lines(  # noqa: C901 - one loop with one position: in parts, it would be harder to follow
    target: Runner, lines: Sequence[bytes], is_patient: Callable[[], bool]
) -> Iterator[tuple[int, str]]:
    """Write lines; yield how many of the next ones were written (with ""), or lost, with the reason.

    While `is_patient()`, a reader that stalls is waited for: at the end, it costs lines.
    """
    most = _bytes_at_once(target.sink)
    at = one_by_one = 0  # lines before `one_by_one` failed together: each is tried alone
    # On a full disk that would be a thousand failures per batch. Once a line alone finds no room, only shorter ones
    # behind it are tried, until the next batch.
    too_long, full = sys.maxsize, ""
    while at < len(lines):
        end, size = at + 1, len(lines[at])
        if size >= too_long:
            while end < len(lines) and len(lines[end]) >= too_long:
                end += 1
            yield end - at, full
            at = end
            continue
        while one_by_one <= at and end < len(lines) and size + len(lines[end]) <= most:
            size += len(lines[end])
            end += 1
        try:
            with target.lock:
                target.sink.write(b"".join(lines[at:end]) if end > at + 1 else lines[at])
        except TimeoutError:
            if not is_patient():
                yield 1, "TimeoutError"
                at += 1
        except Exception as error:  # whatever a sink raises: this line is lost, those behind it are not
            torn = isinstance(error, TornLineError)
            if not torn and end > at + 1:
                one_by_one = end
                continue
            written = getattr(error, "written", 0) if torn else 0
            whole = bisect_right(list(accumulate(map(len, lines[at:end]))), written)
            if whole:
                yield whole, ""
                at += whole
            if at < end:
                if end == at + 1 and isinstance(error, OSError) and error.errno in _NO_ROOM:
                    too_long, full, one_by_one = len(lines[at]), reason_of(error), len(lines)
                yield 1, reason_of(error)
                at += 1
        else:
            yield end - at, ""
            at = end


def _bytes_at_once(sink: Sink) -> int:
    """How many bytes one write may have; 0: one line each."""
    if isinstance(sink, File):
        return _FILE_BYTES
    stream = sink.stream() if isinstance(sink, Stream) else None
    try:
        regular = stream is not None and stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return 0
    return _FILE_BYTES if regular else _PIPE_BYTES if stream is not None else 0
