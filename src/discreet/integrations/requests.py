"""requests: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.requests import instrument

    instrument()            # every session, also `requests.get()`
    instrument(my_session)  # or one `Session`

Both replace `send`, which every request passes, so that a chain of redirects is one call; which host gets the ids is
decided for each request of the chain.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from discreet._base.imports import load_library
from discreet._context.ambient import Context, current
from discreet._context.opentelemetry import parent_span
from discreet.integrations._client import Call, carry, patch, request_of, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, MutableMapping

    import requests

__all__ = ["instrument", "uninstrument"]


class _Ours(str):
    """The value of a header that we have set: of a request, a redirect copies such values and no other mark."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


_sending: ContextVar[Context | None] = ContextVar("discreet.requests", default=None)


def instrument(session: requests.Session | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a session, or of all.

    Headers that the caller set stay, and so does authentication. `hosts` limits the ids to those hosts and their
    subdomains, also where a redirect leads to another; requests to other hosts are recorded all the same. The query
    string is never recorded. A chain of redirects is one request. Calling it again changes the options.
    """

    def instrumented(send: Callable[..., Any], _kind: type) -> Callable[..., Any]:
        def send_recorded(*args: Any, **kwargs: Any) -> Any:
            request: requests.PreparedRequest = request_of(args, kwargs)
            url, method, headers = urlsplit(request.url or ""), request.method or "GET", request.headers
            host, ours = url.hostname or "", {name: value for name, value in headers.items() if type(value) is _Ours}
            if _sending.get() is current.get():  # the session sends again, for a redirect
                _mark(headers, carry(headers, host, hosts, parent_span(current.get().span), ours))
                return send(*args, **kwargs)
            with Call(method, host, url.path, url.port, headers, hosts, ours) as call:
                _mark(headers, call.written)
                token = _sending.set(current.get())
                try:
                    return call.answered(send(*args, **kwargs))
                finally:
                    _sending.reset(token)

        return send_recorded

    patch(_classes(), session, "send", instrumented)


def uninstrument(session: requests.Session | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    restore(_classes(), session, "send")


def _mark(headers: MutableMapping[str, str], written: Mapping[str, str]) -> None:
    for name, value in written.items():
        headers[name] = _Ours(value)


def _classes() -> tuple[Any, ...]:
    return (load_library(__name__, "requests").Session,)
