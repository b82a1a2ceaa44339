"""Where an OpenTelemetry span is active, its ids are the ids."""

from __future__ import annotations

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import discreet

log = discreet.get_logger("shop")


@pytest.fixture
def tracer():
    return TracerProvider().get_tracer("test")


def ids(span):
    context = span.get_span_context()
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def test_an_active_spans_ids_win(sink, tracer):
    with discreet.span("ours"), tracer.start_as_current_span("theirs") as span:
        log.info("x")
        assert (sink.last["trace_id"], sink.last["span_id"]) == ids(span)


def test_our_span_inside_a_span_of_opentelemetry_is_its_child(sink, tracer):
    with tracer.start_as_current_span("theirs") as theirs, discreet.span("ours") as ours:
        pass
    assert ours.trace_id == ids(theirs)[0]
    assert sink.last["parent_span_id"] == ids(theirs)[1]
    assert sink.last["span_id"] == ours.span_id


def test_an_invalid_span_does_not_count(sink):
    assert not trace.get_current_span().get_span_context().is_valid
    with discreet.span("ours") as ours:
        log.info("x")
    assert sink.records[0]["span_id"] == ours.span_id


def test_a_broken_opentelemetry_costs_no_record(sink, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", object())
    with discreet.span("ours") as ours:
        log.info("x")
    assert sink.records[0]["span_id"] == ours.span_id
