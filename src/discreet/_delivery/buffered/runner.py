"""A stream or a file behind a buffer (`DISCREET_DELIVERY`): a call costs a copy, and a worker writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import counted, reason_of, report_problem
from discreet._delivery import locks
from discreet._delivery.buffered.queue import Queue
from discreet._delivery.buffered.ring import Ring, ring_folder
from discreet._delivery.buffered.writer import Writer
from discreet._delivery.file.sink import File
from discreet._delivery.runner import PATIENCE, Runner, Setup, running, time_left
from discreet._delivery.stream import Stream
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def with_buffers(runners: Sequence[Runner], delivery: str) -> tuple[Runner, ...]:
    """These runners, with a buffer before streams and files; other sinks never get one."""
    return tuple(BufferedRunner(one, delivery) if isinstance(one.sink, (Stream, File)) else one for one in runners)


class BufferedRunner(Runner):
    """Lets a worker write to a sink: `delivery` is "queued" (memory) or "ring" (survives a kill).

    `inner` is the sink's own runner: its lock is held during each write, since another configuration's runner may
    write to the same sink.
    """

    is_buffered = True

    def __init__(self, inner: Runner, delivery: str) -> None:
        self.inner = inner
        self.delivery = delivery
        self._folder: Path | None = None
        self._description: dict[str, object] = {}
        super().__init__(inner.sink)

    def _begin(self) -> None:
        super()._begin()
        self._writer: Writer | None = None
        self._direct = False  # the sink is retired, or the process ends: calls write by themselves
        self._is_through = self._is_settled = False  # the end found nothing left to write; or gave it up
        self._deadline: float | None = None  # of the process's end: from then on nothing waits for a reader
        self._making = threads.lock()

    @property
    def is_held(self) -> bool:
        """Whether this very thread is inside the delivery of a record."""
        writer = self._writer
        return super().is_held or (writer is not None and threads.holds(writer.buffer.lock))

    # --- the configuration

    def open(self, setup: Setup) -> None:
        """Open the sink, make the ring, and begin to deliver what dead processes of this service left in theirs."""
        if self.delivery == "ring" and not locks.available:
            raise ConfigurationError(
                "DISCREET_DELIVERY", "ring", "needs file locks, which this platform does not have", "Use queued"
            )
        self.inner.open(setup)
        if isinstance(self.sink, Stream):
            self.sink.written_by_worker = True
        if self.delivery == "ring" and self._writer is None:
            sink = self.sink
            target = os.path.abspath(sink.path) if isinstance(sink, File) else self.name
            kind = "file" if isinstance(sink, File) else "stream"
            self._folder = ring_folder(setup, target)
            self._description = {"service": setup.service, "target": target, "kind": kind}
            self._begin_buffer()

    def _begin_buffer(self) -> Writer:
        with self._making:
            if self._writer is not None:
                return self._writer
            writer = Writer(self.inner, self._new_buffer(), self.statistics, self._reporter, self._folder)
            return self._use(writer)

    def _new_buffer(self) -> Queue | Ring:
        if self._folder is not None:
            try:
                return Ring(self._folder, {**self._description, "pid": os.getpid(), "started": time.time()})
            except OSError as error:
                report_problem(f"{self.name} has no ring ({reason_of(error)}): records are pending in memory only")
        return Queue()

    def _use(self, writer: Writer) -> Writer:
        if self._writer is not None:  # a signal handler's record made one meanwhile
            writer.halt()
            writer.buffer.close()
            return self._writer
        with self.lock:
            self.statistics.use(writer.buffer)
        self._writer = writer
        return writer

    # --- records

    def accept(self, line: bytes, level: int = 20) -> None:
        """Copy the line into the buffer; never raises, never waits."""
        try:
            writer = self._writer
            if writer is None:
                if self._direct:
                    self._write_directly(line, level)
                    return
                writer = self._begin_buffer()
            buffer = writer.buffer
            if buffer.put(line, level):
                if not writer.wake_at:
                    writer.wake()
                elif buffer.is_half_full:
                    writer.give_way()
            elif writer.has_given_up:
                self.drop("exit")
            elif self._direct:  # closed meanwhile
                self._write_directly(line, level)
            else:
                self.drop(buffer.full)
        except Exception as error:  # the caller's work goes on
            self.drop(reason_of(error))

    def _write_directly(self, line: bytes, level: int) -> None:
        if self._deadline is not None and isinstance(self.sink, Stream):
            rest = max(0.0, self._deadline - time.monotonic())
            if not self.sink.takes_more(rest):
                self._keep(line, level)
                return
        with self.inner.lock:
            self.sink.write(line)
        with self.lock:
            self.statistics.direct += 1

    def _keep(self, line: bytes, level: int) -> None:
        """The process ends, and a stream takes nothing: a ring keeps the line for the next start."""
        if self._folder is not None:
            if self._writer is None:
                report_problem(f"left on disk: records for {self.name} that are made after the end")
            writer = self._begin_buffer()
            writer.halt()
            if isinstance(writer.buffer, Ring) and writer.buffer.put(line, level):
                return
        self.drop("exit")

    def health(self) -> Mapping[str, object]:
        """What became of this sink's lines, and in which way they are delivered."""
        return {**super().health(), "delivery": self.delivery}

    # --- flush, retirement and exit

    def deliver_now(self) -> None:
        """Wake the worker."""
        if self._writer is not None:
            self._writer.wake()

    def flush(self, timeout: float | None = None) -> bool:
        """Return when all that was accepted is written, or after `timeout` seconds (None: however long)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        writer = self._writer
        if writer is not None and not writer.flush(deadline):
            return False
        return super().flush(time_left(deadline))

    def _finish(self, timeout: float) -> bool:
        """Take in nothing more, write what is pending, end the thread; whether nothing is left."""
        writer = self._writer
        self._direct = True
        if writer is None:
            return True
        deadline = time.monotonic() + timeout
        writer.buffer.refuse_more()
        writer.is_over = True
        if not writer.flush(deadline) or writer.buffer.pending:
            return False
        writer.stop(max(0.0, deadline - time.monotonic()))
        if isinstance(self.sink, Stream):
            self.sink.written_by_worker = any(
                runner.sink is self.sink and runner is not self for runner in running.runners if runner.is_buffered
            )
        self._writer = None
        writer.buffer.close()
        return True

    def retire(self) -> None:
        """Write what is pending, and close. If a stalled reader does not take it in a moment, the worker goes on."""
        try:
            writer = self._writer
            if not self._finish(PATIENCE):
                if writer is not None and not writer.is_halted:
                    self._go_on_draining(writer)
                report_problem(f"{self.name} was not closed: records are still pending")
            elif all(sink is not self.sink for sink in running.sinks):
                self.inner.retire()
        except Exception as error:  # must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")

    def _go_on_draining(self, writer: Writer) -> None:
        """A new configuration does not wait until everything is written; an exit does."""

        def end() -> None:
            if not writer.buffer.pending:
                running.draining.pop(id(self), None)

        running.draining[id(self)] = self
        writer.on_end = end
        if not writer.wake():
            end()

    def end(self, timeout: float) -> None:
        """Write what is pending. Lines that are not written in time stay in the ring; those of a queue are lost."""
        self._deadline = deadline = time.monotonic() + timeout
        try:
            writer = self._writer
            if writer is None:
                self._direct = True
            else:
                written = writer.flush(deadline)
                if written:
                    writer.recover()  # what children of this process left
                # Other threads may log on: what they add is written too, while there is time.
                self._is_through = written and self._finish(max(0.0, deadline - time.monotonic()))
        except Exception as error:  # at exit nobody is left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")

    def settle(self, *, in_time: bool = True) -> None:
        """What is not written stays in the ring, or is counted as lost."""
        try:
            writer = self._writer
            if writer is not None and not self._is_through and not self._is_settled:
                self._is_settled = True
                if not in_time:
                    self._deadline = time.monotonic()
                self._direct = True
                self._give_up(writer)
        except Exception as error:  # at exit nobody is left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")
        self.inner.use_exit_lock()
        super().settle(in_time=in_time)

    def _give_up(self, writer: Writer) -> None:
        writer.halt()
        buffer = writer.buffer
        if isinstance(buffer, Ring):
            way = "the next start of this service delivers what is there, or `discreet recover`"
            report_problem(f"left on disk: {counted(buffer.pending, 'record')} for {self.name}; {way}")
            return
        buffer.refuse_more()
        count = counted(writer.give_up("exit"), "record")
        report_problem(f"lost at exit: {count} for {self.name}, which did not take them in time")

    # --- forks

    def before_fork(self) -> None:
        """Wait, for a moment only, until no thread writes."""
        super().before_fork()
        self.inner.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        self.inner.after_fork_in_parent()
        super().after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """A buffer and a worker of its own, from the first record on; the parent's lines belong to the parent."""
        self._begin()
        self.inner.after_fork_in_child()
