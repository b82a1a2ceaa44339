"""The life of a process: sinks are flushed on request, drained at exit and on SIGTERM, and start anew after a fork."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from discreet._base import threads
from discreet._base.diagnostics import report_problem
from discreet._base.statistics import process_statistics
from discreet._call.logger import unconfigured
from discreet._config.settings import EXIT_TIMEOUT, state
from discreet._delivery.runner import running, time_left
from discreet._pipeline import pipeline_in_force
from discreet._record import Identity
from discreet._redaction.audit import audit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from discreet._delivery.runner import Runner

THREADS = "discreet.propagation._thread_patches"
WORK = ("discreet.propagation._process_patches", "discreet.propagation._entry_points")
"""What lets context follow the work, into threads and into processes and jobs; by name, because they are edges."""

_SHORTEST = 0.25  # seconds that a sink gets at exit, also when those before it took all the time
_MOST_UNDISTURBED = 2.0  # seconds that storing may keep signals waiting
_MOST_POSTPONED = 20  # times that SIGTERM lets a log call end first; one that hangs in a write never ends
_FIRST_PAUSE = 0.002  # seconds until the signal is sent again
_LONGEST_PAUSE = 0.1

_installed = False
_done = False  # whether the sinks were drained
_postponed = 0  # how often SIGTERM let a log call end first
_received = 0  # how often SIGTERM came


class _Forking(threading.local):
    runners: tuple[Runner, ...] = ()


_forking = _Forking()


def install() -> None:
    """Have the sinks drained at exit. Does so once per process."""
    global _installed  # noqa: PLW0603 - a latch
    if not threading.main_thread().is_alive():  # an `atexit` function configures: ours ran already, or never will
        drain()
    if _installed:
        return
    _installed = True
    atexit.register(_drain_unless_done)  # after `drain`, which Ctrl-C may stop before it has begun
    atexit.register(drain)
    _drain_at_end_of_worker()


def install_sigterm() -> None:
    """Drain on SIGTERM too, where the application left that signal at its default. It may change that later."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        try:
            signal.signal(signal.SIGTERM, on_sigterm)
        except ValueError:  # only the main interpreter may handle signals, and this is another one
            return


def uninstall_sigterm() -> None:
    """Leave SIGTERM at its default again, where it is still ours."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def flush(timeout: float | None = 5.0) -> bool:
    """Return when every record written so far has reached its sinks, or after `timeout` seconds (None: however long).

    True: all of it was delivered, not merely stored on disk, and none was lost since the last `flush()`. Never raises.
    """
    deadline = None if timeout is None else time.monotonic() + max(0.0, timeout)
    deliver_now(running.runners)
    complete = True
    # Those that know no timeout come last, so that the others do not wait for them.
    for runner in sorted(running.runners, key=lambda runner: runner.may_block):
        try:
            complete = runner.flush(time_left(deadline)) and complete
        except Exception as error:  # a sink of the user's may raise anything
            report_problem(f"{runner.name} could not be flushed: {type(error).__name__}")
            complete = False
    return complete


def deliver_now(runners: Iterable[Runner]) -> None:
    """Have each sink begin to deliver what is pending, so that all deliver at the same time. Never raises."""
    for runner in runners:
        try:
            runner.deliver_now()
        except Exception as error:  # `flush` may still work
            report_problem(f"{runner.name} could not begin to deliver: {type(error).__name__}")


def drain() -> None:
    """Let all sinks deliver or store what is pending, within the exit timeout: the process ends. Never raises.

    Whoever presses Ctrl-C meanwhile will not wait: receivers are waited for no longer. What is pending is still
    stored or counted, and this last part, which is short, is not interrupted.
    """
    global _done  # noqa: PLW0603 - a latch
    runners: tuple[Runner, ...] = ()
    in_time = False
    try:
        runners = running.all
        _deliver(runners)
        in_time = True
    except BaseException as error:  # KeyboardInterrupt, or what a signal handler of the host's raises
        report_problem(f"the end was interrupted ({type(error).__name__}): nothing is waited for any longer")
    with _Undisturbed():
        for runner in runners or running.all:
            runner.settle(in_time=in_time)
        _done = True


def _drain_unless_done() -> None:
    if not _done:
        drain()


def _deliver(runners: tuple[Runner, ...]) -> None:
    settings = state.settings
    deadline = time.monotonic() + (EXIT_TIMEOUT if settings is None else settings.exit_timeout)
    deliver_now(runners)
    for runner in sorted(runners, key=lambda runner: runner.may_block):
        try:
            runner.end(max(_SHORTEST, deadline - time.monotonic()))
        except Exception as error:  # at exit nobody is left to catch it
            report_problem(f"{runner.name} could not be ended: {type(error).__name__}")


class _Undisturbed:
    """Signals that would end the process, or raise something here, wait until the block is through.

    After two seconds they do not: then a disk hangs, and somebody wants to be rid of the process.
    """

    def __enter__(self) -> None:
        self._until = time.monotonic() + _MOST_UNDISTURBED
        self._came: list[int] = []
        self._handlers: dict[int, Any] = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):  # not in the main thread, which alone handles signals
                if signal.getsignal(number) not in (None, signal.SIG_IGN):  # None: a library's own, in C
                    self._handlers[number] = signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came.append(number)
        if time.monotonic() > self._until:
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if signal.SIGTERM in self._came:  # Ctrl-C has nothing left to interrupt: the process ends
            signal.raise_signal(signal.SIGTERM)


def on_sigterm(number: int, _frame: FrameType | None) -> None:
    """Drain, then die of the signal; after the log call that it interrupted, if there is one."""
    global _postponed, _received  # noqa: PLW0603 - signals are the process's, not an object's
    _received += 1
    # The call may hold a lock that the workers need.
    interrupted_call = any(runner.is_held for runner in running.runners)
    if interrupted_call and _postponed < _MOST_POSTPONED and threads.start(partial(_send_again, number, _received)):
        _postponed += 1
        return
    drain()
    signal.signal(number, signal.SIG_DFL)  # die of the signal, so that the parent process sees what happened
    os.kill(os.getpid(), number)


def _send_again(number: int, received: int) -> None:
    """Send the signal again, until its handler is called.

    A signal that arrives just before the main thread blocks in a system call is only noticed when that call returns.
    """
    pause = _FIRST_PAUSE
    while True:
        time.sleep(pause)
        if _received != received or signal.getsignal(number) is not on_sigterm:
            return
        if sys.platform == "win32":
            signal.raise_signal(number)
        else:
            signal.pthread_kill(threading.main_thread().ident or 0, number)  # interrupts the system call
        pause = min(2 * pause, _LONGEST_PAUSE)


def _drain_at_end_of_worker(_registered: object = None) -> None:
    """Have the sinks drained at the end of a worker of `multiprocessing` or Celery, which ends without `atexit`."""
    for name in ("multiprocessing", "billiard"):
        process, util = sys.modules.get(f"{name}.process"), sys.modules.get(f"{name}.util")
        if process is not None and util is not None and getattr(process.current_process(), "_parent_pid", None):
            util.Finalize(None, drain, exitpriority=-100)


def _before_fork() -> None:
    _forking.runners = running.all  # another thread may configure before this one has forked
    for runner in _forking.runners:
        runner.before_fork()


def _after_fork_in_parent() -> None:
    for runner in _forking.runners:
        runner.after_fork_in_parent()


def _after_fork_in_child() -> None:
    global _done  # noqa: PLW0603 - a latch
    _done = False
    process_statistics.reset()
    unconfigured.dropped.clear()
    audit.forget()
    limits = sys.modules.get("discreet._call.limits")
    if limits is not None:
        limits.renew_lock()
    forked = _forking.runners
    for runner in (*forked, *(runner for runner in running.runners if runner not in forked)):
        runner.after_fork_in_child()
    running.draining.clear()  # what these sinks still deliver belongs to the parent
    if state.took_over:
        sys.modules["discreet._takeover.uncaught"].cover_multiprocessing()
    pipeline = pipeline_in_force()
    if pipeline is not None:
        parent = pipeline.identity
        pipeline.identity = Identity(parent.service, parent.version, parent.environment, parent.host, os.getpid())
    await_worker()


def await_worker() -> None:
    """Have the sinks drained at the end of the worker that this process is about to become, if it becomes one."""
    for name in ("multiprocessing", "billiard"):
        util = sys.modules.get(f"{name}.util")
        if util is not None:  # a worker begins with an empty list of finalizers, then calls what is registered here
            util.register_after_fork(drain, _drain_at_end_of_worker)


# Now, although there are no sinks yet: `_config.configure` has a hook of its own, which must run before this one.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
