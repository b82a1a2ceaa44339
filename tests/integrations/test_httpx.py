"""httpx: ids go out, calls are recorded, and nothing of the caller's is changed."""

from __future__ import annotations

import asyncio

import httpx
import pytest

import discreet
from discreet._context.ambient import EMPTY, Context, current
from discreet._context.trace_context import SpanContext, parse_traceparent
from discreet.integrations.httpx import instrument, uninstrument

SPAN = SpanContext("a" * 32, "b" * 16, state="vendor=1")
HERE = Context({}, SPAN, "request-1", {"tenant": "acme"})


@pytest.fixture(autouse=True)
def in_a_request():
    token = current.set(HERE)
    yield
    current.reset(token)
    uninstrument()


class Peer:
    """The other side: remembers what it was sent."""

    def __init__(self, *statuses, error=None):
        self.statuses = list(statuses) or [200]
        self.error = error
        self.requests = []
        self.inside = []

    def __call__(self, request):
        self.requests.append(request)
        self.inside.append(current.get().span)
        if self.error is not None:
            raise self.error
        status = self.statuses.pop(0)
        return httpx.Response(status, headers={"location": "/next"} if status == 302 else {})

    @property
    def headers(self):
        return self.requests[-1].headers


def client_of(peer, **options):
    client = httpx.Client(transport=httpx.MockTransport(peer), base_url="https://api.example.com", **options)
    instrument(client)
    return client


def test_the_ids_of_the_current_context_go_out():
    peer = Peer()
    with discreet.capture("info"):
        client_of(peer).get("/orders")
    assert parse_traceparent(peer.headers["traceparent"]) == SPAN._replace(state="")
    assert peer.headers["tracestate"] == "vendor=1"
    assert peer.headers["x-request-id"] == "request-1"
    assert peer.headers["baggage"] == "tenant=acme"


def test_without_a_context_nothing_is_made_up():
    peer = Peer()
    token = current.set(EMPTY)
    with discreet.capture("info"):
        client_of(peer).get("/orders")
    current.reset(token)
    assert not {"traceparent", "tracestate", "x-request-id", "baggage"} & set(peer.headers)


@pytest.mark.parametrize("header", ["Traceparent", "Tracestate", "X-Request-ID", "Baggage"])
def test_a_header_that_the_caller_set_stays(header):
    peer = Peer()
    with discreet.capture("info"):
        client_of(peer).get("/orders", headers={header: "mine"})
    assert peer.headers.get_list(header) == ["mine"]
    if header == "Tracestate":
        assert "traceparent" not in peer.headers


def test_at_debug_a_call_is_a_span_whose_id_goes_out():
    peer = Peer()
    with discreet.capture("debug") as records:
        client_of(peer).get("/orders?token=abc")
    (record,) = records
    assert (record["message"], record["severity"], record["logger"]) == (
        "GET api.example.com/orders 200",
        "DEBUG",
        "http.client",
    )
    assert (record["span_kind"], record["status"], record["parent_span_id"]) == ("client", "ok", SPAN.span_id)
    assert (record["server.address"], record["url.path"]) == ("api.example.com", "/orders")
    assert parse_traceparent(peer.headers["traceparent"]).span_id == record["span_id"] != SPAN.span_id
    assert peer.inside[0].span_id == record["span_id"]
    assert "abc" not in records.text


def test_a_root_call_has_no_parent():
    token = current.set(EMPTY)
    peer = Peer()
    with discreet.capture("debug") as records:
        client_of(peer).get("/orders")
    current.reset(token)
    assert "parent_span_id" not in records[0]
    assert records[0]["trace_id"] in peer.headers["traceparent"]


def test_above_debug_only_failures_are_recorded():
    with discreet.capture("info") as records:
        client = client_of(Peer(200, 404, 503))
        for _ in range(3):
            client.get("/orders")
    assert [record["message"] for record in records] == ["GET api.example.com/orders 503"]
    assert (records[0]["severity"], records[0]["span_id"]) == ("WARNING", SPAN.span_id)


def test_an_exception_passes_through_and_is_named():
    peer = Peer(error=httpx.ConnectError("refused"))
    with discreet.capture("debug") as records, pytest.raises(httpx.ConnectError):
        client_of(peer).get("/orders")
    (record,) = records
    assert (record["severity"], record["status"], record["error_type"]) == ("WARNING", "error", "ConnectError")
    assert "exception" not in record


def test_an_interrupted_call_is_cancelled():
    with discreet.capture("debug") as records, pytest.raises(KeyboardInterrupt):
        client_of(Peer(error=KeyboardInterrupt())).get("/orders")
    assert records[0]["status"] == "cancelled"


def test_redirects_are_one_call():
    peer = Peer(302, 200)
    with discreet.capture("debug") as records:
        client_of(peer, follow_redirects=True).get("/orders")
    assert len(peer.requests) == 2
    assert [record["http.response.status_code"] for record in records] == [200]


def test_the_ids_can_be_kept_from_other_hosts():
    peer = Peer(200, 200, 200)
    client = httpx.Client(transport=httpx.MockTransport(peer))
    instrument(client, hosts=["example.com"])
    with discreet.capture("info"):
        for host in ("example.com", "api.example.com", "notexample.com"):
            client.get(f"https://{host}/")
    assert ["traceparent" in request.headers for request in peer.requests] == [True, True, False]


def test_a_prepared_request_can_be_sent_by_keyword():
    peer = Peer()
    client = client_of(peer)
    with discreet.capture("info"):
        client.send(request=client.build_request("GET", "/orders"))
    assert "traceparent" in peer.headers


def test_the_async_client_works_alike():
    peer = Peer()

    async def run():
        async with httpx.AsyncClient(transport=httpx.MockTransport(peer)) as client:
            instrument(client)
            await client.get("https://api.example.com/orders")

    with discreet.capture("debug") as records:
        asyncio.run(run())
    calls = [record for record in records if record["logger"] == "http.client"]
    assert [record["message"] for record in calls] == ["GET api.example.com/orders 200"]
    assert calls[0]["span_id"] in peer.headers["traceparent"]


def test_all_clients_can_be_instrumented_again_and_again_and_back():
    before = (httpx.Client.send, httpx.AsyncClient.send)
    peer = Peer(200, 200)
    client = httpx.Client(transport=httpx.MockTransport(peer))
    instrument()
    instrument()
    instrument(client)
    with discreet.capture("debug") as records:
        client.get("https://api.example.com/")
        uninstrument(client)
        client.get("https://api.example.com/")
    assert len(records) == 2
    uninstrument()
    assert (httpx.Client.send, httpx.AsyncClient.send) == before
