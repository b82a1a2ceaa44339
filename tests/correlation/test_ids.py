"""New ids, and ids that strangers send."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._context import trace_context


def test_trace_ids_are_32_lower_case_hexadecimal_digits():
    assert re.fullmatch("[0-9a-f]{32}", trace_context.new_trace_id())


def test_span_ids_are_16_lower_case_hexadecimal_digits():
    assert re.fullmatch("[0-9a-f]{16}", trace_context.new_span_id())


@pytest.mark.parametrize("make", [trace_context.new_trace_id, trace_context.new_span_id, trace_context.new_request_id])
def test_new_ids_differ(make):
    assert len({make() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("make", [trace_context.new_trace_id, trace_context.new_span_id])
def test_an_all_zero_id_is_never_made(make, monkeypatch):
    answers = iter([bytes(16), b"\x01" * 16])
    monkeypatch.setattr(os, "urandom", lambda size: next(answers)[:size])
    assert set(make()) == {"0", "1"}


def test_a_new_trace_says_that_it_is_sampled_and_random():
    context = trace_context.new_span_context()
    assert trace_context.format_traceparent(context).endswith("-03")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_repeat_its_parents_ids():
    trace_context.new_trace_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, trace_context.new_trace_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        assert stream.read() != trace_context.new_trace_id()


def test_a_new_request_id_would_be_accepted_by_the_next_service():
    made = trace_context.new_request_id()
    assert trace_context.accept_request_id(made) == made


@pytest.mark.parametrize(
    "value", ["a", "req-42", "0190e8a2-7c1f-7c3b-9d0a-2f6f5f1e7a11", "Root=1-67/x:y@z+~_.", "x" * 128]
)
def test_a_harmless_request_id_is_kept(value):
    assert trace_context.accept_request_id(value) == value
    assert trace_context.accept_request_id(f" {value}\t".encode()) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x" * 129,
        "a b",
        "a\nb",
        "a\r",
        "a\n",
        "\x1b[31mred",
        "a,b",
        'a"b',
        "<script>",
        "\xe9",
        "\u202eabc",
        "##vso[x]",
        None,
        42,
        object(),
        [],
        ["a", "b"],
    ],
)
def test_a_request_id_that_could_do_harm_is_refused(value):
    assert trace_context.accept_request_id(value) is None


@given(st.text() | st.binary() | st.lists(st.text()))
def test_an_accepted_request_id_is_one_short_word(value):
    accepted = trace_context.accept_request_id(value)
    assert accepted is None or re.fullmatch(r"[!-~]{1,128}", accepted)
