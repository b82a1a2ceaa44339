"""Azure Monitor on loopback: the ingestion endpoints, which hold senders to the protocol and answer as a test wants.

`POST /v2.1/track` takes envelopes (a JSON array, or one a line), judges the shape and the lengths of each, and says by
index what it refuses. `POST /dataCollectionRules/...` takes rows. What a test does not script goes as the service does.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from ..waiting import HANG, give_up

KEY = "00000000-0000-0000-0000-0000000000aa"
TRACK = "/v2.1/track"
_RULES = re.compile(r"/dataCollectionRules/(dcr-[0-9a-f]{32})/streams/((?:Custom|Microsoft)-[\w-]+)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z")
_HEX32, _HEX16 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
_MOST_ROWS_BYTES = 1 << 20

TAGS: Mapping[str, int] = {
    "ai.application.ver": 1024, "ai.cloud.role": 256, "ai.cloud.roleInstance": 256, "ai.device.id": 1024,
    "ai.device.locale": 64, "ai.device.model": 256, "ai.device.oemName": 256, "ai.device.type": 64,
    "ai.internal.nodeName": 256, "ai.internal.sdkVersion": 64, "ai.location.ip": 46, "ai.operation.id": 128,
    "ai.operation.name": 1024, "ai.operation.parentId": 128, "ai.operation.syntheticSource": 1024,
    "ai.session.id": 64, "ai.user.authUserId": 1024, "ai.user.id": 128,
}  # fmt: skip
"""The context tags and their lengths, as the schema has them."""

_DATA: Mapping[str, tuple[set[str], set[str]]] = {
    "MessageData": ({"ver", "message"}, {"severityLevel", "properties", "measurements"}),
    "ExceptionData": ({"ver", "exceptions"}, {"severityLevel", "problemId", "properties", "measurements"}),
    "EventData": ({"ver", "name"}, {"properties", "measurements"}),
}
_DETAILS = ({"message"}, {"id", "outerId", "typeName", "hasFullStack", "stack", "parsedStack"})
_FRAME = ({"level", "method"}, {"assembly", "fileName", "line"})
_GEN_AI = "gen_ai."


class Answer(NamedTuple):
    """What to say to one request. `hang` says nothing until the server is closed; `drop` hangs up."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes | None = None
    refuse: Mapping[int, int] = {}
    """Statuses of single envelopes, by index; the request's own status is then 206 unless it is given."""
    message: str = ""
    hang: bool = False
    drop: bool = False


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    size: int
    items: list[dict[str, Any]]


class IngestionServer:
    """Listens on a free port of 127.0.0.1. `accepted` are the envelopes or rows that were taken, in order."""

    def __init__(self, *, key: str = KEY, token: str | None = None) -> None:
        self.key = key
        self.token = token
        self.requests: list[Received] = []
        self.accepted: list[dict[str, Any]] = []
        self.refused: list[tuple[int, str]] = []
        self.script: deque[Answer] = deque()
        self.closing = threading.Event()
        self.news = threading.Condition()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server._serve(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={self.key};IngestionEndpoint={self.url}/"

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def wait_for(self, done: Callable[[], bool]) -> None:
        """Until it is so; a sender that never gets there fails the test."""
        with self.news:
            if not self.news.wait_for(done, HANG):
                give_up("such requests", requests=self.requests, accepted=self.accepted, refused=self.refused)

    def named(self, message: str) -> dict[str, Any]:
        """The one envelope with this message."""
        found = [item for item in self.accepted if item["data"]["baseData"].get("message") == message]
        assert len(found) == 1, (message, found)
        return found[0]

    # --- one request --------------------------------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", "0")))
        answer = self.script.popleft() if self.script else Answer()
        if answer.hang:
            self.closing.wait()
        if answer.hang or answer.drop:
            handler.close_connection = True
            return
        try:
            status, said = self._judge(handler.path, headers, body, answer)
        except Exception as error:
            status, said = 400, {"itemsReceived": 0, "itemsAccepted": 0, "errors": [], "message": repr(error)}
            self.refused.append((400, repr(error)))
        text = answer.body if answer.body is not None else b"" if status == 204 else json.dumps(said).encode()
        handler.send_response(status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)
        with self.news:
            self.news.notify_all()

    def _judge(self, path: str, headers: Mapping[str, str], body: bytes, answer: Answer) -> tuple[int, dict[str, Any]]:
        raw = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        items = _items(raw, headers.get("content-type", ""))
        self.requests.append(Received(path, dict(headers), len(raw), items))
        none = {"itemsReceived": len(items), "itemsAccepted": 0, "errors": []}
        if answer.status not in (200, 206):
            return answer.status, none
        if self.token is not None and headers.get("authorization") != f"Bearer {self.token}":
            return 401, none
        target = urlsplit(path)
        if _RULES.fullmatch(target.path):
            assert parse_qs(target.query) == {"api-version": ["2023-01-01"]}, path
            return self._rows(raw, items)
        if target.path != TRACK:
            return 404, none
        errors: list[dict[str, Any]] = []
        for index, item in enumerate(items):
            status, why = answer.refuse.get(index, 0), answer.message
            if not status:
                try:
                    check_envelope(item, self.key)
                except AssertionError as error:
                    status, why = 400, str(error)
            if status:
                errors.append({"index": index, "statusCode": status, "message": why})
                self.refused.append((status, why))
            else:
                self.accepted.append(item)
        accepted = len(items) - len(errors)
        whole = answer.status if not errors else 206 if accepted or answer.refuse else 400
        return whole, {"itemsReceived": len(items), "itemsAccepted": accepted, "errors": errors}

    def _rows(self, raw: bytes, rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        if len(raw) > _MOST_ROWS_BYTES:
            return 413, {}
        for row in rows:
            assert _TIME.fullmatch(row["TimeGenerated"]), row
            assert all(re.fullmatch(r"[A-Za-z_]\w{0,44}", name) for name in row), "a column's name is plain"
            assert all(len(json.dumps(value, ensure_ascii=False).encode()) <= 1 << 16 for value in row.values())
        self.accepted.extend(rows)
        return 204, {}


def _items(raw: bytes, kind: str) -> list[dict[str, Any]]:
    text = raw.decode("utf-8", "strict")
    if kind.startswith("application/x-json-stream"):
        return [_strict(line) for line in text.splitlines() if line.strip()] if "\r" not in text else []
    assert kind.startswith("application/json"), kind
    found = _strict(text)
    return found if isinstance(found, list) else [found]


def _strict(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
        return dict(pairs)

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def _length(text: object) -> int:
    assert isinstance(text, str), text
    text.encode("utf-8", "strict")
    return len(text.encode("utf-16-le")) // 2


def _shaped(found: Any, shape: tuple[set[str], set[str]], what: str) -> None:
    assert isinstance(found, dict), what
    assert shape[0] <= found.keys(), f"{what} lacks {shape[0] - found.keys()}"
    assert found.keys() <= shape[0] | shape[1], f"{what} has {found.keys() - shape[0] - shape[1]}"


def check_envelope(item: Any, key: str = KEY) -> None:
    """Raise `AssertionError` for what the service would refuse, or cut without a word."""
    _shaped(item, ({"name", "time", "iKey", "data"}, {"tags", "sampleRate", "seq", "ver"}), "the envelope")
    assert item["iKey"] == key, "Invalid instrumentation key"
    assert _TIME.fullmatch(item["time"]), item["time"]
    size = len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode())
    data = item["data"]
    _shaped(data, ({"baseType", "baseData"}, set()), "data")
    kind, base = data["baseType"], data["baseData"]
    assert kind in _DATA, kind
    assert item["name"] == f"Microsoft.ApplicationInsights.{kind.removesuffix('Data')}", item["name"]
    _shaped(base, _DATA[kind], kind)
    assert base["ver"] == 2
    assert base.get("severityLevel", 0) in range(5)
    assert type(base.get("severityLevel", 0)) is int
    _check_tags(item.get("tags", {}))
    properties = base.get("properties", {})
    for name, value in properties.items():
        assert 0 < _length(name) <= 150, f"a key of {_length(name)}"
        assert _length(value) <= (256 << 10 if name.startswith(_GEN_AI) else 8192), f"{name}: {_length(value)}"
    assert size <= (1 << 20 if any(name.startswith(_GEN_AI) for name in properties) else 1 << 16), f"{size} bytes"
    for name, value in base.get("measurements", {}).items():
        assert 0 < _length(name) <= 150
        assert type(value) in (int, float)
    if kind == "MessageData":
        assert 0 < _length(base["message"]) <= 32768
    elif kind == "EventData":
        assert 0 < _length(base["name"]) <= 512
    else:
        _check_exceptions(base["exceptions"])


def _check_tags(tags: dict[str, str]) -> None:
    assert tags.keys() <= TAGS.keys(), tags.keys() - TAGS.keys()
    for tag, text in tags.items():
        assert _length(text) <= TAGS[tag], tag
    if "ai.operation.id" in tags:
        assert _HEX32.fullmatch(tags["ai.operation.id"])
        assert _HEX16.fullmatch(tags["ai.operation.parentId"])


def _check_exceptions(exceptions: Any) -> None:
    assert isinstance(exceptions, list)
    assert exceptions
    seen: set[int] = set()
    for details in exceptions:
        _shaped(details, _DETAILS, "an exception")
        assert 0 < _length(details["message"]) <= 32768
        assert _length(details.get("typeName", "")) <= 1024
        assert "stack" in details or "parsedStack" in details
        assert _length(details.get("stack", "")) <= 32768
        assert details.get("outerId", 0) in seen | {0}, "an exception inside one that is not there"
        if "id" in details:
            assert details["id"] not in seen
            seen.add(details["id"])
        for level, frame in enumerate(details.get("parsedStack", ())):
            _shaped(frame, _FRAME, "a frame")
            assert frame["level"] == level
            assert type(frame.get("line", 1)) is int


@contextmanager
def serving(**options: Any) -> Iterator[IngestionServer]:
    """A server for the time of a `with`."""
    server = IngestionServer(**options)
    try:
        yield server
    finally:
        server.close()
