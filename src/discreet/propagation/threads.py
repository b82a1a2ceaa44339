"""Context follows work into threads and thread pools.

    discreet.propagation.threads.instrument()   # every Thread and ThreadPoolExecutor; `configure()` does it

Or, without a patch, this module's `ThreadPoolExecutor`. `asyncio.to_thread` carries context by itself.

`Thread.start` captures and `Thread._bootstrap_inner` restores, because that covers subclasses that override `run`
and `threading.excepthook`, leaves no reference cycle, and stands beside the patches of other tools.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from discreet._context.ambient import EMPTY, Context, current, leave

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["ThreadPoolExecutor", "detached", "instrument", "uninstrument"]

P = ParamSpec("P")
T = TypeVar("T")

_SLOT = "_discreet_context"
_CONTEXT = "_context"
_RUNS_IN_CONTEXT = sys.version_info >= (3, 14)  # from there on `run` has a `contextvars` context of its own

# Threads that live longer than the work that happened to start them: pools, pumps, watchers. By top-level module.
_LIBRARIES = frozenset({
    "anyio", "apscheduler", "asyncio", "azure", "concurrent", "confluent_kafka", "datadog", "ddtrace", "debugpy",
    "elasticapm", "google", "grpc", "gunicorn", "ipykernel", "joblib", "kafka", "kombu", "langfuse", "logfire",
    "logging", "loky", "multiprocessing", "newrelic", "opentelemetry", "posthog", "prometheus_client", "pydevd",
    "pymongo", "redis", "s3transfer", "sentry_sdk", "socketserver", "tornado", "tqdm", "uvicorn", "watchdog",
    "watchfiles", "werkzeug", "zmq",
})  # fmt: skip


class _Replacement:
    """One method of another class, replaced until taken back."""

    def __init__(self, owner: type, name: str, ours: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._ours = ours
        self._before: Callable[..., Any] | None = None

    def original(self) -> Callable[..., Any]:
        """What was there before, or is there now."""
        return self._before or cast("Callable[..., Any]", getattr(self._owner, self._name))

    def put(self) -> None:
        """Once: a tool that wrapped ours since then still calls it."""
        if self._before is None:
            self._before = getattr(self._owner, self._name)
            setattr(self._owner, self._name, self._ours)

    def take_back(self) -> None:
        """Only if nobody wrapped ours; otherwise it stays, and does nothing."""
        if getattr(self._owner, self._name) is self._ours:
            setattr(self._owner, self._name, self._before)
            self._before = None


class _State:
    on = False


def instrument() -> None:
    """Let context follow every `threading.Thread` and `ThreadPoolExecutor` from here on. Idempotent.

    A thread keeps the context in which it was started, a pool's job the one in which it was submitted. Threads that
    libraries start for themselves get none.
    """
    _State.on = True
    for replacement in (_start_replaced, _bootstrap_replaced, _submit_replaced):
        replacement.put()


def uninstrument() -> None:
    """Undo `instrument`. What other tools wrapped since then stays in place, without effect."""
    _State.on = False
    for replacement in (_start_replaced, _bootstrap_replaced, _submit_replaced):
        replacement.take_back()


@contextmanager
def detached() -> Generator[None, None, None]:
    """Break deliberately: what starts inside carries nothing. For timers that re-arm themselves, and daemons."""
    token = current.set(EMPTY)
    try:
        yield
    finally:
        leave(token)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """A thread pool whose jobs run in the context in which they were submitted, without any patch."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]:
        """As `concurrent.futures` has it, with our context."""
        return super().submit(_Carried(current.get(), fn), *args, **kwargs)


class _Carried:
    """A job and the context that it belongs to. The worker thread keeps nothing of it."""

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
    if _State.on:
        context = EMPTY if _owner(self) in _LIBRARIES else current.get()
        if context is not EMPTY:
            setattr(self, _SLOT, context)
        if _RUNS_IN_CONTEXT and getattr(self, _CONTEXT, None) is None:
            inherits = getattr(sys.flags, "thread_inherit_context", 0)
            inside = contextvars.copy_context() if inherits else contextvars.Context()
            inside.run(current.set, context)
            setattr(self, _CONTEXT, inside)
    _start_replaced.original()(self)


def _bootstrap_inner(self: threading.Thread) -> None:
    context = vars(self).pop(_SLOT, None)
    if context is not None:
        current.set(context)  # a thread starts in a `contextvars` context of its own, which ends with it
    _bootstrap_replaced.original()(self)


def _submit(self: concurrent.futures.ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    if _State.on and type(fn) is not _Carried:
        fn = _Carried(current.get(), fn)
    return _submit_replaced.original()(self, fn, *args, **kwargs)


def _owner(thread: threading.Thread) -> str:
    """The top-level module of the code that the thread is there to run."""
    definer = next(kind for kind in type(thread).__mro__ if "run" in vars(kind))
    job: object = definer
    if definer is threading.Thread:
        job = getattr(thread, "_target", None)
    elif definer is threading.Timer:
        job = getattr(thread, "function", None)
    while isinstance(job, functools.partial):
        job = job.func
    return str(getattr(job, "__module__", None) or "").partition(".")[0]


_start_replaced = _Replacement(threading.Thread, "start", _start)
_bootstrap_replaced = _Replacement(threading.Thread, "_bootstrap_inner", _bootstrap_inner)
_submit_replaced = _Replacement(concurrent.futures.ThreadPoolExecutor, "submit", _submit)
