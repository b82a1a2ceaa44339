"""ASGI: one wide record per request or websocket, and ids on everything that is logged inside.

    app = FastAPI()
    ...
    app = ASGIMiddleware(app)  # last: it wraps the finished application

Pure ASGI, for FastAPI, Starlette and every other ASGI application. It belongs around the finished application:
added with `add_middleware` it would sit inside the handler that answers 500, and those rows would lose their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._context.ambient import current, leave
from discreet._context.trace_context import Carrier, accept_request_id, extract
from discreet._takeover.records import repeats
from discreet.integrations._asgi_http import Exchange
from discreet.integrations._asgi_websocket import Connection
from discreet.integrations._request import (
    REQUEST_ID_HEADER,
    Request,
    access_is_told,
    annotate,
    serving,
    silence_gunicorn,
    told_by_record,
)

if TYPE_CHECKING:
    import logging
    from collections.abc import Awaitable, Callable, Collection, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["ASGIMiddleware", "annotate"]

_MARK = "discreet.request"


class ASGIMiddleware:
    """Wraps a finished ASGI application; `app` is the wrapped one.

    Each request starts from its carrier alone: `traceparent`, `tracestate`, `baggage` and the request id that it
    brought, or new ones. The response carries the request id, unless the application set one. Exceptions pass on
    to the server; if there is no response yet, the client gets a plain 500 with the request id first.

    request_id_header: where the request id comes in and goes out.
    trust_incoming: False ignores what clients send, for applications that face the internet directly.
    quiet: paths (as in `url.path`) whose requests are recorded at DEBUG if they go well: health checks.

    While discreet has taken over `logging`, rows of uvicorn and gunicorn that say the same are left out: the access
    row and the row for an exception that is in our record already.
    """

    def __init__(
        self,
        app: App,
        *,
        request_id_header: str = REQUEST_ID_HEADER,
        trust_incoming: bool = True,
        quiet: Collection[str] = (),
    ) -> None:
        self.app = app
        self._header = request_id_header.lower().encode("latin-1")
        self._trust = trust_incoming
        self._quiet = frozenset(quiet)
        repeats["uvicorn.access"] = _is_access_row
        repeats["uvicorn.error"] = _is_error_row
        silence_gunicorn(f"{{{request_id_header.lower()}}}o")  # the response's header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection; anything else (the lifespan) passes through."""
        kind = scope["type"]
        if kind not in ("http", "websocket") or _MARK in scope:
            await self.app(scope, receive, send)
            return
        method = str(scope["method"]) if kind == "http" else "WEBSOCKET"
        path = str(scope.get("path", ""))
        peer = scope.get("client")
        request = Request(method, path, str(peer[0]) if peer else None, self._carrier(scope), quiet=path in self._quiet)
        scope[_MARK] = request
        side = Exchange if kind == "http" else Connection
        inside = side(request, scope, receive, send, self._header)
        token, mark = current.set(request.context), serving.set(request)
        try:
            await self.app(scope, inside.receive, inside.send)
        except BaseException as error:
            await inside.failed(error)
            request.leave_with(error)
            raise
        else:
            inside.finished()
        finally:
            serving.reset(mark)
            leave(token)

    def _carrier(self, scope: Scope) -> Carrier | None:
        if not self._trust:
            return None
        headers: list[tuple[bytes, bytes]] = list(scope.get("headers") or ())
        carrier = extract(headers)
        if self._header != REQUEST_ID_HEADER.encode():
            given = [value for name, value in headers if name.lower() == self._header]
            carrier = Carrier(carrier.parent, carrier.baggage, accept_request_id(given))
        return carrier


def _is_access_row(record: logging.LogRecord) -> bool:
    return serving.get() is not None and access_is_told()


def _is_error_row(record: logging.LogRecord) -> bool:
    """uvicorn logs exceptions here, and the access rows of websockets too."""
    if record.exc_info:
        return told_by_record(record)
    template: object = record.msg
    return isinstance(template, str) and '"WebSocket %s"' in template and _is_access_row(record)
