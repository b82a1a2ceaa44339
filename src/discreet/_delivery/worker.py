"""The worker: a thread that empties one buffer, and what others do while they wait for it."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import report_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._delivery.buffered.queue import Queue
    from discreet._delivery.buffered.ring import Ring

_NEVER = 1 << 62
_AFTER_DEFECT = 1.0  # seconds to wait after an error of our own
_MOMENT = 0.5  # seconds that a flush waits before it checks again
_BREATH = 0.05


class Worker:
    """Takes one step after another, in a thread that the first line starts, until its lines are through.

    A `Writer` writes lines to a sink, a `Sender` sends batches to a receiver. Tests, and the end of the interpreter,
    where no thread can be started, take the steps by hand.
    """

    def __init__(self, name: str, buffer: Queue | Ring, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        """The name of the sink that it works for."""
        self.buffer = buffer
        self.wake_at = 0
        """How many lines in the buffer are worth waking the thread."""
        self.wake_bytes = 0
        self.runs = False
        self.is_over = False
        """Whether the sink is retired, or the process ends: the thread may end when nothing is left to do."""
        self.is_halted = False
        """Whether nothing is to be begun any more: what is pending stays where it is."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when the thread ends."""
        self._clock = clock
        self._turn = threads.lock()  # whoever takes a step holds it
        self._starting = threads.lock()
        self._gate = threads.Gate()
        self._thread = 0
        self._waiters: list[threads.Gate] = []
        self.is_stopping = False
        """Whether the thread is to end after its step."""

    # --- what a subclass writes

    def step(self) -> float | None:
        """Do one thing; seconds until there may be more to do (None: until somebody wakes the worker)."""
        raise NotImplementedError

    def is_through(self, number: int) -> bool:
        """Whether no line up to this number is pending any more."""
        raise NotImplementedError

    @property
    def is_held(self) -> bool:
        """Whether this very thread holds a lock that `step` needs: a signal handler may find that it does."""
        raise NotImplementedError

    # --- the thread

    def wake(self) -> bool:
        """See to it that the thread takes a step; False if it cannot be started."""
        if self.is_halted:
            return False
        self.sleep_until(_NEVER)
        try:
            if not self.runs and not self._start():
                self.sleep_until(0)
                return False
            self._gate.wake()
        except BaseException:  # raised by a signal handler: the next line is to wake the thread
            self.sleep_until(0)
            raise
        return True

    def sleep_until(self, count: int, size: int = _NEVER) -> None:
        """Let a call wake the thread once so many lines, or bytes, are in the buffer."""
        self.wake_at = count
        self.wake_bytes = size

    def _start(self) -> bool:
        with self._starting:
            if self.runs:
                return True
            self.runs = True
            self.is_stopping = False
        try:
            self.runs = threads.start(self._run)
        except BaseException:
            self.runs = False
            raise
        return self.runs

    def _run(self) -> None:
        self._thread = threads.ident()
        try:
            while not self.is_stopping:
                try:
                    with self._turn:
                        wait = self.step()
                except Exception as error:  # a defect of ours must not end all delivery
                    report_problem(f"the worker of {self.name} failed: {type(error).__name__}")
                    wait = _AFTER_DEFECT
                self._tell_waiters()
                if self.is_halted or (wait is None and self.is_over):
                    break
                if wait is None or wait > 0:
                    self._gate.wait(wait)
                    self.sleep_until(_NEVER)
        finally:
            self._thread = 0
            self.runs = False
            self.sleep_until(0)
            self._tell_waiters()
            self.on_end()

    def _tell_waiters(self) -> None:
        for gate in tuple(self._waiters):
            gate.wake()

    # --- what others do

    def flush(self, deadline: float | None, next_attempt: Callable[[], float | None] = lambda: 0.0) -> bool:
        """Return when all that is pending now is through, or cannot be in time; whether it is through.

        `deadline` is a time of the worker's clock. `next_attempt` returns the seconds until an attempt can be
        made; None: no attempt will be made.
        """
        if self._thread == threads.ident():  # a finalizer, for example
            return self.is_through(self.buffer.newest)
        number = self.buffer.newest
        gate = threads.Gate()
        self._waiters.append(gate)
        try:
            while not self.is_through(number):
                rest = inf if deadline is None else deadline - self._clock()
                wait = next_attempt()
                if self.is_halted or wait is None or rest <= 0 or wait > rest:
                    return False
                if not self._let_work(gate, min(rest, _MOMENT), wait):
                    return False
            return True
        finally:
            self._waiters.remove(gate)

    def _let_work(self, gate: threads.Gate, rest: float, wait: float) -> bool:
        """Let the thread work, or take a step here if there is no thread: at the end of the interpreter.

        The thread cannot work either while this thread holds a lock that a step needs: in a signal handler, which
        interrupted a log call. False if nothing can be done in such a handler.
        """
        if threads.holds(self._turn):  # this very thread is in a step, which a signal handler interrupted
            return False
        held = self.is_held
        if not held and self.wake():
            gate.wait(rest)
            return True
        if wait > 0:
            gate.wait(min(wait, rest))
            return True
        if not self._turn.acquire(timeout=rest):
            return not held  # the thread takes a step, in which it waits for a lock of the interrupted call
        try:
            pause = self.step()
        finally:
            self._turn.release()
        if pause is None or pause > 0:
            if held:
                return False  # lines behind one that is not finished have to wait for it
            gate.wait(min(rest, _BREATH))
        return True

    def stop(self, timeout: float) -> None:
        """End the thread, unless it hangs in its step for longer than `timeout` seconds."""
        self.is_stopping = True
        if self._thread == threads.ident():
            return
        gate = threads.Gate()
        self._waiters.append(gate)
        until = self._clock() + timeout
        while self.runs and (rest := until - self._clock()) > 0:
            self._gate.wake()
            gate.wait(min(0.1, rest))
        self._waiters.remove(gate)

    def halt(self) -> None:
        """Begin nothing more."""
        self.is_halted = True
        self._gate.wake()
