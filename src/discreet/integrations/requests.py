"""requests: the ids go out with each request, and at DEBUG each request is a span with a record.

    from discreet.integrations.requests import instrument

    instrument()            # every session, also `requests.get()`
    instrument(my_session)  # or one `Session`

Both wrap `send`, which every request passes, so that a chain of redirects is one call.
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from discreet._context.ambient import Context, current
from discreet.integrations._extras import missing
from discreet.integrations._outbound import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import requests

__all__ = ["instrument", "uninstrument"]

_ORIGINAL = "__discreet_original__"
_sending: ContextVar[Context | None] = ContextVar("discreet.requests", default=None)


def instrument(session: requests.Session | None = None, *, hosts: Collection[str] | None = None) -> None:
    """Send `traceparent`, `tracestate`, `baggage` and `x-request-id` with each request of a session, or of all.

    Headers that the caller set stay, and so does authentication. `hosts` limits the ids to those hosts and their
    subdomains; what goes to others is recorded all the same. The query string is never recorded. A chain of
    redirects is one request. Calling it again changes the options.
    """
    kind = _session_class()
    if session is None:
        kind.send = _instrumented(_original(kind.send), hosts)
    else:
        target = cast("Any", session)
        target.send = _instrumented(functools.partial(_original(type(session).send), session), hosts)


def uninstrument(session: requests.Session | None = None) -> None:
    """Undo `instrument`, as long as nobody else has wrapped `send` since."""
    if session is None:
        kind = _session_class()
        kind.send = _original(kind.send)
    else:
        vars(session).pop("send", None)


def _session_class() -> Any:
    try:
        import requests
    except ModuleNotFoundError as error:
        raise missing("requests") from error
    return requests.Session


def _original(send: Callable[..., Any]) -> Callable[..., Any]:
    return cast("Callable[..., Any]", getattr(send, _ORIGINAL, send))


def _instrumented(send: Callable[..., Any], hosts: Collection[str] | None) -> Any:
    """`send` of the class or of one session: the request is its last positional argument."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        if _sending.get() is current.get():  # the session sends again, for a redirect
            return send(*args, **kwargs)
        with _begin(args, kwargs, hosts) as call:
            token = _sending.set(current.get())
            try:
                response = send(*args, **kwargs)
            finally:
                _sending.reset(token)
            call.answered(response.status_code)
            return response

    setattr(watched, _ORIGINAL, send)
    return watched


def _begin(args: tuple[Any, ...], kwargs: dict[str, Any], hosts: Collection[str] | None) -> Call:
    request: requests.PreparedRequest = kwargs["request"] if "request" in kwargs else args[-1]
    url = urlsplit(request.url or "")
    call = Call(request.method or "GET", url.hostname or "", url.path, url.port)
    call.carry(request.headers, hosts)
    return call
