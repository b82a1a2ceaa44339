"""An OTLP/HTTP receiver on loopback that holds senders to the protocol, and answers as a test wants it to."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from ..waiting import HANG, give_up


class Answer(NamedTuple):
    """What to say to one request. `hang` says nothing until the receiver is closed; `drop` hangs up."""

    status: int = 200
    headers: dict[str, str] = {}
    rejected: int = 0
    message: str = ""
    body: bytes | None = None
    hang: bool = False
    drop: bool = False


class Received(NamedTuple):
    """One request that was accepted or refused."""

    path: str
    headers: dict[str, str]
    body: bytes
    request: ExportLogsServiceRequest


def value_of(value: AnyValue) -> Any:
    """An `AnyValue` as the Python value it stands for."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "kvlist_value":
        keys = [pair.key for pair in value.kvlist_value.values]
        assert len(set(keys)) == len(keys), "a key stands twice"
        return {pair.key: value_of(pair.value) for pair in value.kvlist_value.values}
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return getattr(value, kind)


def attributes_of(message: Any) -> dict[str, Any]:
    """The attributes of a record or a resource; a key that stands twice is a fault."""
    keys = [pair.key for pair in message.attributes]
    assert len(set(keys)) == len(keys), "a key stands twice"
    return {pair.key: value_of(pair.value) for pair in message.attributes}


def from_json(text: bytes | str) -> ExportLogsServiceRequest:
    """OTLP/JSON, read strictly: hexadecimal ids, enumerations as numbers, 64-bit integers as strings, no unknown key."""
    found = json.loads(text, parse_constant=_refuse)
    for record in (r for res in found["resourceLogs"] for scope in res["scopeLogs"] for r in scope["logRecords"]):
        assert type(record["severityNumber"]) is int
        assert type(record["timeUnixNano"]) is str
        for name, digits in (("traceId", 32), ("spanId", 16)):
            if name in record:
                assert len(record[name]) == digits
                # protobuf's own mapping has base64 here, and that is what its parser wants
                record[name] = _base64(bytes.fromhex(record[name]))
    _check_integers(found)
    return json_format.ParseDict(found, ExportLogsServiceRequest())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _check_integers(found: Any) -> None:
    if isinstance(found, dict):
        if "intValue" in found:
            assert type(found["intValue"]) is str
        for item in found.values():
            _check_integers(item)
    elif isinstance(found, list):
        for item in found:
            _check_integers(item)


class Receiver:
    """Answers of `answers` are given first, then `answer` to every request."""

    def __init__(self, files: Any = None, *, mutual: bool = False) -> None:
        self.answer = Answer()
        self.answers: deque[Answer] = deque()
        self.received: list[Received] = []
        self.connections = 0
        self.faults: list[str] = []
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                receiver.connections += 1

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                receiver._take(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a peer that is gone is a test's aim
        self.port = self._server.server_address[1]
        if files is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.authority)
            context.load_cert_chain(files.certificate, files.key)
            context.verify_mode = ssl.CERT_REQUIRED if mutual else ssl.CERT_NONE
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'http' if files is None else 'https'}://127.0.0.1:{self.port}/v1/logs"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int) -> list[Any]:
        """All records, once there are that many."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.records) >= count or self.faults, HANG):
                give_up(f"{count} records", arrived=self.records)
        assert not self.faults
        return self.records

    @property
    def records(self) -> list[Any]:
        return [record for _, _, record in self.scoped]

    @property
    def scoped(self) -> list[tuple[Any, str, Any]]:
        """Resource, scope and record of everything that came in."""
        return [
            (resource.resource, scope.scope.name, record)
            for one in self.received
            for resource in one.request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        answer = self.answers.popleft() if self.answers else self.answer
        if answer.hang:
            self._closing.wait()
        if answer.hang or answer.drop:
            handler.close_connection = True
            handler.connection.close()
            return
        kind = handler.headers.get("content-type", "")
        try:
            plain = gzip.decompress(body) if handler.headers.get("content-encoding") == "gzip" else body
            if kind == "application/x-protobuf":
                request = ExportLogsServiceRequest.FromString(plain)
            else:
                assert kind == "application/json", kind
                request = from_json(plain)
            self._check(request)
        except Exception as error:
            self.faults.append(repr(error))
            answer = Answer(status=400)
        else:
            if answer.status == 200:
                with self._arrived:
                    headers = {name.lower(): value for name, value in handler.headers.items()}
                    self.received.append(Received(handler.path, headers, plain, request))
                    self._arrived.notify_all()
        self._reply(handler, answer, kind)

    @staticmethod
    def _check(request: ExportLogsServiceRequest) -> None:
        resources = [resource.resource.SerializeToString(deterministic=True) for resource in request.resource_logs]
        assert len(set(resources)) == len(resources), "a resource stands twice"
        for resource in request.resource_logs:
            attributes_of(resource.resource)
            scopes = [scope.scope.name for scope in resource.scope_logs]
            assert len(set(scopes)) == len(scopes), "a scope stands twice"
            for scope in resource.scope_logs:
                assert scope.log_records
                for record in scope.log_records:
                    attributes_of(record)
                    assert record.time_unix_nano
                    assert record.observed_time_unix_nano
                    assert 1 <= record.severity_number <= 24
                    assert record.flags <= 0xFF
                    assert len(record.trace_id) in (0, 16)
                    assert len(record.span_id) in (0, 8)

    @staticmethod
    def _reply(handler: BaseHTTPRequestHandler, answer: Answer, kind: str) -> None:
        body = answer.body
        if body is None:
            response = ExportLogsServiceResponse()
            if answer.rejected or answer.message:
                response.partial_success.rejected_log_records = answer.rejected
                response.partial_success.error_message = answer.message
            body = response.SerializeToString()
            if kind == "application/json":
                body = json_format.MessageToJson(response).encode()
        handler.send_response(answer.status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(body)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def receiving(files: Any = None, *, mutual: bool = False) -> Iterator[Receiver]:
    receiver = Receiver(files, mutual=mutual)
    try:
        yield receiver
    finally:
        receiver.close()
