"""A sink whose lines travel: they wait in a queue or on disk, and one thread of the sink's own carries them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from discreet._base import threads
from discreet._base.diagnostics import report_problem
from discreet._base.statistics import Patient
from discreet._delivery.export.receipt import Receipt, Unreachable
from discreet._delivery.sink import Sink
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._delivery.setup import Setup
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


__all__ = ["Receipt", "Remote", "Unreachable"]

LONGEST = 86_400
"""Seconds that a line may wait for others, or one attempt may take, at most."""


class Remote(Sink):
    """A sink whose lines travel. Subclass it and write `encoder`, `send`, `disconnect` and `destination`.

    A log call only puts its line into the queue: it never waits and never raises. The keywords: how many lines and
    bytes a batch has at most, seconds that a line waits for others, seconds that one attempt may take, and how many
    lines and bytes the queue holds.
    """

    batch_count: int = 512
    batch_bytes: int = 1 << 20
    delay: float = 1.0
    timeout: float = 10.0
    queue_count: int = 16_384
    queue_bytes: int = 16 << 20
    ends_itself = True

    def __init__(
        self,
        *,
        level: int | str | None = None,
        batch_count: int | None = None,
        batch_bytes: int | None = None,
        delay: float | None = None,
        timeout: float | None = None,
        queue_count: int | None = None,
        queue_bytes: int | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "batch_count": batch_count,
            "batch_bytes": batch_bytes,
            "delay": delay,
            "timeout": timeout,
            "queue_count": queue_count,
            "queue_bytes": queue_bytes,
        }
        for name, value in given.items():
            if value is not None:
                if not value >= 0 or (value == 0 and name != "delay"):
                    raise ConfigurationError(name, value, "too small", "Give a number above 0")
                if name in ("delay", "timeout") and value > LONGEST:
                    raise ConfigurationError(name, value, "too large", f"Give at most {LONGEST:,} seconds")
                setattr(self, name, value)
        self._exit_timeout = 5.0
        super().__init__(level=level)

    def _begin(self) -> None:
        super()._begin()
        # Late: they know this module.
        from discreet._delivery.export.attempt import senders
        from discreet._delivery.export.books import ExportStatistics
        from discreet._delivery.export.depot import Depot
        from discreet._delivery.export.ends import Ends
        from discreet._delivery.export.sender import Sender

        self.statistics: ExportStatistics = ExportStatistics()
        self._depot = Depot(self, self.statistics)
        self._sender = Sender(self, self._depot)
        self._ends = Ends(self, self._depot, self._sender)
        self._senders = senders
        self._queue = self._depot.queue
        self._lock = self._queue.lock

    # --- what a subclass writes

    def encoder(self, redactor: Redactor) -> Encoder:
        """What makes one redacted record to one line. It runs in the log call, and never raises for a bad value."""
        raise NotImplementedError

    def send(self, batch: Sequence[bytes], timeout: float) -> Receipt:
        """One attempt, within `timeout` seconds; never called twice at a time.

        An `OSError` means that the batch is sent again later. Any other exception means that something is wrong with
        a line: the batch is halved, down to that line, which is dropped.
        """
        raise NotImplementedError

    def disconnect(self) -> None:
        """Drop the connection: after an error, when the sink is closed, and in a forked child before the first batch.

        There the connection is the parent's: nothing may be said on it.
        """

    @property
    def destination(self) -> str:
        """Where lines go, without secrets: it is shown, and names the folder where lines wait."""
        return self.name

    @property
    def credentials(self) -> Sequence[str]:
        """What it takes to be let in there: what waits on disk for one of them is not sent with another.

        Of these, nothing is stored but a digest that is keyed with random bytes.
        """
        return ()

    # --- the way of a line

    def open(self) -> None:
        """Refuse to work where no thread can: a sub-interpreter ends without waiting for any."""
        if threads.in_sub_interpreter():
            raise ConfigurationError(
                "sinks",
                self.name,
                "cannot send from a sub-interpreter, where no background thread can live",
                "Use discreet.Stream or discreet.File there, or run it in a process of its own",
            )

    def prepare(self, setup: Setup) -> None:
        """Find the place where lines wait while the receiver is away."""
        self._exit_timeout = setup.exit_timeout
        self._ends.begin_again()
        if self._depot.spool is None and setup.spool:
            from discreet._delivery.spool.place import spool_for

            self._depot.spool = spool_for(setup, self.destination, self.credentials)

    def accept(self, line: bytes, level: int = 20) -> None:
        """Let a line wait for the sender, or count it as lost; never raises, never waits."""
        try:
            if self._senders and threads.ident() in self._senders:
                return  # the sender's own words: to send them would make more of them
            queue = self._queue
            if not queue.put(line, level):
                with queue.lock:
                    self.statistics.refuse("queue full")
            sender = self._sender
            if self._ends.came:
                self._ends.last_words()
            elif queue.count >= sender.wake_at or queue.size >= sender.wake_bytes:
                sender.wake()
        except Exception as error:  # the caller's work goes on
            report_problem(f"{self.name} could not take a record: {type(error).__name__}")

    def write(self, line: bytes) -> None:
        """As `accept`."""
        self.accept(line)

    def drop(self, reason: str) -> None:
        """Count one record that came here and is lost; the sender's thread says so."""
        with self._queue.lock:
            self.statistics.refuse(reason)
        if self._sender.wake_at == 0:
            self._sender.wake()

    @property
    def is_held(self) -> bool:
        """As every sink's, or what the sender needs."""
        return self._depot.is_held

    # --- the ends

    def flush(self, timeout: float | None = None) -> bool:
        """Return when all that was accepted is delivered, or after `timeout` seconds (None: however long).

        True: it was delivered, not merely stored, and nothing was lost since the last `flush`.
        """
        through = self._sender.flush(None if timeout is None else time.monotonic() + timeout)
        self._depot.speak()
        with self._queue.lock:
            news = self.statistics.lost_since_asked()
        return through and not news

    def hurry(self) -> None:
        """Send what waits now, while others are flushed."""
        self._ends.hurried = time.monotonic()
        if self._depot.waiting:
            self._sender.hurry()
            self._sender.wake()

    def end(self, timeout: float) -> None:
        """The process ends: what could not be sent goes to disk, and what cannot is counted and said to be lost."""
        try:
            self._ends.end(timeout)
        except Exception as error:  # at exit there is nobody left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")
        if self._ends.came and not isinstance(self._queue.lock, Patient):
            self._lock = self._queue.lock = Patient(self._queue.lock)

    def retire(self) -> None:
        """Send what waits, then close. What cannot be sent in a moment is left on disk for whoever comes next.

        Without a place on disk a thread goes on for as long as an exit may take, and counts what is left then.
        """
        self.retired = True
        try:
            self._ends.retire(self._exit_timeout)
        except Exception as error:  # what a sink's own code raises must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")

    def after_fork_in_child(self) -> None:
        """An empty queue, new books, and at the first record a thread: what the parent has is the parent's to send."""
        spool = self._depot.spool
        _of_parents.append(self._depot)
        super().after_fork_in_child()
        self._depot.spool = spool
        self._sender.attempts.inherited = True

    def health(self) -> Mapping[str, object]:
        """The books, and how the receiver does."""
        self._depot.refresh()
        with self._queue.lock:
            return {
                "sink": self.name,
                **self.statistics.shown(self._depot.waiting),
                "on_disk": self._depot.spooled,
                "destination": self.destination,
                "circuit": self._sender.circuit.state(time.monotonic()),
                "last_error": self._sender.attempts.last_error,
                "retries": self._sender.attempts.retries,
            }


_of_parents: list[object] = []
"""What forked children leave alone: even to collect it could free a lock that the parent holds."""
