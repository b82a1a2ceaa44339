"""ASGI: one wide record per request or websocket, and ids on everything that is logged inside.

    app = ASGIMiddleware(app)  # last: it wraps the finished application

For any ASGI application; `discreet.instrument(app)` does it in place for those that discreet knows. It belongs around
the finished application: added with `add_middleware` it would sit inside the handler that answers 500, and the records
made there would lose their ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import current, leave, mark_recorded
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import (
    Middleware,
    Request,
    annotate,
    leave_out_gunicorn_rows,
    repeats_recorded_error,
    requests_are_recorded,
    serving,
)

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["ASGIMiddleware", "annotate"]

_REQUEST = "discreet.request"
_ERROR_BODY = b"Internal Server Error"


class ASGIMiddleware(Middleware[App]):
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

    def _leave_out_server_rows(self) -> None:
        duplicate_rows["uvicorn.access"] = _is_access_row
        duplicate_rows["uvicorn.error"] = _is_error_row
        leave_out_gunicorn_rows(f"{{{self._header}}}o")  # the atom of the response's header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection; anything else (the lifespan) passes through."""
        kind = scope["type"]
        if kind not in ("http", "websocket") or _REQUEST in scope:
            await self.app(scope, receive, send)
            return
        method = str(scope["method"]) if kind == "http" else "WEBSOCKET"
        peer = scope.get("client")
        client = str(peer[0]) if peer else None
        request = self._request(method, str(scope.get("path", "")), client, list(scope.get("headers") or ()))
        scope[_REQUEST] = request
        observer = _Http if kind == "http" else _WebSocket
        observed = observer(request, scope, receive, send, self._header.encode("latin-1"))
        token, serving_token = current.set(request.context), serving.set(request)
        try:
            await self.app(scope, observed.receive, observed.send)
        except BaseException as error:
            await observed.failed(error)
            request.attach_context(error)
            raise
        else:
            observed.finished()
        finally:
            serving.reset(serving_token)
            leave(token)


class _Observed:
    """The `receive` and `send` that the application gets; they observe both directions and write the record."""

    def __init__(self, request: Request, scope: Scope, receive: Receive, send: Send, header: bytes) -> None:
        self._request = request
        self._scope = scope
        self._root = str(scope.get("root_path") or "")
        self._receive = receive
        self._send = send
        self._header = header

    def _respond(self, status: int, message: Message) -> Message:
        """The message that starts the response, with the request id if the application did not set one itself."""
        self._request.status = status
        self._request.join_opentelemetry()
        headers: list[tuple[bytes, bytes]] = list(message.get("headers") or ())
        if not any(name.lower() == self._header for name, _ in headers):
            headers.append((self._header, self._request.request_id.encode("latin-1")))
        return {**message, "headers": headers}

    async def _pass_on(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # this is how servers say that the client has left
            self._request.disconnected = True
            raise

    def _record(self, outcome: str, ending: str = "", **fields: object) -> None:
        if not self._request.recorded:
            self._request.route = route_of(self._scope, self._root) or self._request.route
            self._request.record(outcome, ending, **fields)


class _Http(_Observed):
    """One HTTP request.

    The record is written at the end of the body. For a response of 500 and above it is written when the application
    returns or raises, because the exception behind the response is known only then.
    """

    _complete = False
    _trailers = False

    async def receive(self) -> Message:
        """The application reads."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._complete:
            self._request.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        """The application answers."""
        kind = message["type"]
        if kind == "http.response.start":
            self._trailers = bool(message.get("trailers"))
            message = self._respond(message["status"], message)
        await self._pass_on(message)
        if self._is_last(kind, message):
            self._complete = True
            status = self._request.status
            if status is not None and status < 500:
                self._end("ok")

    def _is_last(self, kind: str, message: Message) -> bool:
        if kind in ("http.response.body", "http.response.zerocopysend"):
            return not message.get("more_body", False) and not self._trailers
        if kind == "http.response.trailers":
            return not message.get("more_trailers", False)
        return kind == "http.response.pathsend"

    def finished(self) -> None:
        """The application returned."""
        if self._complete:
            self._end("error")  # a response of 500 or above; any other has its record already
        elif self._request.disconnected:
            self._end("cancelled")
        else:
            self._end("error", error_type="IncompleteResponse")

    async def failed(self, error: BaseException) -> None:
        """The application raised; the exception goes on to the server."""
        request = self._request
        client_left = type(error).__name__ == "ClientDisconnect"  # Starlette's own exception for it
        if request.recorded:
            if isinstance(error, Exception) and not client_left:
                request.record_late_error(error)
            return
        request.error = error
        if not isinstance(error, Exception) or (request.disconnected and isinstance(error, OSError)):
            self._end("cancelled")
        elif client_left:
            request.disconnected = True
            self._end("cancelled")
        else:
            if request.status is None:
                await self._answer_500()
            self._end("error")

    async def _answer_500(self) -> None:
        """Answer in the server's place, because the server's own response would not carry the request id."""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(_ERROR_BODY)).encode()),
        ]
        if str(self._scope.get("http_version", "1.1")).startswith("1"):
            headers.append((b"connection", b"close"))  # servers close after an exception; HTTP/2 has no such header
        try:
            await self.send({"type": "http.response.start", "status": 500, "headers": headers})
            await self.send({"type": "http.response.body", "body": _ERROR_BODY})
        except Exception:  # the client has left; the exception that is to be recorded is the application's
            return

    def _end(self, outcome: str, **fields: object) -> None:
        status = self._request.status
        ending = f"{status} {outcome}" if status is not None and outcome == "cancelled" else ""
        self._record(outcome, ending, **fields)


class _WebSocket(_Observed):
    """One websocket connection: one record at its end, with the close code."""

    _close_code: int | None = None

    async def receive(self) -> Message:
        """The application reads."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._request.disconnected = True
            self._closed(message.get("code", 1005))  # 1005: closed without a code (RFC 6455, 7.4.1)
        return message

    async def send(self, message: Message) -> None:
        """The application answers."""
        kind = message["type"]
        if kind in ("websocket.accept", "websocket.http.response.start"):
            message = self._respond(message.get("status", 101), message)
        elif kind == "websocket.close":
            if self._request.status is None:
                self._request.status = 403  # to close before accepting is how ASGI refuses a handshake
            else:
                self._closed(message.get("code", 1000))
        await self._pass_on(message)

    def _closed(self, code: int) -> None:
        if self._close_code is None:
            self._close_code = code

    def finished(self) -> None:
        """The application returned."""
        self._end("ok" if self._request.status is not None or self._request.disconnected else "error")

    async def failed(self, error: BaseException) -> None:
        """The application raised; the exception goes on to the server."""
        request = self._request
        if request.disconnected and (type(error).__name__ == "WebSocketDisconnect" or isinstance(error, OSError)):
            mark_recorded(error)  # connections end when a client leaves: the server's row is not to be an error either
            self._end("ok")
            return
        request.error = error
        if isinstance(error, Exception):
            self._closed(1011)  # the code that servers then send: an unexpected condition (RFC 6455, 7.4.1)
            self._end("error")
        else:
            self._end("cancelled")

    def _end(self, outcome: str) -> None:
        code = self._close_code if self._request.status == 101 else None
        if code is None:
            self._record(outcome)
        else:
            self._record(outcome, str(code), **{"websocket.close_code": code})


def route_of(scope: Mapping[str, Any], root: str) -> str | None:
    """`/orders/{id}` for FastAPI and Starlette, with the prefixes of mounts and included routers; else None.

    `root` is the root path that the server gave; it is not a part of the template. Never raises.
    """
    try:
        template = _template(scope)
        if template is None:
            return None
        parameters: Mapping[str, object] = scope.get("path_params") or {}
        names = {str(value): name for name, value in parameters.items() if f"{{{name}" not in template}
        mounted = str(scope.get("root_path") or "").removeprefix(root).split("/")
        return "/".join(f"{{{names[part]}}}" if part in names else part for part in mounted) + template
    except Exception:  # a framework that keeps something else under these names
        return None


def _template(scope: Mapping[str, Any]) -> str | None:
    route: Any = scope.get("route")
    if "path_template" in scope:  # Litestar's
        return str(scope["path_template"])
    endpoint: object = scope.get("endpoint")
    if route is None:  # Starlette before 1.0 keeps only the endpoint: the route is known if exactly one has it
        found = set(_with_endpoint(scope["router"].routes, endpoint)) if endpoint is not None else set[str]()
        return found.pop() if len(found) == 1 else None
    own = _path(route)
    # FastAPI's included routers: the route itself does not know the prefix that its router was included with.
    fastapi: Any = scope.get("fastapi") or {}
    included: Any = fastapi.get("effective_route_context")
    if included is not None and (own is None or included.original_route is route):
        return _path(included) or _path(included.starlette_route)
    return own


def _path(route: Any) -> str | None:
    found: object = getattr(route, "path_format", None) or getattr(route, "path", None)
    return found if isinstance(found, str) and found else None


def _with_endpoint(routes: Iterable[Any], endpoint: object) -> Iterable[str]:
    for route in routes:
        if getattr(route, "endpoint", None) is endpoint:
            path = _path(route)
            if path is not None:
                yield path
        else:
            yield from _with_endpoint(getattr(route, "routes", None) or (), endpoint)


def _is_access_row(record: logging.LogRecord) -> bool:
    return serving.get() is not None and requests_are_recorded()


def _is_error_row(record: logging.LogRecord) -> bool:
    """uvicorn logs exceptions under this name, and the access rows of websockets too."""
    if record.exc_info:
        return repeats_recorded_error(record)
    template: object = record.msg
    return isinstance(template, str) and '"WebSocket %s"' in template and _is_access_row(record)
