"""httpx: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.httpx import instrument

    instrument()           # every client, also `httpx.get()`
    instrument(my_client)  # or one `Client` or `AsyncClient`

Both replace `send`, which every request passes, so that a chain of redirects is one call; which host gets the ids is
decided for each request of the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._base.imports import load_library
from discreet._context.ambient import current
from discreet._context.opentelemetry import parent_span
from discreet.integrations._client import Call, carry, patch, request_of, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx

__all__ = ["instrument", "uninstrument"]

_REDIRECT = "_build_redirect_request"  # of both kinds of clients, also for the `next_request` of a response
_WRITTEN = "discreet"  # an extension of the request, which the request of a redirect takes over


def instrument(client: httpx.Client | httpx.AsyncClient | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a client, or of all.

    Headers that the caller set stay. `hosts` limits the ids to those hosts and their subdomains, also where a redirect
    leads to another; requests to other hosts are recorded all the same. The query string is never recorded. Calling it
    again changes the options.
    """
    classes = _classes()

    def instrumented(send: Callable[..., Any], kind: type) -> Callable[..., Any]:
        async def send_async(*args: Any, **kwargs: Any) -> Any:
            with _call(request_of(args, kwargs), hosts) as call:
                return call.answered(await send(*args, **kwargs))

        def send_sync(*args: Any, **kwargs: Any) -> Any:
            with _call(request_of(args, kwargs), hosts) as call:
                return call.answered(send(*args, **kwargs))

        return send_async if issubclass(kind, classes[1]) else send_sync

    def for_each_hop(build: Callable[..., Any], _kind: type) -> Callable[..., Any]:
        def build_redirect_request(*args: Any, **kwargs: Any) -> Any:
            request: httpx.Request = build(*args, **kwargs)
            span = parent_span(current.get().span)
            ours: Mapping[str, str] = request.extensions.get(_WRITTEN, {})
            request.extensions[_WRITTEN] = carry(request.headers, request.url.host, hosts, span, ours)
            return request

        return build_redirect_request

    patch(classes, client, _REDIRECT, for_each_hop)
    patch(classes, client, "send", instrumented)


def uninstrument(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    for name in ("send", _REDIRECT):
        restore(_classes(), client, name)


def _classes() -> tuple[Any, ...]:
    library = load_library(__name__, "httpx")
    return library.Client, library.AsyncClient


def _call(request: httpx.Request, hosts: Collection[str] | None) -> Call:
    url = request.url
    ours = request.extensions.get(_WRITTEN, {})
    call = Call(request.method, url.host, url.path, url.port, request.headers, hosts, ours)
    request.extensions[_WRITTEN] = call.written
    return call
