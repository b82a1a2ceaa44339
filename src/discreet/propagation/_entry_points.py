"""Where servers and job runners begin a request or a job: there, nothing of the one before is visible.

`bind_context` in a request or a job has no `with` that ends it, and most servers and runners do one after another in
the same thread. So each begins with an empty context, and the one before comes back at its end.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import EMPTY, Context, Scope, current, enter, entry, opened_by
from discreet.propagation._patches import Patch, Patches

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import ModuleType

_ENTRY_POINTS = {
    "dramatiq.worker": "_WorkerThread.process_message",
    "gunicorn.asgi.protocol": "ASGIProtocol._handle_http_request ASGIProtocol._handle_http2_request",
    "gunicorn.workers.base_async": "AsyncWorker.handle_request",
    "gunicorn.workers.gthread": "ThreadWorker.handle_request",
    "gunicorn.workers.sync": "SyncWorker.handle_request",
    "http.server": "BaseHTTPRequestHandler.handle_one_request",
    "huey.api": "Huey._execute",
    "rq.worker": "BaseWorker.perform_job Worker.perform_job",
    "uvicorn.protocols.http.h11_impl": "RequestResponseCycle.run_asgi",
    "uvicorn.protocols.http.httptools_impl": "RequestResponseCycle.run_asgi",
    "uvicorn.protocols.http.zttp_impl": "RequestResponseCycle.run_asgi",
    "waitress.task": "Task.service",
    "wsgiref.handlers": "BaseHandler.run",
}
"""By module: the function, or the class and its method, that does one request or one job; in some versions another."""


def instrument() -> None:
    """Let requests and jobs begin with an empty context from here on. Idempotent."""
    _patches.apply()


def uninstrument() -> None:
    """Undo `instrument`. A patch that another tool has wrapped stays in place, without effect."""
    _patches.undo()


def _patch(module: ModuleType) -> None:
    """Patch the entry point of a module, if this version of it has one under a name that we know."""
    from discreet._base.wrapping import wrap  # here, because it takes long to import, and few processes need it

    for path in _ENTRY_POINTS[module.__name__].split():
        inside, _, name = path.rpartition(".")
        owner: Any = getattr(module, inside, None) if inside else module
        original: Any = None if owner is None else owner.__dict__.get(name)
        if original is not None:
            _patches.add(Patch(owner, name, wrap(original, _begun)))


def _begun(*_args: object, **_kwargs: object) -> AbstractContextManager[object]:
    return entry() if _patches.on else nullcontext()


def _connect_celery(module: ModuleType) -> None:
    """Let Celery's tasks begin and end: its signals serve for every pool, and also for workers that run already.

    Ours is the first receiver before a task, so that what other receivers bind is the task's; and the last one after
    it, so that they still see it.
    """
    prerun, postrun = module.task_prerun, module.task_postrun

    def begin(task: Any = None, **_: object) -> None:
        if not _patches.on:
            return
        if postrun.receivers[-1][1] is not end:
            postrun.disconnect(end)
            postrun.connect(end, weak=False)
        here, request = current.get(), task.request
        # `apply()` and `task_always_eager` call the task like a function, so it sees what its caller has bound.
        start = here if request.is_eager else EMPTY
        enter(Context(start.fields, start.span, start.request_id, start.baggage), Scope(request, here))

    def end(task: Any = None, **_: object) -> None:
        scope = opened_by(task.request)
        if scope is not None:
            current.set(scope.before)

    prerun.connect(begin, weak=False)
    prerun.receivers.insert(0, prerun.receivers.pop())
    postrun.connect(end, weak=False)


_patches = Patches({**dict.fromkeys(_ENTRY_POINTS, _patch), "celery.signals": _connect_celery})
