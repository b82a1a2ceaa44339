"""One websocket connection through ASGI: one record at its end, with the close code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._span.span import first_to_see
from discreet.integrations._asgi_http import with_request_id
from discreet.integrations._asgi_route import route_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from discreet.integrations._request import Request

    Message = MutableMapping[str, Any]


class Connection:
    """Watches both directions of one connection."""

    def __init__(
        self,
        request: Request,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        header: bytes,
    ) -> None:
        self._request = request
        self._scope = scope
        self._root = str(scope.get("root_path") or "")
        self._receive = receive
        self._send = send
        self._header = header
        self._close_code: int | None = None

    async def receive(self) -> Message:
        """The application reads."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._request.disconnected = True
            self._closed(message.get("code", 1005))  # 1005: closed without a code (RFC 6455, 7.4.1)
        return message

    async def send(self, message: Message) -> None:
        """The application answers."""
        request = self._request
        kind = message["type"]
        if kind in ("websocket.accept", "websocket.http.response.start"):
            request.status = message.get("status", 101)
            request.join_opentelemetry()
            message = {**message, "headers": with_request_id(message.get("headers"), self._header, request.request_id)}
        elif kind == "websocket.close":
            if request.status is None:
                request.status = 403  # closing before accepting is how ASGI refuses a handshake
            else:
                self._closed(message.get("code", 1000))
        try:
            await self._send(message)
        except OSError:
            request.disconnected = True
            raise

    def _closed(self, code: int) -> None:
        if self._close_code is None:
            self._close_code = code

    def finished(self) -> None:
        """The application returned."""
        self._record("ok" if self._request.status is not None or self._request.disconnected else "error")

    async def failed(self, error: BaseException) -> None:
        """The application raised; the exception goes on to the server."""
        request = self._request
        if request.disconnected and (type(error).__name__ == "WebSocketDisconnect" or isinstance(error, OSError)):
            first_to_see(error)  # a client that leaves is how connections end: no error for the server's row either
            self._record("ok")
            return
        request.error = error
        if isinstance(error, Exception):
            self._closed(1011)  # what servers then send: an unexpected condition (RFC 6455, 7.4.1)
            self._record("error")
        else:
            self._record("cancelled")

    def _record(self, outcome: str) -> None:
        request = self._request
        request.route = route_of(self._scope, self._root)
        code = self._close_code if request.status == 101 else None
        shown = "" if code is None else str(code)
        request.record(outcome, shown, **({} if code is None else {"websocket.close_code": code}))
