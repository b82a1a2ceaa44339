"""Azure Functions: each invocation gets a context of its own, with the ids that the host gave it.

    @app.route("orders")
    @invocations
    def orders(req: func.HttpRequest) -> func.HttpResponse: ...

Records made inside carry the host's trace and span, so that they belong to its request, and the invocation's id.
Where discreet itself sends to Application Insights, the worker's own handler no longer gets the application's
records: it would send their text a second time, without the fields.
"""

from __future__ import annotations

import functools
import inspect
import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from discreet._context.ambient import Context, current, leave
from discreet._context.trace_context import extract
from discreet._delivery.runner import running
from discreet.azure.ingestion import ApplicationInsights

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["invocation", "invocations"]

# The names of the worker's package in its versions, and the loggers that the host itself uses.
_WORKERS = ("azure_functions_worker", "azure_functions_runtime", "proxy_worker")
_HOST_LOGGERS = (*_WORKERS, "azure.functions")


class _FirstInvocation:
    done = False


@contextmanager
def invocation(context: Any, /, **fields: object) -> Generator[None, None, None]:
    """Enter an invocation; `context` is the `azure.functions.Context` of the function. Also for its threads.

    The worker does not know for which invocation a thread of the function works, until the thread enters here.
    (Records that discreet sends need no such help: the context follows threads.) This replaces the whole ambient
    context. Fields: `faas.invocation_id`, `faas.name`, `faas.coldstart`, and `fields`.
    """
    for handler in logging.getLogger().handlers:
        if type(handler).__module__.partition(".")[0] in _WORKERS and _is_for_worker not in handler.filters:
            handler.addFilter(_is_for_worker)
    identifier = _text(context, "invocation_id")
    known: dict[str, object] = {"faas.invocation_id": identifier, "faas.name": _text(context, "function_name")}
    known = {key: value for key, value in known.items() if value}
    if not _FirstInvocation.done:
        _FirstInvocation.done = True
        known["faas.coldstart"] = True
    trace = getattr(context, "trace_context", None)
    carrier = {
        "traceparent": _text(trace, "trace_parent", "Traceparent"),
        "tracestate": _text(trace, "trace_state", "Tracestate"),
    }
    extracted = extract({name: text for name, text in carrier.items() if text})
    storage = getattr(context, "thread_local_storage", None)
    if storage is not None and identifier:
        with suppress(Exception):  # where the worker's version cannot set it, rows of its handler have no id
            storage.invocation_id = identifier
    token = current.set(Context({**known, **fields}, extracted.parent, identifier or None, extracted.baggage))
    try:
        yield
    finally:
        leave(token)


def invocations(function: F) -> F:
    """Decorate a function of the app, below its trigger's decorator; the function needs no `context` argument.

    Works for `def` and `async def`. The function's other arguments stay as they are.
    """
    signature = inspect.signature(function)
    takes_context = "context" in signature.parameters

    def take_context(given: dict[str, Any]) -> Any:
        return given.get("context") if takes_context else given.pop("context", None)

    @functools.wraps(function)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        with invocation(take_context(kwargs)):
            return await function(*args, **kwargs)

    @functools.wraps(function)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        with invocation(take_context(kwargs)):
            return function(*args, **kwargs)

    wrapper: Callable[..., Any] = asynchronous if inspect.iscoroutinefunction(function) else synchronous
    if not takes_context:  # the worker passes `context` if the signature has it
        parameters = list(signature.parameters.values())
        place = next(
            (i for i, each in enumerate(parameters) if each.kind is inspect.Parameter.VAR_KEYWORD), len(parameters)
        )
        parameters.insert(place, inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY))
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # PEP 362
    return cast("F", wrapper)


def _is_for_worker(record: logging.LogRecord) -> bool:
    """Whether the worker's handler gets a record: one of the host's own, or any if discreet does not send them."""
    return record.name.startswith(_HOST_LOGGERS) or not any(
        isinstance(sink, ApplicationInsights) for sink in running.sinks
    )


def _text(owner: Any, *names: str) -> str:
    for name in names:
        try:
            value: object = getattr(owner, name, None)
        except Exception:  # a worker's object of another version
            continue
        if isinstance(value, str) and value:
            return value
    return ""
