"""Context between processes, carried by messages and environments."""

from __future__ import annotations

import json
import subprocess
import sys

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
