"""Threads and locks of the operating system, also where gevent or eventlet have replaced Python's by their own.

A worker must go on while a greenlet computes, and a greenlet must not wait until a worker has finished a step.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

FOREVER: float = threading.TIMEOUT_MAX


def original(name: str, module: Literal["_thread", "time"] = "_thread") -> Any:
    """A function or class of a module as Python has it."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched(module.lstrip("_")):
        return getattr(patcher.original(module), name)
    return getattr(sys.modules[module], name)


def lock() -> threading.RLock:
    """Re-entrant, since a signal handler may log while its own thread holds it."""
    made: threading.RLock = original("RLock")()
    return made


def ident() -> int:
    """Which thread runs, whichever greenlet it is."""
    found: int = original("get_ident")()
    return found


def holds(lock: object) -> bool:
    """Whether this thread has a lock made by `lock()`."""
    owned = getattr(lock, "_is_owned", None)  # nothing public tells; `threading.Condition` asks the same way
    return owned is not None and bool(owned())


def in_sub_interpreter() -> bool:
    """Whether this is not the process's first interpreter."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # from 3.13, and before; nothing public tells before 3.14
        try:
            module = import_module(name)
            return bool(module.get_current() != module.get_main())
        except (ImportError, AttributeError, RuntimeError):
            continue
    return False


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


class ExitLock:
    """A lock for the end of the interpreter, when threads are frozen wherever they are, with all locks that they hold.

    It waits for a moment and then goes on without the lock: no other thread is left that could be disturbed.
    """

    _PATIENCE = 0.5  # seconds

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._held: list[bool] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As a lock's, but never longer than a moment."""
        return self._lock.acquire(timeout=min(timeout, self._PATIENCE) if timeout >= 0 else self._PATIENCE)

    def release(self) -> None:
        """As a lock's."""
        self._lock.release()

    def __enter__(self) -> None:
        self._held.append(self.acquire())

    def __exit__(self, *_: object) -> None:
        if self._held.pop():
            self._lock.release()


class Gate:
    """One thread waits here until another wakes it. A wake that comes early is kept; a second one changes nothing.

    It is one lock of the system and nothing else, because signal handlers use it, and they may interrupt anything.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock: threading.Lock = original("allocate_lock")()
        self._lock.acquire()

    def wake(self) -> None:
        """Let the waiting thread go on, or else the next thread that waits."""
        if self._lock.locked():
            try:
                self._lock.release()
            except RuntimeError:  # another thread was faster
                return

    def wait(self, timeout: float | None) -> bool:
        """Whether another thread called `wake` within that many seconds (None: however long)."""
        return self._lock.acquire(timeout=FOREVER if timeout is None else max(0.0, min(timeout, FOREVER)))
