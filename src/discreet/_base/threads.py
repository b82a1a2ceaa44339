"""Threads and locks of the operating system, also where gevent or eventlet put their own in their place.

The sender must go on while a greenlet computes, and a greenlet must not wait for the sender's turn.
"""

from __future__ import annotations

import _thread
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

FOREVER: float = threading.TIMEOUT_MAX


def original(name: str) -> Any:
    """A function or class of `_thread` as Python has it."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original("_thread", name)
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("thread"):
        return getattr(patcher.original("_thread"), name)
    return getattr(_thread, name)


def lock() -> threading.RLock:
    """Re-entrant, since a signal handler may log while its own thread holds it."""
    made: threading.RLock = original("RLock")()
    return made


def ident() -> int:
    """Which thread runs, whichever greenlet it is."""
    found: int = original("get_ident")()
    return found


def sleep() -> Callable[[float], None]:
    """`time.sleep` as Python has it: gevent's and eventlet's let other greenlets run, which a log call must not do."""
    found: object = time.sleep
    with suppress(Exception):
        if "gevent.monkey" in sys.modules:
            found = sys.modules["gevent.monkey"].get_original("time", "sleep")
        elif "eventlet.patcher" in sys.modules:
            found = sys.modules["eventlet.patcher"].original("time").sleep
    return cast("Callable[[float], None]", found)


def holds(lock: object) -> bool:
    """Whether this thread has a lock made by `lock()`."""
    owned = getattr(lock, "_is_owned", None)  # nothing public tells; `threading.Condition` asks the same way
    return owned is not None and bool(owned())


def in_sub_interpreter() -> bool:
    """Whether this is not the process's first interpreter."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # from 3.13, and before; nothing public tells before 3.14
        try:
            module = import_module(name)
            return _number(module.get_current()) != _number(module.get_main())
        except (ImportError, AttributeError, RuntimeError):
            continue
    return False


def _number(interpreter: Any) -> int:
    """From 3.13 on an interpreter is told as a number and where it came from."""
    first: Any = next(iter(interpreter)) if hasattr(interpreter, "__iter__") else interpreter
    return int(first)


def start(run: Callable[[], None]) -> bool:
    """Run something in a thread that nobody waits for at exit; False where none can be started.

    No `threading.Thread`, whose start waits for the thread to be up: a log call must not.
    """

    def body() -> None:
        trace = threading.gettrace()  # debuggers and coverage follow it as they follow others
        if trace is not None:
            sys.settrace(trace)
        try:
            run()
        finally:
            sys.settrace(None)

    try:
        original("start_new_thread")(body, ())
    except RuntimeError:  # too many threads, or the interpreter ends
        return False
    return True


class Gate:
    """One thread waits here until another wakes it. A wake that comes early is kept; a second one changes nothing.

    Nothing but one lock of the system's, because it is used in signal handlers, which may interrupt anything.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock: threading.Lock = original("allocate_lock")()
        self._lock.acquire()

    def wake(self) -> None:
        """Let the waiting thread go, or the next that comes."""
        if self._lock.locked():
            try:
                self._lock.release()
            except RuntimeError:  # somebody was faster
                return

    def wait(self, timeout: float | None) -> bool:
        """Whether somebody woke us, within that many seconds (None: however long)."""
        if timeout is not None and timeout <= 0:
            return self._lock.acquire(blocking=False)
        return self._lock.acquire(timeout=FOREVER if timeout is None else min(timeout, FOREVER))
