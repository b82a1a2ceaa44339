"""Beginnings and ends of a process: drain at exit and on SIGTERM, start anew after a fork."""

from __future__ import annotations

import atexit
import inspect
import os
import signal
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import report_problem
from discreet._base.statistics import process_statistics
from discreet._config.state import state
from discreet._delivery.sink import running
from discreet._pipeline import pipeline_in_force
from discreet._record import Identity
from discreet._redaction.audit import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    from discreet._delivery.sink import Sink

EXIT_TIMEOUT = 5.0
_LEAST = 0.25  # seconds that a sink gets at exit, when those before it took all there was

_MOST_PUT_OFF = 20  # times that SIGTERM lets a log call end first; one that hangs in a write never does
_MOMENT = 0.002  # seconds until it comes again

_LONGEST_MOMENT = 0.1

_installed = False
_put_off = _came = 0
_forking = threading.local()


def install() -> None:
    """Once per process."""
    global _installed  # noqa: PLW0603 - a latch
    if _installed:
        return
    _installed = True
    atexit.register(drain)
    _drain_at_end_of_worker()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
        )


def install_sigterm() -> None:
    """Drain on SIGTERM too, where the application left it at its default (and only it may change it later)."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        try:
            signal.signal(signal.SIGTERM, _terminated)
        except ValueError:  # a sub-interpreter: signals are the main one's
            return


def flush(timeout: float | None = None) -> bool:
    """Flush every sink, all within `timeout` seconds; whether all of it was delivered. Never raises."""
    deadline = None if timeout is None else time.monotonic() + max(0.0, timeout)
    sinks = running.sinks
    hurry(sinks)
    # Those that cannot be told to stop come last, so that they cost the others nothing.
    results = [_flush(sink, deadline) for sink in sorted(sinks, key=lambda sink: not _takes_timeout(sink))]
    return all(results)


def hurry(sinks: Iterable[Sink]) -> None:
    """Tell each to send what waits, so that they do it side by side. Never raises."""
    for sink in sinks:
        try:
            sink.hurry()
        except Exception as error:  # it may still be flushed
            report_problem(f"{sink.name} could not be hurried: {type(error).__name__}")


def _flush(sink: Sink, deadline: float | None) -> bool:
    try:
        result: object = sink.flush(_left(deadline)) if _takes_timeout(sink) else _in_time(sink.flush, deadline)
        return not sink.statistics.lost_since_asked() if result is None else bool(result)
    except Exception as error:  # a sink of the user's may raise anything
        report_problem(f"{sink.name} could not be flushed: {type(error).__name__}")
        return False


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _takes_timeout(sink: Sink) -> bool:
    """Sinks may define `flush(self)`, as they could before there was a timeout."""
    try:
        inspect.signature(sink.flush).bind(1.0)
    except TypeError:
        return False
    except ValueError:  # not written in Python
        return True
    return True


def _in_time(flush: Callable[[], object], deadline: float | None) -> bool | None:
    """A flush that knows no timeout, in a thread that may be left behind; here where no thread can be started."""
    results: list[bool | Exception | None] = []
    gate = threads.Gate()

    def run() -> None:
        try:
            result = flush()
            results.append(None if result is None else bool(result))
        except Exception as error:  # raised where somebody waits for it
            results.append(error)
        finally:
            gate.wake()

    if deadline is None or not threads.start(run):
        run()
    elif not gate.wait(_left(deadline)):
        return False
    result = results[0] if results else False
    if isinstance(result, Exception):
        raise result
    return result


def drain() -> None:
    """The process ends: one budget for all sinks to deliver, or to store, what waits. Never raises."""
    settings = state.settings
    deadline = time.monotonic() + (EXIT_TIMEOUT if settings is None else settings.exit_timeout)
    sinks = (*running.sinks, *running.draining.values())
    hurry(sinks)
    for sink in sorted(sinks, key=lambda sink: not _takes_timeout(sink)):
        if not sink.ends_itself:
            _flush(sink, deadline)
        try:
            sink.end(max(_LEAST, deadline - time.monotonic()))
        except Exception as error:  # at exit there is nobody left to raise to
            report_problem(f"{sink.name} could not be ended: {type(error).__name__}")


def _terminated(number: int, _frame: FrameType | None) -> None:
    global _put_off, _came  # noqa: PLW0603 - how often is known nowhere else
    _came += 1
    if _put_off < _MOST_PUT_OFF and _amid_record() and threads.start(partial(_again, number, _came)):
        _put_off += 1
        return
    drain()
    signal.signal(number, signal.SIG_DFL)  # die of the signal, so that the parent sees what happened
    os.kill(os.getpid(), number)


def _amid_record() -> bool:
    """Whether the signal interrupted a log call that holds what the threads that deliver need."""
    return any(sink.is_held for sink in running.sinks)


def _again(number: int, seen: int) -> None:
    """Send the signal again, until its handler comes.

    One that arrives just before the main thread blocks in a system call is only noticed when that returns.
    """
    moment = _MOMENT
    while True:
        time.sleep(moment)
        if _came != seen or signal.getsignal(number) is not _terminated:
            return
        if sys.platform == "win32":
            signal.raise_signal(number)
        else:
            signal.pthread_kill(threading.main_thread().ident or 0, number)  # interrupts what it blocks in
        moment = min(2 * moment, _LONGEST_MOMENT)


def _drain_at_end_of_worker(_reminder: object = None) -> None:
    """Workers of `multiprocessing` and of Celery end without `atexit`; their own list of last things is asked."""
    for name in ("multiprocessing", "billiard"):
        process, util = sys.modules.get(f"{name}.process"), sys.modules.get(f"{name}.util")
        if process is not None and util is not None and getattr(process.current_process(), "_parent_pid", None):
            util.Finalize(None, drain, exitpriority=-100)


def _before_fork() -> None:
    _forking.sinks = (
        *running.sinks,
        *running.draining.values(),
    )  # another thread may configure before this one has forked
    for sink in _forking.sinks:
        sink.before_fork()


def _after_fork_in_parent() -> None:
    for sink in _forking.sinks:
        sink.after_fork_in_parent()


def _after_fork_in_child() -> None:
    process_statistics.forget()
    audit.forget()
    limits = sys.modules.get("discreet._call.limits")
    if limits is not None:
        limits.renew_lock()
    forked: tuple[Sink, ...] = _forking.sinks
    for sink in (*forked, *(sink for sink in running.sinks if sink not in forked)):
        sink.after_fork_in_child()
    running.draining.clear()  # what they still send is the parent's
    if state.took_over:
        sys.modules["discreet._takeover.hooks"].cover_multiprocessing()
    pipeline = pipeline_in_force()
    if pipeline is not None:
        parent = pipeline.identity
        pipeline.identity = Identity(parent.service, parent.version, parent.environment, parent.host, os.getpid())
    for name in ("multiprocessing", "billiard"):
        util = sys.modules.get(f"{name}.util")
        if util is not None:  # a worker forgets its list of last things at its beginning, and then asks whom to remind
            util.register_after_fork(drain, _drain_at_end_of_worker)
