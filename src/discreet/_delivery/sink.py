"""What a sink is: a place that takes whole lines, with books of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import reason_of, report_problem
from discreet._base.statistics import Patient, Statistics

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from discreet._delivery.setup import Setup
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


_PATIENCE = 1.0  # seconds that a fork, a new configuration or `health()` waits for a write that is stuck


class Sink:
    """Where lines go. Subclass it and write `write`; the rest has sensible defaults.

    `format` is "auto" or a name that `DISCREET_FORMAT` takes; `level` the lowest level this sink takes (None: every
    record that was made), `below` the lowest that it does not take any more. They are plain attributes, so that a
    subclass may set them as it likes.
    """

    format: str = "auto"
    level: int | str | None = None
    below: int | str | None = None
    ends_itself = False
    """Whether `end` delivers what waits, so that no `flush` need come before it."""

    def __init__(self, *, format: str = "auto", level: int | str | None = None) -> None:  # noqa: A002 - the setting's name
        self.format = format
        self.level = level
        self._begin()

    def _begin(self) -> None:
        # Re-entrant: a signal handler may log while its own thread is inside `write`.
        self._lock: threading.RLock | Patient = threading.RLock()
        self._forking = 0
        self.statistics = Statistics()
        self.retired = False

    @property
    def is_held(self) -> bool:
        """Whether this very thread is amid a record here, as a signal handler may find that it is."""
        return threads.holds(self._lock)

    @property
    def name(self) -> str:
        """What `health()` and `discreet doctor` call this sink."""
        return type(self).__name__

    def open(self) -> None:
        """Called by each `configure()` that names the sink; raise `ConfigurationError` if it can never work."""

    def prepare(self, setup: Setup) -> None:
        """Called after `open`, for a sink that depends on other settings."""

    def encoder(self, redactor: Redactor) -> Encoder | None:
        """How this sink wants records spelt, if in a way of its own (None: as `format` says).

        Called by each `configure()`. `redactor` is for what the sink adds by itself; records come redacted.
        """
        return None

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether this sink says already what a handler of the host's would say to the same receiver."""
        return False

    def write(self, line: bytes) -> None:
        """Deliver one whole line, newline included. May raise: the loss is then counted under the error's name."""
        raise NotImplementedError

    def flush(self, timeout: float | None = None) -> bool:
        """Return when everything accepted so far is delivered, or after `timeout` seconds (None: however long).

        True: all of it was delivered, and none was lost since the last `flush`. A `flush(self)` that takes no
        timeout and returns None serves too.
        """
        return not self.statistics.lost_since_asked()

    def close(self) -> None:
        """Release what `open` took. Called after `flush`, by the `configure()` that no longer names the sink."""

    def retire(self) -> None:
        """Flush and close, while no thread is inside `write`: its descriptor may soon be somebody else's file.

        Never raises. A sink whose write is stuck is left open, because a new configuration must not wait for it.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            report_problem(f"{self.name} was not closed: a write is stuck")
            return
        try:
            self.retired = True
            self.flush()
            self.close()
        except Exception as error:  # what a sink's own code raises must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")
        finally:
            self._lock.release()

    def hurry(self) -> None:
        """Begin to deliver what waits; `flush` follows. So sinks with threads of their own work side by side."""

    def end(self, timeout: float) -> None:
        """The process ends, and this sink was flushed: from now on, wait for no lock that a frozen thread may hold.

        Seconds that are left for last words: `timeout`. Never raises.
        """
        if not isinstance(self._lock, Patient):
            self._lock = Patient(self._lock)

    def accept(self, line: bytes, level: int = 20) -> None:
        """Deliver or count; never raises. The pipeline calls this, not `write`. `level` is the record's."""
        try:
            with self._lock:
                self.write(line)
                books = self.statistics
                books.emitted += 1
                books.delivered += 1
        except Exception as error:  # whatever a sink raises, the caller's work goes on
            self.drop(reason_of(error))

    def drop(self, reason: str) -> None:
        """Count one record that came here and is lost, and say so once per reason on stderr."""
        with self._lock:
            first = reason not in self.statistics.dropped
            self.statistics.emitted += 1
            self.statistics.lose(reason)
        if first:
            report_problem(f"a record could not be written to {self.name}: {reason}; discreet.health() keeps count")

    def before_fork(self) -> None:
        """Wait until no thread is inside `write`, where it may hold locks (the stream's own) that a child never frees.

        Not for long: a write that is stuck must not stop the fork.
        """
        if self._lock.acquire(timeout=_PATIENCE):
            self._forking = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        if self._forking == threading.get_ident():  # only who holds the lock writes this
            self._forking = 0
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """A lock of its own, and books from zero: what the parent wrote is the parent's."""
        self._begin()

    def health(self) -> Mapping[str, object]:
        """This sink's books."""
        held = self._lock.acquire(timeout=_PATIENCE)  # a write that is stuck must not hide the books
        try:
            return {"sink": self.name, **self.statistics.shown(self.statistics.waiting)}
        finally:
            if held:
                self._lock.release()


class Discard(Sink):
    """Takes everything and keeps nothing."""

    def write(self, line: bytes) -> None:
        """Do nothing."""


class Running:
    """The sinks of this process."""

    def __init__(self) -> None:
        self.sinks: tuple[Sink, ...] = ()
        """Those of the configuration in force."""
        self.draining: dict[int, Sink] = {}
        """Those of an earlier configuration that still deliver what waits, by id."""


running = Running()
