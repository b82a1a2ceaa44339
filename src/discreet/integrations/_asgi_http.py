"""One HTTP request through ASGI: what its messages tell, and when its record is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet.integrations._asgi_route import route_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from discreet.integrations._request import Request

    Message = MutableMapping[str, Any]

_ERROR_BODY = b"Internal Server Error"


class Exchange:
    """Watches both directions of one request.

    The record is written at the end of the body. A response of 500 and above waits for the application to return,
    because the exception behind it comes only then.
    """

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
        self._complete = False
        self._trailers = False

    async def receive(self) -> Message:
        """The application reads."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._complete:
            self._request.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        """The application answers."""
        request = self._request
        kind = message["type"]
        if kind == "http.response.start":
            request.status = message["status"]
            request.join_opentelemetry()
            self._trailers = bool(message.get("trailers"))
            message = {**message, "headers": with_request_id(message.get("headers"), self._header, request.request_id)}
        try:
            await self._send(message)
        except OSError:  # how servers tell that nobody listens any more
            request.disconnected = True
            raise
        if self._ends(kind, message):
            self._complete = True
            if request.status is not None and request.status < 500:
                self._record("ok")

    def _ends(self, kind: str, message: Message) -> bool:
        if kind in ("http.response.body", "http.response.zerocopysend"):
            return not message.get("more_body", False) and not self._trailers
        if kind == "http.response.trailers":
            return not message.get("more_trailers", False)
        return kind == "http.response.pathsend"

    def finished(self) -> None:
        """The application returned."""
        if self._complete:
            self._record("error")  # 500 and above; any other has its record
        elif self._request.disconnected:
            self._record("cancelled")
        else:
            self._record("error", error_type="IncompleteResponse")

    async def failed(self, error: BaseException) -> None:
        """The application raised; the exception goes on to the server."""
        request = self._request
        if request.ended:
            if isinstance(error, Exception) and not _is_farewell(error):
                request.record_afterthought(error)
            return
        request.error = error
        if not isinstance(error, Exception) or (request.disconnected and isinstance(error, OSError)):
            self._record("cancelled")
        elif _is_farewell(error):
            request.disconnected = True
            self._record("cancelled")
        else:
            if request.status is None:
                await self._answer()
            self._record("error")

    async def _answer(self) -> None:
        """Say 500 in the server's place, because the server's own would not carry the request id."""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(_ERROR_BODY)).encode()),
        ]
        if str(self._scope.get("http_version", "1.1")).startswith("1"):
            headers.append((b"connection", b"close"))  # servers close after an exception; HTTP/2 has no such header
        try:
            await self.send({"type": "http.response.start", "status": 500, "headers": headers})
            await self.send({"type": "http.response.body", "body": _ERROR_BODY})
        except Exception:  # nobody listens; what counts is the exception that brought us here
            return

    def _record(self, outcome: str, **fields: object) -> None:
        request = self._request
        if request.ended:
            return
        request.route = route_of(self._scope, self._root)
        shown = f"{request.status} {outcome}" if request.status is not None and outcome == "cancelled" else ""
        request.record(outcome, shown, **fields)


def with_request_id(
    headers: Iterable[tuple[bytes, bytes]] | None, name: bytes, request_id: str
) -> list[tuple[bytes, bytes]]:
    """The response's headers, and the request id if the application did not set one itself."""
    given = list(headers or ())
    if not any(key.lower() == name for key, _ in given):
        given.append((name, request_id.encode("latin-1")))
    return given


def _is_farewell(error: BaseException) -> bool:
    """Starlette's way to say that the client left."""
    return type(error).__name__ == "ClientDisconnect"
