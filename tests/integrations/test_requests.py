"""requests: ids go out, calls are recorded, and nothing of the caller's is changed."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

import discreet
from discreet._context.ambient import Context, current
from discreet._context.trace_context import SpanContext, parse_traceparent
from discreet.integrations.requests import instrument, uninstrument

SPAN = SpanContext("a" * 32, "b" * 16)
HERE = Context({}, SPAN, "request-1", {"tenant": "acme"})


class Peer(BaseHTTPRequestHandler):
    seen: list = []

    def do_GET(self):
        self.seen.append((self.path, dict(self.headers.items())))
        moved = self.path.startswith("/moved")
        self.send_response(302 if moved else 503 if self.path == "/down" else 200)
        if moved:
            self.send_header("Location", "/orders")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture(scope="module")
def address():
    server = HTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def in_a_request():
    Peer.seen.clear()
    token = current.set(HERE)
    yield
    current.reset(token)
    uninstrument()


@pytest.fixture
def session():
    with requests.Session() as session:
        instrument(session)
        yield session


def test_the_ids_of_the_current_context_go_out(session, address):
    with discreet.capture("info"):
        session.get(f"{address}/orders")
    _, headers = Peer.seen[0]
    assert parse_traceparent(headers["traceparent"]) == SPAN
    assert (headers["x-request-id"], headers["baggage"]) == ("request-1", "tenant=acme")


def test_headers_and_authentication_of_the_caller_stay(session, address):
    with discreet.capture("info"):
        session.get(
            f"{address}/orders", headers={"Traceparent": "mine", b"X-Request-ID": b"mine too"}, auth=("user", "word")
        )
    _, headers = Peer.seen[0]
    lowered = {name.lower(): value for name, value in headers.items()}
    assert (lowered["traceparent"], lowered["x-request-id"]) == ("mine", "mine too")
    assert lowered["authorization"].startswith("Basic ")


def test_at_debug_a_call_is_a_span_whose_id_goes_out(session, address):
    with discreet.capture("debug") as records:
        session.get(f"{address}/orders?token=abc")
    record = next(record for record in records if record["logger"] == "http.client")
    assert record["message"] == "GET 127.0.0.1/orders 200"
    assert record["server.port"] == int(address.rpartition(":")[2])
    assert record["span_id"] in Peer.seen[0][1]["traceparent"]
    assert "abc" not in records.text


def test_redirects_are_one_call(session, address):
    with discreet.capture("debug") as records:
        session.get(f"{address}/moved")
    assert [path for path, _ in Peer.seen] == ["/moved", "/orders"]
    assert [record["message"] for record in records if record["logger"] == "http.client"] == ["GET 127.0.0.1/moved 200"]


def test_failures_are_recorded_above_debug_too(session, address):
    with discreet.capture("info") as records:
        session.get(f"{address}/down")
        with pytest.raises(requests.ConnectionError):
            session.get("http://127.0.0.1:9/")
    assert [(record["severity"], record["message"]) for record in records] == [
        ("WARNING", "GET 127.0.0.1/down 503"),
        ("WARNING", "GET 127.0.0.1/ ConnectionError"),
    ]


def test_the_ids_can_be_kept_from_other_hosts(session, address):
    instrument(session, hosts=["example.com"])
    with discreet.capture("info"):
        session.get(f"{address}/orders")
    assert "traceparent" not in Peer.seen[0][1]


def test_all_sessions_can_be_instrumented_again_and_again_and_back(address):
    before = requests.Session.send
    instrument()
    instrument()
    with discreet.capture("debug") as records, requests.Session() as session:
        requests.get(f"{address}/orders")
        instrument(session)
        session.send(request=session.prepare_request(requests.Request("GET", f"{address}/orders")))
        uninstrument(session)
        session.get(f"{address}/orders")
    assert len([record for record in records if record["logger"] == "http.client"]) == 3
    uninstrument()
    assert requests.Session.send is before
