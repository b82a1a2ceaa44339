"""requests: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.requests import instrument

    instrument()            # every session, also `requests.get()`
    instrument(my_session)  # or one `Session`

Both replace `send`, which every request passes, so that a chain of redirects is one call.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from discreet._base.imports import load_library
from discreet._context.ambient import Context, current
from discreet.integrations._client import Call, patch_send, request_of, restore_send

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import requests

__all__ = ["instrument", "uninstrument"]

_sending: ContextVar[Context | None] = ContextVar("discreet.requests", default=None)


def instrument(session: requests.Session | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a session, or of all.

    Headers that the caller set stay, and so does authentication. `hosts` limits the ids to those hosts and their
    subdomains; requests to other hosts are recorded all the same. The query string is never recorded. A chain of
    redirects is one request. Calling it again changes the options.
    """

    def instrumented(send: Callable[..., Any], _kind: type) -> Callable[..., Any]:
        def send_recorded(*args: Any, **kwargs: Any) -> Any:
            if _sending.get() is current.get():  # the session sends again, for a redirect
                return send(*args, **kwargs)
            request: requests.PreparedRequest = request_of(args, kwargs)
            url, method = urlsplit(request.url or ""), request.method or "GET"
            with Call(method, url.hostname or "", url.path, url.port, request.headers, hosts) as call:
                token = _sending.set(current.get())
                try:
                    return call.answered(send(*args, **kwargs))
                finally:
                    _sending.reset(token)

        return send_recorded

    patch_send(_classes(), session, instrumented)


def uninstrument(session: requests.Session | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    restore_send(_classes(), session)


def _classes() -> tuple[Any, ...]:
    return (load_library(__name__, "requests").Session,)
