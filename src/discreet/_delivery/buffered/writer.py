"""The thread that writes to a stream or file what waits in a queue or a ring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import counted, reason_of, report_problem
from discreet._delivery.buffered.leftovers import files, leftovers
from discreet._delivery.buffered.writing import write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from discreet._delivery.buffered.account import Account
    from discreet._delivery.buffered.leftovers import Leftover
    from discreet._delivery.buffered.store import Store
    from discreet._delivery.sink import Sink

_POLL = 0.005  # seconds between looks while records keep coming, so that calls need not wake the thread
_QUIET = 40  # looks without a record, then it sleeps until it is woken
_MOMENT = 0.5  # seconds
_LOOK_AGAIN = 30.0  # seconds between looks at what processes beside this one left


class _StayError(Exception):
    """Stops the writing: what is not written stays where it is."""


class Writer:
    """Writes what waits in one store; `folder` is where dead processes may have left more."""

    def __init__(self, sink: Sink, store: Store, account: Account, folder: Path | None) -> None:
        self.store = store
        self.asleep = True
        """The next record has to wake the thread (which does not run yet)."""
        self.stopping = False
        """There may be nothing left to wait for: a reader that stalls costs lines."""
        self._halted = False
        self._leaving: dict[int, Sink] = {}
        self._lingers = 0
        self._sink = sink
        self._account = account
        self._folder = folder
        self._adopting = folder is not None and len(files(folder)) > 1  # one is our own
        self._look_again = 0.0
        self._runs = False
        self._thread = 0
        self._gate = threads.Gate()
        self._turn = threads.lock()
        self._noting = threads.lock()  # what became of lines: in the books and in the store, or in neither
        self._progress, self._seen = 0, -1
        self._sleep = threads.sleep()
        if self._adopting:
            self.wake()

    def wake(self) -> bool:
        """See to it that the thread looks; False at the end of the interpreter, where none can be started."""
        if self._halted:
            return False
        self.asleep = False
        if not self._runs:
            self._runs = True
            if not threads.start(self._run):
                self._runs, self.asleep = False, True
                return False
        self._gate.wake()
        return True

    def make_way(self) -> None:
        """The thread cannot keep up with a caller that never pauses: it gets the interpreter for a moment.

        Not where that would not help, because the reader is what is slow.
        """
        if self._progress != self._seen:
            self._seen = self._progress
            self.wake()
            self._sleep(0)

    # --- the thread

    def _run(self) -> None:
        self._thread = threads.ident()
        try:
            quiet = 0
            while True:
                if self._halted:
                    return
                if self._adopting or (self._folder is not None and time.monotonic() >= self._look_again):
                    self.adopt()
                if self.write_some():
                    quiet = 0
                elif self.stopping:
                    return
                elif quiet < _QUIET:
                    quiet += 1
                    self._gate.wait(_POLL)
                else:
                    quiet = 0
                    self.asleep = True
                    if not self.store.waiting:  # else a record came meanwhile, and saw no need to wake us
                        self._gate.wait(None if self._folder is None else _LOOK_AGAIN)
                    self.asleep = False
        except Exception as error:  # a defect of ours: the next record starts the thread anew
            report_problem(f"the writer of {self._sink.name} failed: {type(error).__name__}")
        finally:
            self._runs, self.asleep = False, True
            self._leave()

    def linger(self, leaving: dict[int, Sink], sink: Sink) -> None:
        """A new configuration does not wait for what is left: an exit does, until it is written."""
        if self._halted:
            return
        self._leaving = leaving
        leaving[id(sink)] = sink
        self._lingers = id(sink)
        if not self._runs:
            self._leave()

    def _leave(self) -> None:
        if self._lingers and not self.store.waiting:
            self._leaving.pop(self._lingers, None)

    def write_some(self) -> bool:
        """Write a batch; False if nothing waits."""
        with self._turn:
            store = self.store
            lines = store.peek()
            self._account.settle(store)
            if not lines or self._halted:
                return False
            try:
                write_lines(self._sink, lines, self._delivered, self._lost, self._is_patient)
            except _StayError:
                return False
            store.taken()
            return True

    def _delivered(self, count: int) -> None:
        with self._noting:
            self._progress += count
            self._account.delivered(count)
            self.store.passed(count)
            self._go_on()

    def _lost(self, reason: str, count: int) -> None:
        with self._noting:
            self._go_on()
            self._account.lost(reason, count)
            self.store.passed(count)

    def _go_on(self) -> None:
        if self._halted:
            raise _StayError

    def _is_patient(self) -> bool:
        return not self.stopping

    def adopt(self) -> None:
        """Deliver what dead processes left; what cannot be delivered now, stays."""
        try:
            for left in leftovers(self._folder) if self._folder is not None else ():
                with self._turn:
                    if not self._take_over(left):
                        break
        except OSError as error:
            report_problem(f"what earlier processes left for {self._sink.name} cannot be read: {reason_of(error)}")
        self._look_again = time.monotonic() + _LOOK_AGAIN
        self._adopting = False

    def _take_over(self, left: Leftover) -> bool:
        through = 0

        def delivered(count: int) -> None:
            nonlocal through
            through += count
            if count:
                self._account.adopted(count, left.done(through))
            self._go_on()

        def failed(reason: str, _count: int) -> None:
            self._go_on()
            raise _StayError(reason)

        try:
            write_lines(self._sink, left.lines, delivered, failed, self._is_patient)
        except _StayError as error:
            if not self._halted:
                rest = len(left.lines) - through
                report_problem(
                    f"left on disk by an earlier process, for {self._sink.name}: {counted(rest, 'record')} ({error})"
                )
            return False
        if left.torn:
            self._account.adopted(0, left.torn)
        left.remove()
        return True

    # --- somebody waits

    @property
    def is_held(self) -> bool:
        """Whether this thread writes, or counts what was written, and a signal handler interrupted it."""
        return threads.holds(self._turn) or threads.holds(self._noting)

    def flush(self, deadline: float | None, *, amid: bool = False) -> bool:
        """Return when all that waits now is written, or at the deadline (of `time.monotonic`).

        `amid`: a signal handler asks, and the call that it interrupted holds what the thread needs.
        """
        store = self.store
        through = store.accepted
        if threads.ident() == self._thread and self._runs:  # a finalizer on the thread itself
            return not store.waiting
        if self._halted:
            return not self._adopting and not store.waiting
        if amid:
            return self._flush_amid_call(through, deadline)
        while self._adopting or store.accepted - store.waiting < through:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if self.wake():
                time.sleep(0.001)  # no condition: at the exit of a process a frozen thread may hold its lock
            elif not self._without_thread(deadline):
                return False
        return True

    def _flush_amid_call(self, through: int, deadline: float | None) -> bool:
        """The thread may wait for the call that was interrupted: write here what can be, if the thread is not at it."""
        store, left = self.store, -1
        if self.is_held:
            return not store.waiting
        moment = time.monotonic() + _MOMENT
        deadline = moment if deadline is None else min(deadline, moment)
        while self._adopting or store.accepted - store.waiting < through:
            before, left = left, store.waiting
            if left == before or not self._without_thread(deadline):
                return False  # what comes behind a record that is not finished has to wait for it
        return True

    def _without_thread(self, deadline: float | None) -> bool:
        rest = -1.0 if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._turn.acquire(timeout=rest):
            return False
        try:
            if self._adopting:
                self.adopt()
            self.write_some()
        finally:
            self._turn.release()
        return True

    def stop(self, deadline: float) -> bool:
        """Write what waits and end the thread; False if it still has some to write, which it goes on to do."""
        self.stopping = True
        written = self.flush(deadline)
        while self._runs and threads.ident() != self._thread and time.monotonic() < deadline:
            self._gate.wake()
            time.sleep(0.001)
        return written and not self.store.waiting

    def halt(self) -> None:
        """Begin nothing more: what is not written now stays in the store, and no more of it is counted as lost.

        A write that the system still holds may end, and its lines are then delivered.
        """
        self.stopping = True
        held = self._noting.acquire(timeout=_MOMENT)
        self._halted = True
        if held:
            self._noting.release()
