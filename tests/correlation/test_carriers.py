"""Reading a request's or a process's carrier, and writing one for the next."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._context.trace_context import (
    Carrier,
    SpanContext,
    extract,
    extract_environ,
    inject,
    inject_environ,
    parse_baggage,
)

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
HEADER = f"00-{TRACE}-{SPAN}-01"
PARENT = SpanContext(TRACE, SPAN, 1)
EMPTY = Carrier(None, parse_baggage(None), None)


def test_everything_is_read_from_a_mapping():
    carrier = {"traceparent": HEADER, "tracestate": "foo=1", "baggage": "user=alice", "x-request-id": "r-1"}
    assert extract(carrier) == Carrier(PARENT._replace(state="foo=1"), parse_baggage("user=alice"), "r-1")


def test_everything_is_read_from_asgi_pairs():
    headers = [
        (b"host", b"example.org"),
        (b"traceparent", HEADER.encode()),
        (b"tracestate", b"foo=1"),
        (b"tracestate", b"bar=2"),
        (b"baggage", b"user=alice"),
        (b"baggage", b"tenant=acme"),
        (b"x-request-id", b"r-1"),
    ]
    parent, baggage, request_id = extract(headers)
    assert parent == PARENT._replace(state="foo=1,bar=2")
    assert baggage == {"user": "alice", "tenant": "acme"}
    assert request_id == "r-1"


@pytest.mark.parametrize("name", ["traceparent", "TraceParent", "TrAcEpArEnT", "TRACEPARENT", b"TraceParent"])
def test_a_headers_name_matches_in_any_case(name):
    assert extract([(name, HEADER)]).parent == PARENT


@pytest.mark.parametrize("name", ["trace-parent", "trace.parent", "traceparent ", "", b"trace_parent"])
def test_another_name_is_another_header(name):
    assert extract([(name, HEADER)]).parent is None


@pytest.mark.parametrize("second", [HEADER, f"00-{TRACE[:-1]}1-{SPAN}-01", "", "junk"])
def test_a_repeated_traceparent_restarts_the_trace(second):
    assert extract([("traceparent", HEADER), ("Traceparent", second)]).parent is None
    assert extract({"traceparent": HEADER, "TRACEPARENT": second}).parent is None
    assert extract({"traceparent": [HEADER, second]}).parent is None


def test_tracestate_without_a_valid_traceparent_is_not_read():
    assert extract({"tracestate": "foo=1"}).parent is None
    assert extract({"tracestate": "foo=1", "traceparent": "junk"}).parent is None


def test_a_malformed_tracestate_does_not_harm_traceparent():
    assert extract({"traceparent": HEADER, "tracestate": "foo=1,FOO"}).parent == PARENT


def test_a_malformed_traceparent_does_not_harm_baggage_and_request_id():
    assert extract({"traceparent": "junk", "baggage": "a=1", "x-request-id": "r"}) == (None, {"a": "1"}, "r")


def test_two_different_request_ids_are_none():
    assert extract([("x-request-id", "a"), ("x-request-id", "b")]).request_id is None
    assert extract([("x-request-id", "a"), ("x-request-id", "a")]).request_id == "a"


class _Bomb:
    @property
    def items(self):
        raise RuntimeError

    def __iter__(self):
        raise RuntimeError


class _BombMapping(dict):
    def items(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "carrier",
    [None, 7, "traceparent", b"traceparent", [1], [("a",)], [(1, 2)], [(None, None)], _Bomb(), _BombMapping()],
)
def test_a_carrier_that_cannot_be_read_is_an_empty_one(carrier):
    assert extract(carrier) == EMPTY


def test_interrupting_is_not_swallowed():
    class Interrupt:
        def items(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(Interrupt())  # type: ignore[arg-type]  # a hostile carrier


_names = st.sampled_from(["traceparent", "tracestate", "baggage", "x-request-id", b"traceparent", b"baggage"])
_values = st.text() | st.binary() | st.none() | st.integers() | st.lists(st.text())


@given(st.lists(st.tuples(_names, _values)) | st.dictionaries(_names, _values) | _values)
def test_reading_never_raises(carrier):
    assert isinstance(extract(carrier), Carrier)


def test_what_is_written_can_be_read_again():
    span = PARENT._replace(state="foo=1,bar=2")
    headers: dict[str, str] = {}
    inject(headers, span, "r-1", {"user": "Am\xe9lie"})
    assert headers == {
        "traceparent": HEADER,
        "tracestate": "foo=1,bar=2",
        "baggage": "user=Am%C3%A9lie",
        "x-request-id": "r-1",
    }
    assert extract(headers) == (span, {"user": "Am\xe9lie"}, "r-1")


def test_what_is_not_given_is_left_alone():
    headers = {"Accept": "*/*", "Traceparent": "old", "X-Request-ID": "old"}
    inject(headers, None)
    assert headers == {"Accept": "*/*", "Traceparent": "old", "X-Request-ID": "old"}


def test_what_is_given_replaces_any_spelling_of_the_name():
    headers = {"Accept": "*/*", "Traceparent": "old", "TraceState": "old=1", "X-Request-ID": "old"}
    inject(headers, PARENT, "new")
    assert headers == {"Accept": "*/*", "traceparent": HEADER, "x-request-id": "new"}


@pytest.mark.parametrize(
    "span",
    [
        SpanContext("", SPAN),
        SpanContext(TRACE + "\r\nevil: 1", SPAN),
        SpanContext("0" * 32, SPAN),
        SpanContext(TRACE, "x" * 16),
    ],
)
def test_an_invalid_span_is_not_written(span):
    headers: dict[str, str] = {}
    inject(headers, span)
    assert headers == {}


def test_nothing_can_break_out_of_a_header():
    headers: dict[str, str] = {}
    inject(headers, PARENT._replace(state="a=1\r\nevil: 1"), "r\r\nevil: 1", {"a": "1\r\nevil: 1", "b\r\n": "2"})
    assert headers == {"traceparent": HEADER, "baggage": "a=1%0D%0Aevil:%201"}


def test_headers_that_cannot_be_changed_stay_as_they_are():
    headers = MappingProxyType({"accept": "*/*"})
    inject(headers, PARENT)  # type: ignore[arg-type]  # not mutable on purpose
    assert headers == {"accept": "*/*"}


def test_a_child_process_is_linked_by_its_environment():
    environ = {"PATH": "/bin", "TRACESTATE": "stale=1"}
    inject_environ(environ, PARENT, {"user": "alice"})
    assert environ == {"PATH": "/bin", "TRACEPARENT": HEADER, "BAGGAGE": "user=alice"}
    assert extract_environ(environ) == (PARENT, {"user": "alice"}, None)


def test_tracestate_travels_by_the_environment_too():
    environ: dict[str, str] = {}
    inject_environ(environ, PARENT._replace(state="foo=1"))
    assert extract_environ(environ).parent == PARENT._replace(state="foo=1")


def test_only_upper_case_variables_are_read():
    assert extract_environ({"traceparent": HEADER}) == EMPTY


def test_a_malformed_environment_restarts_the_trace():
    assert extract_environ({"TRACEPARENT": "junk", "TRACESTATE": "foo=1"}) == EMPTY
