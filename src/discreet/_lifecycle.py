"""Beginnings and ends of a process: drain at exit and on SIGTERM, start anew after a fork."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from discreet._health import complain, ledger
from discreet._record import Identity
from discreet._redaction.audit import audit
from discreet._state import state

if TYPE_CHECKING:
    from types import FrameType

    from discreet._delivery.sink import Sink

_installed = False
_forking = threading.local()


def install() -> None:
    """Once per process."""
    global _installed  # noqa: PLW0603 - a latch
    if _installed:
        return
    _installed = True
    atexit.register(drain)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
        )


def install_sigterm() -> None:
    """Drain on SIGTERM too, where the application left it at its default (and only it may change it later)."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def drain() -> None:
    """Flush every sink; never raises."""
    for sink in state.sinks:
        try:
            sink.flush()
        except Exception as error:  # at exit there is nobody left to raise to
            complain(f"{sink.name} could not be flushed: {type(error).__name__}")


def _terminated(number: int, _frame: FrameType | None) -> None:
    drain()
    signal.signal(number, signal.SIG_DFL)  # die of the signal, so that the parent sees what happened
    os.kill(os.getpid(), number)


def _before_fork() -> None:
    _forking.sinks = state.sinks  # another thread may configure before this one has forked
    for sink in _forking.sinks:
        sink.before_fork()


def _after_fork_in_parent() -> None:
    for sink in _forking.sinks:
        sink.after_fork_in_parent()


def _after_fork_in_child() -> None:
    ledger.forget()
    audit.forget()
    limits = sys.modules.get("discreet._limits")
    if limits is not None:
        limits.renew_lock()
    forked: tuple[Sink, ...] = _forking.sinks
    for sink in (*forked, *(sink for sink in state.sinks if sink not in forked)):
        sink.after_fork_in_child()
    if state.took_over:
        sys.modules["discreet._hooks"].cover_multiprocessing()
    pipeline = state.pipeline
    if pipeline is not None:
        parent = pipeline.identity
        pipeline.identity = Identity(parent.service, parent.version, parent.environment, parent.host, os.getpid())
