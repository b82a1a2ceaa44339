"""httpx: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.httpx import instrument

    instrument()           # every client, also `httpx.get()`
    instrument(my_client)  # or one `Client` or `AsyncClient`

Both replace `send`, which every request passes, so that a chain of redirects is one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._base.extras import load_library
from discreet.integrations._client import Call, patch_send, restore_send

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import httpx

__all__ = ["instrument", "uninstrument"]


def instrument(client: httpx.Client | httpx.AsyncClient | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a client, or of all.

    Headers that the caller set stay. `hosts` limits the ids to those hosts and their subdomains; requests to other
    hosts are recorded all the same. The query string is never recorded. Calling it again changes the options.
    """
    library = _library()

    def instrumented(send: Callable[..., Any], kind: type) -> Callable[..., Any]:
        async def send_async(*args: Any, **kwargs: Any) -> Any:
            with _call(args, kwargs, hosts) as call:
                response = await send(*args, **kwargs)
                call.set_status(response.status_code)
                return response

        def send_sync(*args: Any, **kwargs: Any) -> Any:
            with _call(args, kwargs, hosts) as call:
                response = send(*args, **kwargs)
                call.set_status(response.status_code)
                return response

        return send_async if issubclass(kind, library.AsyncClient) else send_sync

    patch_send((library.Client, library.AsyncClient), client, instrumented)


def uninstrument(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    library = _library()
    restore_send((library.Client, library.AsyncClient), client)


def _library() -> Any:
    return load_library(__name__, "httpx")


def _call(args: tuple[Any, ...], kwargs: dict[str, Any], hosts: Collection[str] | None) -> Call:
    """The call for the arguments of `send`, whose last positional argument is the request."""
    request: httpx.Request = kwargs["request"] if "request" in kwargs else args[-1]
    call = Call(request.method, request.url.host, request.url.path, request.url.port)
    call.inject(request.headers, hosts)
    return call
