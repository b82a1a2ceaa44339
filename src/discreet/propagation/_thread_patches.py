"""The patches by which context follows work into threads and thread pools.

The patches are on `Thread.start`, which captures the context, and `Thread._bootstrap_inner`, which sets it. So they
cover subclasses that override `run` and also `threading.excepthook`, make no reference cycle, and do not disturb the
patches of other tools. `ThreadPoolExecutor.submit` is patched when its module is imported, which few processes do.
"""

from __future__ import annotations

import contextvars
import functools
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import EMPTY, current, leave
from discreet.propagation._jobs import in_context
from discreet.propagation._patches import Patch, Patches

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import ThreadPoolExecutor
    from types import ModuleType

    from discreet._context.ambient import Context

_OUR_CONTEXT = "_discreet_context"
_PYTHONS_CONTEXT = "_context"
_RUNS_IN_CONTEXT = sys.version_info >= (3, 14)  # since then `run` has a `contextvars` context of its own

# Top-level modules whose threads and processes live longer than the work that happened to start them: of pools,
# exporters, watchers.
_LIBRARIES = frozenset({
    "anyio", "apscheduler", "asyncio", "azure", "concurrent", "confluent_kafka", "datadog", "ddtrace", "debugpy",
    "elasticapm", "google", "grpc", "gunicorn", "ipykernel", "joblib", "kafka", "kombu", "langfuse", "logfire",
    "logging", "loky", "multiprocessing", "newrelic", "opentelemetry", "posthog", "prometheus_client", "pydevd",
    "pymongo", "redis", "s3transfer", "sentry_sdk", "socketserver", "tornado", "tqdm", "uvicorn", "watchdog",
    "watchfiles", "werkzeug", "zmq",
})  # fmt: skip


def instrument() -> None:
    """Let context follow every `threading.Thread` and `ThreadPoolExecutor` from here on. Idempotent.

    A thread keeps the context in which it was started, a pool's job the context in which it was submitted. Threads
    that libraries start for themselves get no context.
    """
    _patches.apply()


def uninstrument() -> None:
    """Undo `instrument`. A patch that another tool has wrapped stays in place, without effect."""
    _patches.undo()


@contextmanager
def detached() -> Generator[None, None, None]:
    """Start threads without context inside: for daemons, and for timers that start themselves again."""
    token = current.set(EMPTY)
    try:
        yield
    finally:
        leave(token)


def _start(self: threading.Thread) -> None:
    if _patches.on:
        context = context_for(self, threading.Thread)
        if context is not EMPTY:
            setattr(self, _OUR_CONTEXT, context)
        if _RUNS_IN_CONTEXT and getattr(self, _PYTHONS_CONTEXT, None) is None:
            inherits = getattr(sys.flags, "thread_inherit_context", 0)
            inside = contextvars.copy_context() if inherits else contextvars.Context()
            inside.run(current.set, context)
            setattr(self, _PYTHONS_CONTEXT, inside)
    _start_patch.original()(self)


def _bootstrap_inner(self: threading.Thread) -> None:
    context = vars(self).pop(_OUR_CONTEXT, None)
    if context is not None:
        current.set(context)  # in the thread's own `contextvars` context, which ends with the thread
    _bootstrap_patch.original()(self)


def _patch_pools(module: ModuleType) -> None:
    """Patch `ThreadPoolExecutor`, now that its module is imported."""

    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return patch.original()(self, in_context(fn) if _patches.on else fn, *args, **kwargs)

    patch = _patches.add(Patch(module.ThreadPoolExecutor, "submit", submit))


def context_for(worker: Any, base: type) -> Context:
    """The context for a thread or process that starts here: none for those that a library keeps for itself."""
    return EMPTY if _top_module(worker, base) in _LIBRARIES else current.get()


def _top_module(worker: Any, base: type) -> str:
    """The top-level module of the code that a thread or process runs."""
    definer = next(kind for kind in type(worker).__mro__ if "run" in vars(kind))
    job: object = definer
    if definer is base:
        job = getattr(worker, "_target", None)
    elif definer is threading.Timer:
        job = getattr(worker, "function", None)
    while isinstance(job, functools.partial):
        job = job.func
    return str(getattr(job, "__module__", None) or "").partition(".")[0]


_patches = Patches({"concurrent.futures.thread": _patch_pools})
_start_patch = _patches.add(Patch(threading.Thread, "start", _start))
_bootstrap_patch = _patches.add(Patch(threading.Thread, "_bootstrap_inner", _bootstrap_inner))
