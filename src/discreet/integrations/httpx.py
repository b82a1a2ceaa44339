"""httpx: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.httpx import instrument

    instrument()           # every client, also `httpx.get()`
    instrument(my_client)  # or one `Client` or `AsyncClient`

Both replace `send`, which every request passes, so that a chain of redirects is one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._base.imports import load_library
from discreet.integrations._client import Call, patch_send, request_of, restore_send

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import httpx

__all__ = ["instrument", "uninstrument"]


def instrument(client: httpx.Client | httpx.AsyncClient | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a client, or of all.

    Headers that the caller set stay. `hosts` limits the ids to those hosts and their subdomains; requests to other
    hosts are recorded all the same. The query string is never recorded. Calling it again changes the options.
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

    patch_send(classes, client, instrumented)


def uninstrument(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    restore_send(_classes(), client)


def _classes() -> tuple[Any, ...]:
    library = load_library(__name__, "httpx")
    return library.Client, library.AsyncClient


def _call(request: httpx.Request, hosts: Collection[str] | None) -> Call:
    url = request.url
    return Call(request.method, url.host, url.path, url.port, request.headers, hosts)
