"""Where records should arrive: a reader at the other end of standard output, and a collector on loopback."""

from __future__ import annotations

import gzip
import json
import os
import re
import select
import socket
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(rb"order (\d+) placed")
KEY = "00000000-0000-0000-0000-0000000000aa"


def numbers(data: bytes) -> list[int]:
    """The numbers of the records in some bytes, in their order."""
    return [int(found) for found in _MARK.findall(data)]


class Reader:
    """The other end of a pipe. `manner`: reads; slow; stalled (nothing until `finish`); closes (after `most`)."""

    def __init__(self, manner: str = "reads", most: int = 0) -> None:
        self.end, self.into = os.pipe()
        self.manner = manner
        self.closed = threading.Event()
        self._most = most
        self._data = bytearray()
        self._finishing = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self.manner == "stalled":
            self._finishing.wait()
        while True:
            slow = self.manner == "slow" and not self._finishing.wait(0.02)
            if not select.select([self.end], [], [], 0.05)[0]:
                if self._finishing.is_set():
                    break  # somebody who was forked, and hangs, may still have the pipe
                continue
            part = os.read(self.end, 8 << 10 if slow else 64 << 10)
            if not part:
                break
            self._data += part
            if self.manner == "closes" and len(_MARK.findall(self._data)) >= self._most:
                break
        os.close(self.end)
        self.closed.set()

    def finish(self) -> bytes:
        """The processes are gone: read what is left in the pipe; all that came."""
        self._finishing.set()
        self._thread.join()
        return bytes(self._data)


class Answer(NamedTuple):
    """What the collector says to one request."""

    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    refuse: int = 0
    """So many records of the batch are refused for good, and, by Application Insights, as many for now."""
    hang: bool = False


class Collector:
    """OTLP/HTTP or Application Insights on loopback. Its port is its own from the start; it answers once it is `up`."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.script: deque[Answer] = deque()
        self.always = Answer()
        self.arrived: list[int] = []
        self.too_early = 0
        """Requests that came before the time that Retry-After gave."""
        self._closed_until = 0.0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1/logs"
        self.connection = f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}/"

    def up(self) -> None:
        """Answer from now on."""
        if self._server is not None:
            return
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                collector._take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = self._socket
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a sender that was killed
        self._socket.listen(64)
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._ending.set()
        if self._server is not None:
            self._server.shutdown()
        self._socket.close()

    def let_go(self) -> None:
        """Who hangs is hung up on, and from now on everybody gets an answer."""
        self.always = Answer()
        self.script.clear()
        self._ending.set()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        with self._lock:
            self.too_early += time.monotonic() < self._closed_until
            answer = self.script.popleft() if self.script else self.always
            self._closed_until = time.monotonic() + float(answer.headers.get("retry-after", "0"))
        if answer.hang:
            self._ending.wait()
            handler.close_connection = True
            return
        found = numbers(gzip.decompress(body) if handler.headers.get("content-encoding") == "gzip" else body)
        refused = 2 * answer.refuse if self.protocol == "azure" else answer.refuse
        status, said = answer.status, b""
        if status == 200:
            with self._lock:
                self.arrived += found[refused:]
            if self.protocol == "azure":
                status, said = 206 if refused else 200, _verdict(len(found), answer.refuse)
            elif refused:
                said = _partial(answer.refuse)
        handler.send_response(status)
        kind = "application/json" if self.protocol == "azure" else "application/x-protobuf"
        for name, value in {"content-type": kind, "content-length": str(len(said)), **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(said)


def _partial(refused: int) -> bytes:
    """An ExportLogsServiceResponse with a partial success, written by hand: below 128 a varint is one byte."""
    inner = bytes([0x08, refused, 0x12, 4]) + b"full"
    return bytes([0x0A, len(inner)]) + inner


def _verdict(count: int, refused: int) -> bytes:
    errors = [
        {"index": index, "statusCode": 400 if index < refused else 500, "message": "refused"}
        for index in range(2 * refused)
    ]
    return json.dumps({"itemsReceived": count, "itemsAccepted": count - len(errors), "errors": errors}).encode()
