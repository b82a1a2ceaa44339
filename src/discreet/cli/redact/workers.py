"""Work spread over the cores: results in the order of the work, and only so much of it in memory at a time."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future, ProcessPoolExecutor


class _Sized(Protocol):
    """Work that says how many bytes it is."""

    def __len__(self) -> int: ...


Work = TypeVar("Work", bound=_Sized)
Result = TypeVar("Result")
Setting = TypeVar("Setting")

_WORTH_IT = 1 << 20
"""Bytes judged before other processes are started: with less, they would not pay for their start."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def in_order(
    work: Callable[[Work], Result],
    items: Iterable[Work],
    *,
    jobs: int,
    prepare: Callable[[Setting], None],
    setting: Setting,
    idle: Callable[[], bool] = lambda: False,
) -> Generator[Result]:
    """Yield `work(item)` for every item, in order, from `jobs` processes; 1 means this one.

    `prepare(setting)` is called first in every process that works. While `idle()` says that the next item is still to
    come, everything that was begun is finished and yielded first, so that no line waits for the one after it.
    """
    prepare(setting)
    done = 0
    pool: ProcessPoolExecutor | None = None
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            if pool is None:
                done += len(item)
                if jobs == 1 or done < _WORTH_IT:
                    yield work(item)
                    continue
                pool = _pool(jobs, prepare, setting)
            waiting.append(pool.submit(work, item))
            while waiting and (len(waiting) > 2 * jobs or waiting[0].done() or idle()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        if pool is not None:
            pool.shutdown(wait=not waiting, cancel_futures=True)


def _pool(jobs: int, prepare: Callable[[Setting], None], setting: Setting) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(jobs, initializer=_begin, initargs=(prepare, setting))


def _begin(prepare: Callable[[Setting], None], setting: Setting) -> None:
    """In each worker: an interrupt is the parent's to handle, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    prepare(setting)


def _leave_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
