"""Context between processes, carried by messages and environments."""

from __future__ import annotations

import asyncio
import email.message
import json
import subprocess
import sys

import pytest

import discreet
from discreet._context.ambient import Context, current
from discreet._context.baggage import Baggage
from discreet.propagation import carriers

log = discreet.get_logger("worker")


def test_a_message_carries_the_trace_and_the_request_id(sink):
    with discreet.context(request_id="r-1"), discreet.span("enqueue") as span:
        headers = carriers.inject({"content-type": "text/plain"})
    assert headers["traceparent"].split("-")[1:3] == [span.trace_id, span.span_id]
    assert headers["x-request-id"] == "r-1"
    assert headers["content-type"] == "text/plain"


def test_the_work_continues_the_trace_and_its_span_is_a_child(sink):
    with discreet.context(request_id="r-1"), discreet.span("enqueue") as sender:
        headers = carriers.inject({})
    with carriers.continue_from(headers, queue="orders"), discreet.span("handle"):
        log.info("working")
    handled = sink.last
    assert (handled["trace_id"], handled["parent_span_id"]) == (sender.trace_id, sender.span_id)
    assert (handled["request_id"], handled["queue"]) == ("r-1", "orders")


def test_nothing_of_the_context_before_leaks_in_and_it_comes_back(sink):
    with discreet.context(tenant="acme", request_id="mine"):
        with carriers.continue_from({}):
            log.info("inside")
        log.info("outside")
    inside, outside = sink.records
    assert "tenant" not in inside
    assert "request_id" not in inside
    assert outside["tenant"] == "acme"


def test_the_context_comes_back_after_an_exception(sink):
    try:
        with carriers.continue_from({}, queue="orders"):
            raise ValueError
    except ValueError:
        log.info("after")
    assert "queue" not in sink.last


def test_a_malformed_carrier_starts_no_trace(sink):
    with carriers.continue_from({"traceparent": "00-zz", "x-request-id": "evil\n"}):
        log.info("x")
    assert "trace_id" not in sink.last
    assert "request_id" not in sink.last


def test_an_empty_context_writes_nothing():
    assert carriers.inject({}) == {}


def test_baggage_travels(sink):
    token = current.set(Context({}, None, None, Baggage({"plan": "gold"})))
    try:
        headers = carriers.inject({})
    finally:
        current.reset(token)
    with carriers.continue_from(headers):
        assert current.get().baggage == {"plan": "gold"}


def test_a_child_process_continues_the_trace_by_its_environment(sink):
    program = (
        "import discreet\n"
        "from discreet.propagation import carriers\n"
        "discreet.configure(format='json', service='child', environment='prod')\n"
        "with carriers.continue_from_environ(job='nightly'), discreet.span('work'):\n"
        "    pass\n"
    )
    with discreet.span("parent") as parent:
        child = subprocess.run(
            [sys.executable, "-c", program], env=carriers.inject_environ(), capture_output=True, check=True
        )
    record = json.loads(child.stdout)
    assert (record["trace_id"], record["parent_span_id"]) == (parent.trace_id, parent.span_id)
    assert record["job"] == "nightly"


def test_an_environment_is_copied_not_changed():
    environ = {"PATH": "/bin", "TRACEPARENT": "stale"}
    with discreet.span("x"):
        child = carriers.inject_environ(environ)
    assert environ["TRACEPARENT"] == "stale"
    assert child["TRACEPARENT"] != "stale"


HEADERS = {"x-request-id": "r-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}


def seen():
    here = current.get()
    return here.request_id, here.fields.get("queue"), here.fields.get("tenant")


def test_continue_from_serves_coroutines_generators_and_async_with():
    @carriers.continue_from(HEADERS, queue="orders")
    async def coroutine():
        await asyncio.sleep(0)
        return seen()

    @carriers.continue_from(HEADERS, queue="orders")
    async def agenerator():
        yield seen()

    @carriers.continue_from(HEADERS, queue="orders")
    def generator():
        yield seen()

    @carriers.continue_from(HEADERS, queue="orders")
    def function():
        return seen()

    inside = ("r-1", "orders", None)

    async def main():
        assert await asyncio.gather(coroutine(), coroutine()) == [inside, inside]
        async for found in agenerator():
            assert found == inside
            assert seen() == (None, None, "acme")
        async with carriers.continue_from(HEADERS, queue="orders"):
            assert seen() == inside

    with discreet.context(tenant="acme"):
        asyncio.run(main())
        assert list(generator()) == [function()] == [inside]
        assert seen() == (None, None, "acme")


def test_continue_from_without_a_carrier_says_what_to_write():
    with pytest.raises(TypeError, match=r"Write @continue_from\(carrier\)"):
        carriers.continue_from(seen)


@pytest.mark.parametrize(
    ("empty", "read"),
    [
        ([], dict),
        ([("content-type", "x")], dict),
        ([(b"content-type", b"x")], lambda pairs: {name.decode(): value.decode() for name, value in pairs}),
        ([("content-type", b"x")], lambda pairs: {name: value.decode() for name, value in pairs}),  # Kafka's clients
        ([("X-Request-Id", "old"), ("X-REQUEST-ID", "older")], dict),
        ({}, dict),
        ({b"content-type": b"x"}, lambda found: {name.decode(): value.decode() for name, value in found.items()}),
        ({1: "a number", "Traceparent": "old"}, dict),
        (email.message.Message(), lambda message: dict(message.items())),
    ],
)
def test_ids_go_into_any_headers_that_can_be_changed(empty, read):
    with carriers.continue_from(HEADERS):
        carrier = carriers.inject(empty)
    assert carrier is empty
    found = read(carrier)
    assert {name: found[name] for name in HEADERS} == HEADERS
    assert [str(name).lower() for name in found].count("x-request-id") == 1
    assert "Traceparent" not in found


def test_what_cannot_take_ids_stays_as_it_is_and_that_is_said_once(capfd):
    with carriers.continue_from(HEADERS):
        assert carriers.inject(()) == carriers.inject(()) == ()
    assert capfd.readouterr().err.count("no ids were put into a tuple") == 1
