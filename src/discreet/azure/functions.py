"""Azure Functions: each invocation is an entry point, with the ids that the host gave it.

    @app.route("orders")
    @invocations
    def orders(req: func.HttpRequest) -> func.HttpResponse: ...

Records made inside carry the host's trace and span, so that they stand under its request, and the invocation's id.
Where discreet sends to Application Insights itself, the worker's own handler no longer gets the application's records:
it would send their text a second time, without the fields.
"""

from __future__ import annotations

import functools
import inspect
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from discreet._context.ambient import Context, current, leave
from discreet._context.trace_context import extract
from discreet._delivery.sink import running
from discreet.azure.ingestion import ApplicationInsights

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["invocation", "invocations"]

# The worker's packages, by their versions, and the loggers whose records are the host's own affair.
_WORKERS = ("azure_functions_worker", "azure_functions_runtime", "proxy_worker")
_SYSTEM = (*_WORKERS, "azure.functions")


class _Warm:
    yet = False


@contextmanager
def invocation(context: Any, /, **fields: object) -> Generator[None, None, None]:
    """Be inside an invocation; `context` is the `azure.functions.Context` of the function. Also for its threads.

    A thread that the function starts is not known to the worker until somebody says which invocation it works for;
    entering here says so. (Records to Application Insights find their way without: the context follows threads.)
    Replaces the whole ambient context. Fields: `faas.invocation_id`, `faas.name`, `faas.coldstart`, and `fields`.
    """
    silence_worker()
    identifier = _text(context, "invocation_id")
    found: dict[str, object] = {"faas.invocation_id": identifier, "faas.name": _text(context, "function_name")}
    found = {key: value for key, value in found.items() if value}
    if not _Warm.yet:
        _Warm.yet = True
        found["faas.coldstart"] = True
    trace = getattr(context, "trace_context", None)
    carrier = {
        "traceparent": _text(trace, "trace_parent", "Traceparent"),
        "tracestate": _text(trace, "trace_state", "Tracestate"),
    }
    read = extract({name: text for name, text in carrier.items() if text})
    _tell_worker(context, identifier)
    token = current.set(Context({**found, **fields}, read.parent, identifier or None, read.baggage))
    try:
        yield
    finally:
        leave(token)


def invocations(function: F) -> F:
    """Decorate a function of the app, below its trigger's decorator; one without a `context` argument gets it here.

    Works for `def` and `async def`. The function's other arguments are left as they are.
    """
    signature = inspect.signature(function)
    takes_context = "context" in signature.parameters

    def split(given: dict[str, Any]) -> Any:
        return given.get("context") if takes_context else given.pop("context", None)

    @functools.wraps(function)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        with invocation(split(kwargs)):
            return await function(*args, **kwargs)

    @functools.wraps(function)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        with invocation(split(kwargs)):
            return function(*args, **kwargs)

    wrapper: Callable[..., Any] = asynchronous if inspect.iscoroutinefunction(function) else synchronous
    if not takes_context:  # the worker reads the signature to know whether it is wanted
        parameters = list(signature.parameters.values())
        place = next(
            (i for i, each in enumerate(parameters) if each.kind is inspect.Parameter.VAR_KEYWORD), len(parameters)
        )
        parameters.insert(place, inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY))
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # PEP 362
    return cast("F", wrapper)


def silence_worker() -> None:
    """Keep the application's records from the worker's handler while discreet sends them to Application Insights."""
    for handler in logging.getLogger().handlers:
        if type(handler).__module__.partition(".")[0] in _WORKERS and _is_hosts not in handler.filters:
            handler.addFilter(_is_hosts)


def _is_hosts(record: logging.LogRecord) -> bool:
    """Whether the worker's handler is to have a record: the host's own, or all where discreet does not send them."""
    return record.name.startswith(_SYSTEM) or not any(isinstance(sink, ApplicationInsights) for sink in running.sinks)


def _tell_worker(context: Any, identifier: str) -> None:
    storage = getattr(context, "thread_local_storage", None)
    if storage is not None and identifier:
        try:
            storage.invocation_id = identifier
        except Exception:  # some workers' versions have it without being able to: their handler then has no id
            return


def _text(owner: Any, *names: str) -> str:
    for name in names:
        try:
            value: object = getattr(owner, name, None)
        except Exception:  # a worker's object of another version
            continue
        if isinstance(value, str) and value:
            return value
    return ""
