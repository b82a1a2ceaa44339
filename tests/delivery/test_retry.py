"""When to try again: pure functions of the time."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._delivery.export.retry import IN_A_ROW, LONGEST, LONGEST_ASKED, Circuit, backoff, parse_retry_after

NOW = 1_800_000_000.0


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_wait_is_drawn_from_nothing_to_a_bound_that_doubles_up_to_the_longest(failures, drawn):
    wait = backoff(failures, lambda: drawn)
    assert 0 <= wait <= LONGEST
    assert wait <= backoff(failures + 1, lambda: drawn)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("99999999999999999999", LONGEST_ASKED),
        ("", None),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_is_nothing(header, seconds):
    assert parse_retry_after(header, NOW) == seconds


@given(st.text())
def test_no_header_makes_it_raise(header):
    found = parse_retry_after(header, NOW)
    assert found is None or 0 <= found <= LONGEST_ASKED


def test_a_circuit_opens_after_failures_in_a_row_tries_one_batch_and_closes_on_success():
    circuit = Circuit(lambda: 1.0)
    now = 100.0
    for _ in range(IN_A_ROW - 1):
        circuit.failed(now)
        assert circuit.state(now) == "closed"
    circuit.failed(now)
    assert circuit.state(now) == "open"
    now += circuit.wait(now)
    assert circuit.state(now) == "half-open"
    circuit.failed(now)
    assert circuit.state(now) == "open"
    now += circuit.wait(now)
    circuit.succeeded(now)
    assert (circuit.state(now), circuit.wait(now)) == ("closed", 0)


def test_an_open_circuit_rests_longer_each_time_up_to_a_minute():
    circuit = Circuit(lambda: 1.0)
    waits = []
    for _ in range(20):
        circuit.failed(0.0)
        waits.append(circuit.wait(0.0))
    assert waits[IN_A_ROW - 1 :] == sorted(waits[IN_A_ROW - 1 :])
    assert waits[-1] == 60.0


def test_what_the_receiver_asks_for_is_waited_for_even_when_asked_to_retry_now():
    circuit = Circuit(lambda: 0.0)
    circuit.failed(10.0, after=7.0)
    circuit.retry_now()
    assert circuit.wait(10.0) == 7.0


def test_a_retry_now_skips_our_own_waits():
    circuit = Circuit(lambda: 1.0)
    for _ in range(IN_A_ROW):
        circuit.failed(10.0)
    circuit.retry_now()
    assert circuit.wait(10.0) == 0
    assert circuit.is_open
