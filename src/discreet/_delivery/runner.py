"""What discreet does around a sink, in one place: it locks, counts, survives forks, reports, and ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._base import threads
from discreet._base.diagnostics import Reporter, reason_of, report_problem
from discreet._base.statistics import Statistics
from discreet._base.threads import ExitLock
from discreet._delivery.sink import Sink

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from discreet._record import Encoder, Redacted

PATIENCE = 1.0
"""Seconds that a fork, a new configuration or `health()` waits for a write that is stuck."""
_ATTRIBUTE = "_discreet_runner"  # of a sink: its runner


class Setup(NamedTuple):
    """What `configure()` gives to each runner, so that no sink needs to know all settings."""

    service: str
    exit_timeout: float
    """Seconds that the exit of a process may take to deliver what is pending."""
    spool: bool
    """Whether lines go to disk while their receiver is away."""
    spool_required: bool
    """Whether the user asked for that: then a folder that cannot be had is an error."""
    state_dir: str
    """The folder for rings and spools; empty: one of the usual ones."""


class Runner:
    """Runs one sink: the pipeline gives it lines, `configure()` opens and retires it, an exit ends it.

    This class delivers within the call. Where a worker delivers, the runner is a subclass of it.
    """

    is_buffered = False
    """Whether lines are pending here, so that a process that dies of SIGTERM would lose them."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._begin()

    def _begin(self) -> None:
        # Re-entrant: a signal handler may log while its own thread is inside `write`.
        self.lock: threading.RLock | ExitLock = threading.RLock()
        self.statistics = Statistics()
        self._reporter = Reporter()
        self._forking = 0  # the thread that forks, and holds the lock meanwhile

    @property
    def name(self) -> str:
        """What `health()` and `discreet doctor` call the sink."""
        sink = self.sink
        return sink.name if isinstance(sink, OwnSink) else type(sink).__name__

    @property
    def may_block(self) -> bool:
        """Whether a flush cannot be given a timeout: such sinks are flushed last, and cost the others no time."""
        return not _takes_timeout(self.sink.flush)

    @property
    def is_held(self) -> bool:
        """Whether this very thread is inside the delivery of a record, as a signal handler may find."""
        return threads.holds(self.lock)

    # --- the configuration

    def open(self, setup: Setup) -> None:
        """Called by each `configure()` that names the sink. Raises `ConfigurationError` if the sink can never work."""
        if isinstance(self.sink, OwnSink):
            self.sink.open()

    def retire(self) -> None:
        """Flush and close the sink, while no thread is inside `write`: its descriptor may soon be another file's.

        Never raises. A sink whose write is stuck is left open, because a new configuration must not wait for it.
        """
        if not self.lock.acquire(timeout=PATIENCE):
            report_problem(f"{self.name} was not closed: a write is stuck")
            return
        try:
            if isinstance(self.sink, OwnSink):
                self.sink.retire()
            else:
                self.sink.flush()
                self.sink.close()
        except Exception as error:  # what a sink's own code raises must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")
        finally:
            self.lock.release()

    # --- records

    def accept(self, line: bytes, level: int = 20) -> None:
        """Deliver a line, or count it as dropped; never raises. `level` is the record's."""
        try:
            with self.lock:
                self.sink.write(line)
                self.statistics.direct += 1
        except Exception as error:  # whatever a sink raises, the caller's work goes on
            self.drop(reason_of(error))

    def accept_record(self, record: Redacted) -> None:
        """As `accept`, for a sink that takes records."""
        try:
            with self.lock:
                self.sink.write_record(record)  # type: ignore[attr-defined]  # such a sink has it: see `takes_records`
                self.statistics.direct += 1
        except Exception as error:  # whatever a sink raises, the caller's work goes on
            self.drop(reason_of(error))

    def drop(self, reason: str) -> None:
        """Count one record that came here and is lost, and say so once per reason on stderr."""
        with self.lock:
            self.statistics.refuse(reason)
        self._reporter.drops((reason,), f"written to {self.name}")

    # --- flush and exit

    def deliver_now(self) -> None:
        """Begin to deliver what is pending; `flush` follows. So sinks with threads of their own work side by side."""

    def flush(self, timeout: float | None = None) -> bool:
        """Return when everything accepted so far is delivered, or after `timeout` seconds (None: however long).

        True: all of it was delivered, and no line was lost since the last `flush`. Raises what the sink raises.
        """
        flushed = _in_time(self.sink.flush, timeout) if self.may_block else self.sink.flush(timeout)
        return flushed is not False and self.statistics.is_complete()

    def end(self, timeout: float) -> None:
        """Deliver what is pending within `timeout` seconds: the process ends. Never raises."""
        try:
            self.flush(timeout)
        except Exception as error:  # a sink of the user's may raise anything
            report_problem(f"{self.name} could not be flushed: {type(error).__name__}")

    def settle(self, *, in_time: bool = True) -> None:
        """After `end`, store or count what is still pending, in a moment. Never raises.

        `in_time` is false after an end that was interrupted. A second call finds nothing to do.
        """
        self.use_exit_lock()

    def use_exit_lock(self) -> None:
        """From now on, wait for no lock that a frozen thread may hold: the interpreter is about to end."""
        if not isinstance(self.lock, ExitLock):
            self.lock = ExitLock(self.lock)

    # --- forks

    def before_fork(self) -> None:
        """Wait until no thread is inside `write`, where it may hold locks (a stream's own) that a child never frees.

        It waits for a moment only: a write that is stuck must not stop the fork.
        """
        if self.lock.acquire(timeout=PATIENCE):
            self._forking = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        if self._forking == threading.get_ident():  # only the thread that holds the lock writes this
            self._forking = 0
            self.lock.release()

    def after_fork_in_child(self) -> None:
        """Begin with a new lock and statistics from zero: what the parent wrote belongs to the parent."""
        self._begin()
        if isinstance(self.sink, OwnSink):
            self.sink.after_fork_in_child()

    def health(self) -> Mapping[str, object]:
        """What became of this sink's lines."""
        held = self.lock.acquire(timeout=PATIENCE)  # a write that is stuck must not hide the statistics
        try:
            return {"sink": self.name, **self.statistics.as_dict()}
        finally:
            if held:
                self.lock.release()


class OwnSink(Sink):
    """What discreet's own sinks have for their runners, beyond what a user's sink has."""

    @property
    def name(self) -> str:
        """What `health()` and `discreet doctor` call this sink."""
        return type(self).__name__

    def make_runner(self) -> Runner:
        """The object that runs this sink."""
        return Runner(self)

    def open(self) -> None:
        """Called by each `configure()` that names the sink. Raises `ConfigurationError` if the sink can never work."""

    def encoder(self, redactor: Any) -> Encoder | None:
        """How this sink wants records encoded, if in a way of its own (None: as `format` says).

        Called by each `configure()`. `redactor`, a `Redactor`, is for what the sink adds by itself: records come
        redacted. Delivery does not use it, and so does not import it.
        """
        return None

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether this sink sends already what a handler of the host's would send to the same receiver."""
        return False

    def retire(self) -> None:
        """Flush and close: the configuration does not name the sink any more. A record may still be on its way here."""
        self.flush()
        self.close()

    def after_fork_in_child(self) -> None:
        """Renew what a child cannot share with its parent."""


class RecordRunner(Runner):
    """Gives records to something that has locks of its own: an OpenTelemetry SDK, or the host's `logging`."""

    def __init__(self, sink: OwnSink, write_record: Callable[[Redacted], bool]) -> None:
        """`write_record` says whether a record was for the sink at all; if not, it is not counted."""
        self._write_record = write_record
        super().__init__(sink)

    def accept_record(self, record: Redacted) -> None:
        """Give a record, and count it if it was taken; never raises."""
        try:
            if self._write_record(record):
                with self.lock:
                    self.statistics.direct += 1
        except Exception as error:  # a processor or handler of the application's
            self.drop(reason_of(error))


class Running:
    """The runners of this process."""

    def __init__(self) -> None:
        self.runners: tuple[Runner, ...] = ()
        """Of the sinks of the configuration in force."""
        self.draining: dict[int, Runner] = {}
        """Of sinks of an earlier configuration that still deliver what is pending, by id."""

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """The sinks of the configuration in force."""
        return tuple(runner.sink for runner in self.runners)

    @property
    def all(self) -> tuple[Runner, ...]:
        """Every runner that may have something to deliver."""
        return (*self.runners, *self.draining.values())


running = Running()


def runner_of(sink: Sink) -> Runner:
    """The runner of a sink, which is the same for as long as the sink lives."""
    attributes = vars(sink)  # not `getattr` and `setattr`, which a sink may define or forbid
    found = attributes.get(_ATTRIBUTE)
    if isinstance(found, Runner) and found.sink is sink:  # else the sink is a copy
        return found
    runner = attributes[_ATTRIBUTE] = sink.make_runner() if isinstance(sink, OwnSink) else Runner(sink)
    return runner


def takes_records(sink: Sink) -> bool:
    """Whether a sink wants redacted records instead of lines."""
    return callable(getattr(type(sink), "write_record", None))


def _takes_timeout(flush: Callable[..., object]) -> bool:
    """Sinks may define `flush(self)`, as they could before there was a timeout."""
    if str(getattr(flush, "__module__", "")).startswith("discreet."):
        return True
    import inspect  # for sinks of users only: it takes as long to import as `logging`

    try:
        inspect.signature(flush).bind(1.0)
    except TypeError:
        return False
    except (ValueError, AttributeError):  # not written in Python, or a signal interrupts the import of `inspect`
        return True
    return True


def _in_time(flush: Callable[[], object], timeout: float | None) -> object:
    """Call a `flush` that knows no timeout in a thread that may be left behind; here where no thread can be started."""
    results: list[object] = []
    gate = threads.Gate()

    def run() -> None:
        try:
            results.append(flush())
        except Exception as error:  # raised where the caller waits for it
            results.append(error)
        finally:
            gate.wake()

    if timeout is None or not threads.start(run):
        run()
    elif not gate.wait(timeout):
        return False
    result = results[0] if results else False
    if isinstance(result, Exception):
        raise result
    return result


def time_left(deadline: float | None) -> float | None:
    """Seconds until a deadline of `time.monotonic`; None if there is none."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())
