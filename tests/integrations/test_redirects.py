"""`instrument(hosts=...)`: which host gets the ids is decided for each hop of a redirect."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import requests

import discreet.integrations.httpx
import discreet.integrations.requests
from discreet._context.ambient import Context, current
from discreet._context.trace_context import SpanContext

HERE = Context({}, SpanContext("a" * 32, "b" * 16, state="vendor=1"), "request-1", {"tenant": "acme"})
OURS = {"traceparent", "tracestate", "baggage", "x-request-id"}
ALLOWED, OTHER = "127.0.0.1", "localhost"  # one server under two names


class Peer(BaseHTTPRequestHandler):
    seen: list = []

    def do_GET(self):
        names = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((names["host"].partition(":")[0], names))
        hops = self.path[1:].split("/")
        self.send_response(302 if hops[0] else 200)
        if hops[0]:
            self.send_header("Location", f"http://{hops[0]}:{self.server.server_port}/{'/'.join(hops[1:])}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture(scope="module")
def port():
    server = HTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def in_a_request():
    Peer.seen.clear()
    token = current.set(HERE)
    yield
    current.reset(token)
    discreet.integrations.httpx.uninstrument()
    discreet.integrations.requests.uninstrument()


def with_httpx(url, headers, *, by_hand):
    with httpx.Client() as client:
        answer = client.get(url, headers=headers, follow_redirects=not by_hand)
        while answer.next_request is not None:
            answer = client.send(answer.next_request)


async def following(url, headers, *, by_hand):
    async with httpx.AsyncClient() as client:
        answer = await client.get(url, headers=headers, follow_redirects=not by_hand)
        while answer.next_request is not None:
            answer = await client.send(answer.next_request)


def with_async_httpx(url, headers, *, by_hand):
    asyncio.run(following(url, headers, by_hand=by_hand))


def with_requests(url, headers, *, by_hand):
    with requests.Session() as session:
        answer = session.get(url, headers=headers, allow_redirects=not by_hand)
        while answer.next is not None:
            answer = session.send(answer.next, allow_redirects=False)


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("get", [with_httpx, with_async_httpx, with_requests])
def test_ids_reach_allowed_hosts_alone_on_every_hop(get, by_hand, level, port):
    discreet.configure(stream="none", level={"root": "info", "http.client": level}, take_over=False)
    discreet.integrations.httpx.instrument(hosts=[ALLOWED])
    discreet.integrations.requests.instrument(hosts=[ALLOWED])
    get(f"http://{ALLOWED}:{port}/{OTHER}/{OTHER}/{ALLOWED}/{OTHER}/", {}, by_hand=by_hand)
    hosts = [host for host, _ in Peer.seen]
    assert hosts == [ALLOWED, OTHER, OTHER, ALLOWED, OTHER]
    for host, headers in Peer.seen:
        assert OURS & headers.keys() == (OURS if host == ALLOWED else set())


@pytest.mark.parametrize("get", [with_httpx, with_async_httpx, with_requests])
def test_headers_that_the_caller_set_stay(get, port):
    discreet.integrations.httpx.instrument(hosts=[ALLOWED])
    discreet.integrations.requests.instrument(hosts=[ALLOWED])
    get(f"http://{ALLOWED}:{port}/{OTHER}/", {"X-Request-ID": "mine", "baggage": "a=b"}, by_hand=False)
    first, second = (headers for _, headers in Peer.seen)
    assert (first["x-request-id"], first["baggage"]) == (second["x-request-id"], second["baggage"]) == ("mine", "a=b")
    assert "traceparent" in first
    assert "traceparent" not in second
