"""A receiver in a process of its own: `receiving.py otlp|azure|pipe FIFO`, its address on stdout, then answers.

Answers `values` (every value in each record so far, as text; asked once) and `seen NUMBER` (how many records, requests
and bytes there were since the last time, once there are so many records). It answers a request at once, in one write.
"""

from __future__ import annotations

import gzip
import json
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

import events
from worker import values

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "00000000-0000-0000-0000-0000000000aa"
PATIENCE = 30  # seconds for records that are under way
_MESSAGE = events.MESSAGE.encode()


class Receiver:
    """What has arrived."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.records = self.requests = self.size = 0
        self.first: list[bytes] | None = []
        self._news = threading.Condition()

    def take(self, body: bytes, size: int) -> int:
        """How many records are in a body that was `size` bytes long on its way."""
        found = body.count(b"\n" if self.kind == "pipe" else _MESSAGE)
        with self._news:
            self.records += found
            self.requests += 1
            self.size += size
            if self.first is not None:
                self.first.append(body)
            self._news.notify_all()
        return found

    def seen(self, expected: int) -> dict[str, int]:
        with self._news:
            self._news.wait_for(lambda: self.records >= expected, PATIENCE)
            told = {"records": self.records, "requests": self.requests, "bytes": self.size}
            self.records = self.requests = self.size = 0
        return told

    def values(self) -> list[list[str]]:
        with self._news:
            bodies, self.first = self.first or [], None
        if self.kind == "otlp":
            return [sorted(found) for body in bodies for found in _otlp(body)]
        return [sorted(values(line)) for body in bodies for line in _lines(body)]

    def answer(self, found: int) -> bytes:
        if self.kind == "otlp":
            return b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"
        said = json.dumps({"itemsReceived": found, "itemsAccepted": found, "errors": []}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)

    # --- the ends

    def listen(self) -> str:
        server = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            while True:
                connection, _ = server.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _in_background(lambda to=connection: self._serve(to))

        _in_background(accept)
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while stream.readline():
            headers = _headers(stream)
            body = stream.read(int(headers["content-length"]))
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            connection.sendall(self.answer(self.take(plain, len(body))))

    def read(self, path: str) -> None:
        with open(path, "rb", buffering=0) as pipe:
            while part := pipe.read(1 << 16):
                self.take(part, len(part))


def _headers(stream: BinaryIO) -> dict[str, str]:
    found = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        found[name.lower()] = value.strip()
    return found


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _lines(body: bytes) -> list[str]:
    """One JSON object each; the exporter may send them as one array."""
    text = body.decode()
    return [json.dumps(item) for item in json.loads(text)] if text.startswith("[") else text.splitlines()


def _otlp(body: bytes) -> list[set[str]]:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest.FromString(body)
    records = [rec for res in request.resource_logs for scope in res.scope_logs for rec in scope.log_records]
    return [
        {_text(value) for value in (record.body, *(pair.value for pair in record.attributes))} for record in records
    ]


def _text(value: Any) -> str:
    return str(getattr(value, value.WhichOneof("value")))


def main() -> None:
    kind, fifo = sys.argv[1:]
    receiver = Receiver(kind)
    if kind == "pipe":
        _in_background(lambda: receiver.read(fifo))
        target = fifo
    else:
        url = receiver.listen()
        target = f"{url}/v1/logs" if kind == "otlp" else f"InstrumentationKey={KEY};IngestionEndpoint={url}/"
    print(json.dumps(target), flush=True)
    for line in sys.stdin:
        question, *number = line.split()
        print(json.dumps(receiver.values() if question == "values" else receiver.seen(int(*number))), flush=True)


if __name__ == "__main__":
    main()
