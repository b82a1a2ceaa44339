"""httpx: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.httpx import instrument

    instrument()           # every client, also `httpx.get()`
    instrument(my_client)  # or one `Client` or `AsyncClient`

Both wrap `send`, which every request passes, so that a chain of redirects is one call.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from discreet.integrations._extras import missing
from discreet.integrations._outbound import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import ModuleType

    import httpx

__all__ = ["instrument", "uninstrument"]

_ORIGINAL = "__discreet_original__"


def instrument(client: httpx.Client | httpx.AsyncClient | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a client, or of all.

    Headers that the caller set stay. `hosts` limits the ids to those hosts and their subdomains; what goes to
    others is recorded all the same. The query string is never recorded. Calling it again changes the options.
    """
    library = _library()
    if client is None:
        for kind in (library.Client, library.AsyncClient):
            kind.send = _instrumented(_original(kind.send), library, hosts, kind)
    else:
        target = cast("Any", client)
        bound = functools.partial(_original(type(client).send), client)
        target.send = _instrumented(bound, library, hosts, type(client))


def uninstrument(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    library = _library()
    if client is None:
        for kind in (library.Client, library.AsyncClient):
            kind.send = _original(kind.send)
    else:
        vars(client).pop("send", None)


def _library() -> Any:
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise missing("httpx") from error
    module: ModuleType = httpx
    return module


def _original(send: Callable[..., Any]) -> Callable[..., Any]:
    return cast("Callable[..., Any]", getattr(send, _ORIGINAL, send))


def _instrumented(send: Callable[..., Any], library: Any, hosts: Collection[str] | None, kind: type) -> Any:
    """`send`, sync or async, of a class or of one instance: the request is its last positional argument."""
    if issubclass(kind, library.AsyncClient):

        async def watched_async(*args: Any, **kwargs: Any) -> Any:
            with _begin(args, kwargs, hosts) as call:
                response = await send(*args, **kwargs)
                call.answered(response.status_code)
                return response

        wrapped: Any = watched_async
    else:

        def watched(*args: Any, **kwargs: Any) -> Any:
            with _begin(args, kwargs, hosts) as call:
                response = send(*args, **kwargs)
                call.answered(response.status_code)
                return response

        wrapped = watched
    setattr(wrapped, _ORIGINAL, send)
    return wrapped


def _begin(args: tuple[Any, ...], kwargs: dict[str, Any], hosts: Collection[str] | None) -> Call:
    request: httpx.Request = kwargs["request"] if "request" in kwargs else args[-1]
    call = Call(request.method, request.url.host, request.url.path, request.url.port)
    call.carry(request.headers, hosts)
    return call
