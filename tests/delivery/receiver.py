"""A loopback receiver that behaves as it is told, and sinks that send to it or to a list."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from discreet._delivery.export.http import Http
from discreet._delivery.export.retry import parse_retry_after
from discreet._delivery.export.sink import ExportRunner, ExportSink, Result
from discreet._delivery.runner import runner_of
from discreet._encoding.json import encode

from ..waiting import HANG, give_up


class Reply(NamedTuple):
    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""


class Receiver:
    """An HTTP server on a free port. `answers` are given in turn, then 200; a function makes one from the lines."""

    def __init__(self) -> None:
        self.answers: list[Reply | Callable[[list[bytes]], Reply]] = []
        self.always: Callable[[list[bytes]], Reply] = lambda lines: Reply()
        self.batches: list[list[bytes]] = []
        self.requests = 0
        self.hold = threading.Event()
        self.hold.set()
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                lines = body.splitlines(keepends=True)
                with receiver._changed:
                    receiver.requests += 1
                    receiver._changed.notify_all()
                receiver.hold.wait(HANG)
                answer = receiver.answers.pop(0) if receiver.answers else receiver.always
                reply = answer if isinstance(answer, Reply) else answer(lines)
                if reply.status == 200:
                    with receiver._changed:
                        receiver.batches.append(lines)
                        receiver._changed.notify_all()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that gave up is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/logs"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(HANG)

    @property
    def lines(self) -> list[bytes]:
        return [line for batch in self.batches for line in batch]

    def wait(self, until: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(until, HANG):
                give_up("request that was waited for", requests=self.requests, lines=len(self.lines))


class Posting(ExportSink):
    """A whole remote sink over HTTP: lines as they are, the usual statuses."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.client = Http()
        super().__init__(**{"delay": 0.01, "timeout": HANG, **options})

    def encoder(self, redactor: Any) -> Any:
        return encode

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        answer = self.client.post(self.url, b"".join(batch), {}, timeout)
        reason = f"HTTP {answer.status}"
        if answer.status == 200:
            rejected = int(answer.body or b"0")
            return Result(len(batch) - rejected, {"partial": rejected} if rejected else {}, reason="partial")
        if answer.status == 413:
            return Result(0, reason=reason, split=True)
        if answer.status in (429, 503):
            return Result(0, retry=batch, after=parse_retry_after(answer.headers.get("Retry-After")), reason=reason)
        return Result(0, {reason: len(batch)}, reason=reason)

    def disconnect(self) -> None:
        self.client.disconnect()

    @property
    def destination(self) -> str:
        return self.url


class Scripted(ExportSink):
    """A remote sink whose receiver is a function of the batch."""

    def __init__(self, answer: Callable[[list[bytes]], Result], **options: Any) -> None:
        self.answer = answer
        self.sent: list[list[bytes]] = []
        super().__init__(**options)

    def encoder(self, redactor: Any) -> Any:
        return encode

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        self.sent.append(list(batch))
        return self.answer(list(batch))


def hanging() -> socket.socket:
    """A server that accepts and says nothing."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(16)
    return server


def by_hand(sink: ExportSink, clock: Callable[[], float] = time.monotonic) -> ExportRunner:
    """The sink's runner, whose worker gets no thread: the test takes its steps."""
    runner = runner_of(sink)
    assert isinstance(runner, ExportRunner)
    runner.sender.wake = lambda: False  # type: ignore[method-assign]  # for this one alone
    runner.sender._clock = clock
    return runner


def balances(health: Any) -> bool:
    """Whether one sink's health, or the whole of it, adds up."""
    gone = health["delivered"] + health["pending"] + sum(health["dropped"].values()) + health["transferred"]
    return bool(health["emitted"] == gone)
