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
from typing import TYPE_CHECKING, Any, cast

from discreet._base.imports import when_imported
from discreet._context.ambient import EMPTY, Context, current, leave

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import ThreadPoolExecutor
    from types import ModuleType

_OUR_CONTEXT = "_discreet_context"
_PYTHONS_CONTEXT = "_context"
_RUNS_IN_CONTEXT = sys.version_info >= (3, 14)  # since then `run` has a `contextvars` context of its own

# Top-level modules whose threads live longer than the work that happened to start them: pools, exporters, watchers.
_LIBRARIES = frozenset({
    "anyio", "apscheduler", "asyncio", "azure", "concurrent", "confluent_kafka", "datadog", "ddtrace", "debugpy",
    "elasticapm", "google", "grpc", "gunicorn", "ipykernel", "joblib", "kafka", "kombu", "langfuse", "logfire",
    "logging", "loky", "multiprocessing", "newrelic", "opentelemetry", "posthog", "prometheus_client", "pydevd",
    "pymongo", "redis", "s3transfer", "sentry_sdk", "socketserver", "tornado", "tqdm", "uvicorn", "watchdog",
    "watchfiles", "werkzeug", "zmq",
})  # fmt: skip


class _Patch:
    """One method of another class and the function that replaces it."""

    def __init__(self, owner: type, name: str, replacement: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._replacement = replacement
        self._original: Callable[..., Any] | None = None

    def original(self) -> Callable[..., Any]:
        """The method as it is without the patch."""
        return self._original or cast("Callable[..., Any]", getattr(self._owner, self._name))

    def apply(self) -> None:
        """Replace the method, once: a tool that has wrapped the replacement still calls it."""
        if self._original is None:
            self._original = getattr(self._owner, self._name)
            setattr(self._owner, self._name, self._replacement)

    def undo(self) -> None:
        """Restore the method, unless a tool has wrapped the replacement; then it stays, without effect."""
        if getattr(self._owner, self._name) is self._replacement:
            setattr(self._owner, self._name, self._original)
            self._original = None


class _Instrumented:
    yes = False
    awaits_pools = False


def instrument() -> None:
    """Let context follow every `threading.Thread` and `ThreadPoolExecutor` from here on. Idempotent.

    A thread keeps the context in which it was started, a pool's job the context in which it was submitted. Threads
    that libraries start for themselves get no context.
    """
    _Instrumented.yes = True
    if not _Instrumented.awaits_pools:
        _Instrumented.awaits_pools = True
        when_imported("concurrent.futures.thread", _patch_pools)
    for patch in _patches:
        patch.apply()


def uninstrument() -> None:
    """Undo `instrument`. A patch that another tool has wrapped stays in place, without effect."""
    _Instrumented.yes = False
    for patch in _patches:
        patch.undo()


@contextmanager
def detached() -> Generator[None, None, None]:
    """Start threads without context inside: for daemons, and for timers that start themselves again."""
    token = current.set(EMPTY)
    try:
        yield
    finally:
        leave(token)


class JobInContext:
    """A pool's job and its context, which the worker thread does not keep after the job."""

    __slots__ = ("_context", "_job")

    def __init__(self, context: Context, job: Callable[..., Any]) -> None:
        self._context = context
        self._job = job

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        token = current.set(self._context)
        try:
            return self._job(*args, **kwargs)
        finally:
            current.reset(token)


def _start(self: threading.Thread) -> None:
    if _Instrumented.yes:
        context = EMPTY if _owner(self) in _LIBRARIES else current.get()
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
        if _Instrumented.yes and type(fn) is not JobInContext:
            fn = JobInContext(current.get(), fn)
        return patch.original()(self, fn, *args, **kwargs)

    patch = _Patch(module.ThreadPoolExecutor, "submit", submit)
    _patches.append(patch)
    if _Instrumented.yes:
        patch.apply()


def _owner(thread: threading.Thread) -> str:
    """The top-level module of the code that the thread runs."""
    definer = next(kind for kind in type(thread).__mro__ if "run" in vars(kind))
    job: object = definer
    if definer is threading.Thread:
        job = getattr(thread, "_target", None)
    elif definer is threading.Timer:
        job = getattr(thread, "function", None)
    while isinstance(job, functools.partial):
        job = job.func
    return str(getattr(job, "__module__", None) or "").partition(".")[0]


_start_patch = _Patch(threading.Thread, "start", _start)
_bootstrap_patch = _Patch(threading.Thread, "_bootstrap_inner", _bootstrap_inner)
_patches = [_start_patch, _bootstrap_patch]
