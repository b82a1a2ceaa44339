"""`traceparent`, by the text of W3C Trace Context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._context.trace_context import SpanContext, format_traceparent, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"

_hex = "0123456789abcdef"
trace_ids = st.text(_hex, min_size=32, max_size=32).filter(lambda text: text.strip("0"))
span_ids = st.text(_hex, min_size=16, max_size=16).filter(lambda text: text.strip("0"))


def test_the_example_of_the_recommendation_is_read():
    assert parse_traceparent(HEADER) == SpanContext(TRACE, SPAN, 1)


def test_an_unsampled_caller_is_read_as_unsampled():
    context = parse_traceparent(f"00-{TRACE}-{SPAN}-00")
    assert context is not None
    assert not context.sampled


def test_sampled_is_one_bit_and_not_the_whole_number():
    for digits, sampled in (("09", True), ("ff", True), ("03", True), ("02", False), ("fe", False)):
        context = parse_traceparent(f"00-{TRACE}-{SPAN}-{digits}")
        assert context is not None
        assert context.sampled is sampled


def test_bytes_are_read_like_text():
    assert parse_traceparent(HEADER.encode()) == parse_traceparent(HEADER)
    assert parse_traceparent(bytearray(HEADER.encode())) == parse_traceparent(HEADER)


@pytest.mark.parametrize("value", [" " + HEADER, "\t" + HEADER, HEADER + " ", HEADER + "\t", f"\t {HEADER} \t"])
def test_spaces_and_tabs_around_the_value_do_not_count(value):
    assert parse_traceparent(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        f"00-{TRACE}-{SPAN}-01.",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-",
        f".0-{TRACE}-{SPAN}-01",
        f"0.-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"0000-{TRACE}-{SPAN}-01",
        f"00-{TRACE}1-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[1:]}.-{SPAN}-01",
        f"00-{TRACE}-{SPAN}1-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-.0",
        f"00-{TRACE}-{SPAN}-0.",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{TRACE}-{SPAN}-0\N{ARABIC-INDIC DIGIT ONE}",
        f"00-{TRACE[1:]}\N{FULLWIDTH DIGIT SIX}-{SPAN}-01",
        "",
        "00",
    ],
)
def test_a_value_outside_the_grammar_restarts_the_trace(value):
    assert parse_traceparent(value) is None


@pytest.mark.parametrize("value", [HEADER.upper(), f"00-{TRACE.upper()}-{SPAN}-01", f"CC-{TRACE}-{SPAN}-01"])
def test_upper_case_digits_are_invalid(value):
    assert parse_traceparent(value) is None


def test_all_zero_ids_are_invalid():
    assert parse_traceparent(f"00-{'0' * 32}-{SPAN}-01") is None
    assert parse_traceparent(f"00-{TRACE}-{'0' * 16}-01") is None


def test_version_ff_is_invalid():
    assert parse_traceparent(f"ff-{TRACE}-{SPAN}-01") is None
    assert parse_traceparent(f"ff-{TRACE}-{SPAN}-01-more") is None


@pytest.mark.parametrize("rest", ["", "-", "-what-the-future-will-be-like"])
def test_a_future_version_is_read_by_its_first_55_characters(rest):
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01{rest}") == SpanContext(TRACE, SPAN, 1)


@pytest.mark.parametrize("rest", [".what-the-future-will-be-like", "x", "0", " more"])
def test_a_future_version_needs_a_dash_before_what_it_adds(rest):
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01{rest}") is None


def test_a_future_version_shorter_than_55_characters_restarts_the_trace():
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-1") is None


def test_of_the_flags_of_a_future_version_only_sampled_is_believed():
    context = parse_traceparent(f"01-{TRACE}-{SPAN}-ff")
    assert context is not None
    assert context.flags == 1


def test_two_values_restart_the_trace_even_if_they_agree():
    assert parse_traceparent([HEADER, HEADER]) is None
    assert parse_traceparent(f"{HEADER},{HEADER}") is None
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01-x,cc-{TRACE}-{SPAN}-01") is None


def test_a_list_of_one_value_is_one_value():
    assert parse_traceparent([HEADER]) == parse_traceparent((HEADER.encode(),)) == parse_traceparent(HEADER)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, object(), [], [[HEADER]], [None], {HEADER: 1}, {HEADER}, str])
def test_what_is_not_a_header_value_restarts_the_trace(value):
    assert parse_traceparent(value) is None


def test_a_prohibitively_large_value_restarts_the_trace():
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01-" + "x" * 10_000_000) is None


def test_an_object_that_lies_about_its_class_restarts_the_trace():
    class Liar:
        @property
        def __class__(self):
            return str

    class Bomb:
        @property
        def __class__(self):
            raise RuntimeError

    assert parse_traceparent(Liar()) is None
    assert parse_traceparent(Bomb()) is None


def test_the_methods_of_a_text_subclass_are_not_called():
    class Text(str):
        __slots__ = ()

        def strip(self, *_):
            raise RuntimeError

    assert parse_traceparent(Text(HEADER)) == SpanContext(TRACE, SPAN, 1)


@given(st.one_of(st.text(), st.binary(), st.lists(st.text() | st.binary()), st.none(), st.floats(), st.integers()))
def test_nothing_raises(value):
    assert parse_traceparent(value) is None


@given(st.from_regex(r"\A[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?\Z"))
def test_what_is_read_is_written_as_a_valid_version_00(value):
    context = parse_traceparent(value)
    if context is not None:
        written = format_traceparent(context)
        again = parse_traceparent(written)
        assert len(written) == 55
        assert written.startswith("00-")
        assert again == context._replace(flags=context.flags & 3)


@given(trace_ids, span_ids, st.integers(0, 255))
def test_the_sampled_and_random_flags_survive_a_round_trip_and_the_others_are_set_to_zero(trace_id, span_id, flags):
    context = parse_traceparent(format_traceparent(SpanContext(trace_id, span_id, flags)))
    assert context == SpanContext(trace_id, span_id, flags & 0b11)


def test_a_child_keeps_everything_but_the_span_id():
    parent = SpanContext(TRACE, SPAN, 2, "rojo=1")
    child = parent.child()
    assert child.span_id != SPAN
    assert child == parent._replace(span_id=child.span_id)


def test_a_context_cannot_be_changed():
    with pytest.raises(AttributeError):
        SpanContext(TRACE, SPAN).trace_id = "0"  # type: ignore[misc]  # the assignment is what is tested
