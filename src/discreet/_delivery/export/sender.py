"""The one that carries: a thread that sends what waits, batch by batch, and knows when to leave a receiver alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import report_problem
from discreet._delivery.export.attempt import Attempts, senders
from discreet._delivery.export.retry import Circuit

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._delivery.export.depot import Depot
    from discreet._delivery.export.sink import Remote

_LONG = 2.0  # seconds of waiting that are worth a place on disk
_LOOK_AGAIN = 60.0  # seconds between looks at what other processes left
_BREATH = 0.05  # seconds between looks at the queue, at least
_STUCK = 1.0  # seconds to wait after an error of our own
_NEVER = 1 << 62


class Sender:
    """Sends what waits in a depot. `step` does one thing at a time; a thread calls it until the sink is retired."""

    def __init__(self, sink: Remote, depot: Depot, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._depot = depot
        self._clock = clock
        self.circuit = Circuit()
        self.attempts = Attempts(sink, depot, self.circuit, clock)
        self.wake_at = 0
        """How many lines in the queue are worth waking the thread."""
        self.wake_bytes = 0
        self.runs = False
        self._turn = threads.lock()  # whose turn it is to take a step
        self._gate = threads.Gate()
        self._thread = 0
        self._due = 0.0
        self._look_at = 0.0
        self._waiters: list[threads.Gate] = []
        self._hurried = 0  # up to which number lines go at once
        self._stopping = False

    # --- the thread

    def wake(self) -> bool:
        """See to it that a thread looks; False where none can be started."""
        self._sleep_until(_NEVER)
        try:
            if not self.runs and not self._start():
                self._sleep_until(0)
                return False
            self._gate.wake()
        except BaseException:  # a signal handler's: the next record is to wake the thread
            self._sleep_until(0)
            raise
        return True

    def _sleep_until(self, count: int, size: int = _NEVER) -> None:
        self.wake_at = count
        self.wake_bytes = size

    def _start(self) -> bool:
        with self._depot.lock:
            if self.runs:
                return True
            self.runs = True
            self._stopping = False
        try:
            self.runs = threads.start(self._run)
        except BaseException:
            self.runs = False
            raise
        return self.runs

    def _run(self) -> None:
        self._thread = threads.ident()
        try:
            while not self._stopping:
                try:
                    with self._turn:
                        wait = self.step()
                except Exception as error:  # a defect of ours must not end all delivery
                    report_problem(f"{self._sink.name}: the sender failed: {type(error).__name__}")
                    wait = _STUCK
                self._tell()
                if wait is None and self._sink.retired:
                    break
                if wait is None or wait > 0:
                    self._gate.wait(wait)
                    self._sleep_until(_NEVER)
        finally:
            self._thread = 0
            self.runs = False
            self._sleep_until(0)
            self._tell()

    def _tell(self) -> None:
        for gate in tuple(self._waiters):
            gate.wake()

    # --- one thing at a time

    def step(self) -> float | None:
        """Send one batch, or store what has to wait; seconds until there may be more to do (None: until woken)."""
        depot = self._depot
        depot.speak()
        now = self._clock()
        wait = self.circuit.wait(now)
        if wait > 0:
            return self._rest(wait)
        if depot.batch is None:
            self._look(now)
        if depot.batch is None:
            due = self._due_in(now)
            if due is None or due > 0:
                return due
            depot.next_from_queue()
        if depot.batch is not None:
            self._send()
        return 0.0

    def _rest(self, wait: float) -> float | None:
        """The receiver is left in peace; what comes meanwhile goes to disk now and then."""
        depot = self._depot
        spooling = depot.spool is not None
        if spooling and (self.circuit.is_away or wait > _LONG or depot.queue.is_half_full):
            spooling = depot.store()
            self._look_at = 0.0
        with depot.lock:
            if not depot.memory and not depot.waiting:
                self._sleep_until(0)
                return None
            if not spooling:
                return wait
            self._sleep_until(self._sink.queue_count // 2, self._sink.queue_bytes // 2)
        return min(wait, max(self._sink.delay, _BREATH))

    def _look(self, now: float) -> None:
        """What waits on disk is older, and goes first."""
        depot = self._depot
        if depot.spool is None or (now < self._look_at and not depot.draining):
            return
        if depot.next_from_spool():
            self._look_at = 0.0
        else:  # nothing is there, or somebody else drains: then look whether they took ours too
            self._look_at = now + (max(self._sink.delay, _BREATH) if depot.spooled else _LOOK_AGAIN)

    def _due_in(self, now: float) -> float | None:
        """Seconds until the queue makes a batch: it is one when it is large enough, or old enough."""
        depot, queue, sink = self._depot, self._depot.queue, self._sink
        with depot.lock:
            if not queue.count:
                self._due = 0.0
                self._sleep_until(0)
                return max(_BREATH, self._look_at - now) if depot.spooled else None
            if sink.retired or queue.oldest <= self._hurried:
                return 0.0
            if queue.count >= sink.batch_count or queue.size >= sink.batch_bytes:
                return 0.0
            if not self._due:
                self._due = now + sink.delay
            self._sleep_until(sink.batch_count, sink.batch_bytes)
            return self._due - now

    def _send(self) -> None:
        self._due = 0.0
        if not self.attempts.make() and self.circuit.is_open:
            self._depot.put_back()
            self._look_at = 0.0

    # --- somebody waits

    def hurry(self) -> None:
        """What waits now waits for nothing but the receiver, and for that only if it asked."""
        self._hurried = self._depot.queue.newest
        self._look_at = 0.0
        self.circuit.hurry()

    def flush(self, deadline: float | None, *, leaving: bool = False, until: float | None = None) -> bool:
        """Return when all that waits now is delivered, or cannot be in time. `until`: when attempts have to end."""
        depot = self._depot
        if threads.ident() in (*senders, self._thread):  # a sink that flushes while it sends, or a finalizer there
            return False
        upto, failed = depot.queue.newest, self.attempts.failed
        gate = threads.Gate()
        self._waiters.append(gate)
        if leaving:
            self.attempts.until = until or deadline
        self.hurry()
        try:
            while not depot.is_through(upto):
                now = self._clock()
                rest = None if deadline is None else deadline - now
                tried = self.attempts.failed - failed
                if leaving and tried:
                    again = tried == 1 and not self.attempts.was_told
                    if self.circuit.is_open or (depot.spool is not None and not again):
                        return False  # it waits as well on disk
                    if again:  # a connection that was cut may have been an old one
                        self.circuit.hurry()
                wait = self.circuit.wait(now)
                if rest is not None and (rest <= 0 or wait > rest):
                    return False  # there will be no attempt in time
                if not self._go_on(gate, 0.5 if rest is None else min(rest, 0.5), wait):
                    return False
            return True
        finally:
            self._waiters.remove(gate)
            if leaving:
                self.attempts.until = None
            depot.refresh()

    def _go_on(self, gate: threads.Gate, rest: float, wait: float) -> bool:
        """Let the thread work, or do its work where there is none: at the end of the interpreter.

        Nor can it work while this thread holds the lock: a signal handler that interrupted a log call. False if in
        such a handler it is not our turn: the thread has it, and waits for the call to go on, or soon will.
        """
        if threads.holds(self._turn):  # this very thread is amid a step
            return False
        held = self._depot.is_held
        if not held and self.wake():
            gate.wait(rest)
        elif wait > 0:
            gate.wait(min(wait, rest))
        elif self._turn.acquire(timeout=rest):
            try:
                pause = self.step()
            finally:
                self._turn.release()
            if pause is None or pause > 0:
                gate.wait(min(rest, _BREATH))
        elif held:
            return False
        return True

    def go_on(self) -> None:
        """What was to stop is needed again."""
        self._stopping = False

    def stop(self, timeout: float) -> None:
        """End the thread, unless it hangs in an attempt."""
        self._stopping = True
        if self._thread == threads.ident():
            return
        gate = threads.Gate()
        self._waiters.append(gate)
        until = self._clock() + timeout
        while self.runs and (rest := until - self._clock()) > 0:
            self._gate.wake()
            gate.wait(min(0.1, rest))
        self._waiters.remove(gate)
