"""Sinks whose lines go over a network: a call puts its line into a queue, and a worker sends batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from discreet._base import threads
from discreet._base.diagnostics import counted, report_problem
from discreet._delivery.export.exporter import Exporter, Result, Unreachable
from discreet._delivery.export.pending import Pending
from discreet._delivery.export.retry import LONGEST_WAIT
from discreet._delivery.export.sender import Sender, sending
from discreet._delivery.runner import PATIENCE, OwnSink, Runner, Setup, runner_of, running
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from discreet._record import Encoder

__all__ = ["ExportRunner", "ExportSink", "Result", "Unreachable"]

_MOMENT = 0.1  # seconds that a thread gets to end, beside


class ExportSink(OwnSink, Exporter):
    """A sink that is its own `Exporter`. Subclass it and write `encoder`, `send`, `disconnect` and `destination`.

    A log call only puts its line into the queue: it never waits and never raises. The keywords are the numbers of an
    `Exporter`.
    """

    def __init__(self, *, level: int | str | None = None, **numbers: float | None) -> None:
        super().__init__(level=level)
        for name, value in numbers.items():
            if name not in Exporter.__annotations__:
                raise TypeError(f"{type(self).__name__} has no keyword {name!r}")
            if value is not None:
                if not value >= 0 or (value == 0 and name != "delay"):
                    raise ConfigurationError(name, value, "too small", "Give a number above 0")
                if name in ("delay", "timeout") and value > LONGEST_WAIT:
                    raise ConfigurationError(name, value, "too large", f"Give at most {LONGEST_WAIT:,} seconds")
                setattr(self, name, value)

    def make_runner(self) -> ExportRunner:
        """One with a queue and a worker."""
        return ExportRunner(self)

    def flush(self, timeout: float | None = None) -> bool:
        """Return when everything that was accepted is delivered, or after `timeout` seconds (None: however long)."""
        return runner_of(self).flush(timeout)

    def encoder(self, redactor: Any) -> Encoder:
        """What makes one line of one redacted record. It runs in the log call, and never raises for a bad value."""
        raise NotImplementedError

    @property
    def destination(self) -> str:
        """The sink's name; a subclass may add the address."""
        return self.name

    @property
    def credentials(self) -> Sequence[str]:
        """What it takes to be let in there: what is on disk for one of them is not sent with another.

        Nothing of them is stored but a digest that is keyed with random bytes.
        """
        return ()


class ExportRunner(Runner):
    """Lets a worker send a sink's lines. What cannot be sent goes to disk, where that can be had."""

    is_buffered = True
    clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self, sink: ExportSink) -> None:
        self._exporter = sink
        self._exit_timeout = 5.0
        super().__init__(sink)

    def _begin(self) -> None:
        super()._begin()
        self.pending = Pending(self.name, self._exporter, self.statistics)
        self.sender = Sender(self.name, self._exporter, self.pending, self.clock)
        self.lock = self.pending.queue.lock
        self._has_ended = False
        self._deadline = 0.0  # of the process's end
        self._asked_at = 0.0  # when somebody asked to deliver at once
        self._closing = threads.lock()
        self._closer: object = None  # the thread that closes a retired sink later

    @property
    def is_held(self) -> bool:
        """Whether this very thread holds a lock that the worker needs."""
        return self.sender.is_held

    # --- the configuration

    def open(self, setup: Setup) -> None:
        """Find the place on disk for lines while the receiver is away.

        Raises `ConfigurationError` in a sub-interpreter, which ends without waiting for any thread.
        """
        if threads.in_sub_interpreter():
            raise ConfigurationError(
                "sinks",
                self.name,
                "cannot send from a sub-interpreter, where no background thread can live",
                "Use discreet.Stream or discreet.File there, or run it in a process of its own",
            )
        super().open(setup)
        self._exit_timeout = setup.exit_timeout
        with self._closing:  # the sink may be about to be closed
            self._closer = None
        running.draining.pop(id(self), None)
        self.sender.is_over = False
        self.sender.is_stopping = False
        if self.pending.spool is None and setup.spool:
            from discreet._delivery.spool.spool import spool_for

            self.pending.spool = spool_for(setup, self._exporter.destination, self._exporter.credentials)

    # --- records

    def accept(self, line: bytes, level: int = 20) -> None:
        """Add a line to the queue, or count it as dropped; never raises, never waits."""
        try:
            if sending and threads.ident() in sending:
                return  # made by the exporter itself: to send that would make more of it
            queue = self.pending.queue
            if not queue.put(line, level):
                with queue.lock:
                    self.statistics.refuse("queue full")
            sender = self.sender
            if self._has_ended:
                self._deliver_late()
            elif queue.count >= sender.wake_at or queue.size >= sender.wake_bytes:
                sender.wake()
        except Exception as error:  # the caller's work goes on
            report_problem(f"{self.name} could not take a record: {type(error).__name__}")

    def drop(self, reason: str) -> None:
        """Count one record that came here and is lost; the worker reports it."""
        with self.lock:
            self.statistics.refuse(reason)
        if not self.sender.wake_at:
            self.sender.wake()

    # --- flush and exit

    def deliver_now(self) -> None:
        """Send what is pending now, while other sinks are flushed."""
        self._asked_at = time.monotonic()
        if self.pending.count:
            self.sender.deliver_now()
            self.sender.wake()

    def flush(self, timeout: float | None = None) -> bool:
        """Return when all that was accepted is delivered, or after `timeout` seconds (None: however long).

        True: it was delivered, not merely stored, and nothing was lost since the last `flush`.
        """
        through = self.sender.send_pending(None if timeout is None else self.clock() + timeout)
        self.pending.report_drops()
        with self.lock:
            complete = self.statistics.is_complete()
        return through and complete

    def end(self, timeout: float) -> None:
        """Send what is pending within `timeout` seconds: the process ends. `settle` takes care of the rest."""
        try:
            if not self._has_ended:
                self._deadline = self.clock() + timeout
                self.sender.send_pending(self._deadline, is_last=True)
                self.sender.stop(min(0.5, max(0.0, self._deadline - self.clock())))
        except Exception as error:  # at exit nobody is left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")

    def settle(self, *, in_time: bool = True) -> None:
        """What was not sent goes to disk, and what cannot go there is counted and reported."""
        try:
            if not self._has_ended:
                if not in_time:
                    self._deadline = self.clock()  # nothing that comes later waits for the receiver
                self.sender.is_stopping = True
                self._has_ended = True
                self._give_up("exit")
        except Exception as error:  # at exit nobody is left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")
        super().settle(in_time=in_time)
        self.pending.queue.lock = self.lock

    def _deliver_late(self) -> None:
        """A record that is made after the end: by another `atexit` function, a finalizer, or a thread that goes on."""
        if self._deadline > self.clock() and not self.sender.circuit.is_open:
            self.sender.send_pending(self._deadline, is_last=True)
        before = self.pending.queue.pending
        lost = self.pending.give_up("exit")
        if lost or before:
            fate = "are lost" if lost else "are left on disk for the next start"
            self._reporter.once(fate, f"records for {self.name} that are made after the end {fate}; this is said once")
        self.pending.report_drops()

    def _give_up(self, when: str) -> None:
        lost = self.pending.give_up(when)
        if lost:
            why = self.sender.last_error or "no time was left"
            report_problem(f"lost at {when}: {counted(lost, 'record')} for {self.name} ({why}), with no place on disk")
        elif stored := self.pending.on_disk:
            report_problem(f"left on disk for the next start: {counted(stored, 'record')} for {self.name}")

    # --- retirement

    def retire(self) -> None:
        """Send what is pending, then close. What cannot be sent in a moment is left on disk for whoever comes next.

        Without a place on disk, a thread goes on for as long as an exit may take, and counts what is left then as lost.
        """
        self.sender.is_over = True
        try:
            now = self.clock()
            deadline = now + self._exit_timeout
            asked = self._asked_at if now - self._asked_at < PATIENCE else now  # several sinks share the moment
            soon = min(deadline, asked + PATIENCE)
            through = self.sender.send_pending(soon, is_last=True, until=deadline)
            can_store = self.pending.spool is not None
            if through or can_store or soon == deadline or not self._close_later(deadline):
                self._close(max(_MOMENT, soon - self.clock()))
        except Exception as error:  # what a sink's own code raises must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")

    def _close_later(self, deadline: float) -> bool:
        """Close in a thread, after what is pending; False if none can be started. An exit waits for this sink too."""
        token = self._closer = object()

        def close() -> None:
            try:
                self.sender.send_pending(deadline, is_last=True)
                with self._closing:
                    if self._closer is token:
                        self._close(_MOMENT)
            except Exception as error:  # nobody is there to raise to
                report_problem(f"{self.name} could not be closed: {type(error).__name__}")
            finally:
                if self._closer is token:
                    running.draining.pop(id(self), None)

        running.draining[id(self)] = self
        if threads.start(close):
            return True
        running.draining.pop(id(self), None)
        return False

    def _close(self, timeout: float) -> None:
        self.sender.stop(timeout)
        if not self.sender.runs:
            self.sender.disconnect()
        self._give_up("close")
        self.pending.transfer()
        self.sink.close()

    # --- forks and statistics

    def after_fork_in_child(self) -> None:
        """An empty queue, statistics from zero, and a worker at the first record: the parent sends what it has."""
        spool = self.pending.spool
        _of_parents.append((self.pending, self.sender))
        super().after_fork_in_child()
        self.pending.spool = spool
        self.sender.has_parents_connection = True

    def health(self) -> Mapping[str, object]:
        """What became of this sink's lines, and how the receiver does."""
        self.pending.refresh()
        with self.lock:
            return {
                "sink": self.name,
                **self.statistics.as_dict(),
                "on_disk": self.pending.on_disk,
                "destination": self._exporter.destination,
                "circuit": self.sender.circuit.state(self.clock()),
                "last_error": self.sender.last_error,
                "retries": self.sender.retries,
            }


_of_parents: list[object] = []
"""What forked children leave alone: even to collect it could free a lock that the parent holds."""
