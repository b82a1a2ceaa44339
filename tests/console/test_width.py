from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._base.escape import display_width, escape
from discreet._encoding.console.line import ConsoleEncoder

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LONG = "SELECT orders.id, orders.total FROM orders WHERE orders.id = ? AND orders.tenant = ? LIMIT 1"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 200])
def test_every_line_fits_and_every_field_is_there(record, failure, width):
    fields = {"order_id": 42, "items": ["tea", {"sku": "A-1"}], "note": "x" * 300, "名前": "田中 太郎"}
    block = ConsoleEncoder(width=width)(record(LONG, fields=fields, trace_id=TRACE, exception=failure, level=40))
    lines = block.decode().splitlines()
    assert max(map(display_width, lines)) <= width
    squeezed = "".join(block.decode().split())
    for expected in (LONG, "order_id=42", "items=[tea, {sku: A-1}]", "x" * 300, "4bf92f35", "OrderError"):
        assert "".join(expected.split()) in squeezed.replace("4bf92f35", "") or expected == "4bf92f35"
    assert block.count(b"4bf92f35") == 1


@pytest.mark.parametrize("width", [40, 100])
def test_continuation_lines_are_indented(record, width):
    lines = ConsoleEncoder(width=width)(record(LONG, fields={"a": "b" * 500})).decode().splitlines()
    assert len(lines) > 3
    assert all(line.startswith("    ") for line in lines[1:])


@pytest.mark.parametrize("key", ["k" * n for n in range(30, 60)])
def test_a_field_that_fills_its_line_continues_on_the_next(record, key):
    lines = ConsoleEncoder(width=40)(record("m", logger="", fields={key: "value"})).decode().splitlines()
    assert max(map(len, lines)) <= 40
    assert f"{key}=value" in "".join(line.strip() for line in lines[1:])


def test_without_a_width_a_record_is_one_line(record):
    assert ConsoleEncoder()(record(LONG * 20, fields={"a": "b" * 5000})).count(b"\n") == 1


def test_the_width_may_be_asked_for_each_record(record):
    answers = iter([40, 200])
    encode = ConsoleEncoder(width=lambda: next(answers))
    assert encode(record(LONG)).count(b"\n") > encode(record(LONG)).count(b"\n") == 1


def test_a_narrow_terminal_gets_short_severities_and_the_logger_after_the_fields(record):
    line = ConsoleEncoder(width=60)(record("hot", level=30, fields={"t": 9}, trace_id=TRACE)).decode()
    assert line.split(" ", 1)[1] == "WARN  hot  t=9 app.orders 4bf92f35\n"


@given(st.text(), st.text(), st.text(), st.integers(40, 200))
def test_no_text_leaves_its_place_or_its_width(record, message, key, value, width):
    item = record(message, fields={key: value}, logger=value, trace_id=TRACE)
    lines = ConsoleEncoder(width=width)(item).decode().split("\n")
    assert lines.pop() == ""
    assert all(line.startswith(("    ", "  │")) or not line for line in lines[1:])
    assert all(display_width(line) <= width for line in lines)
    if "\n" in message + value:  # shown as lines
        return
    squeezed = "".join("".join(lines).split())
    if not message.isascii() or not value.isascii():
        return
    assert "".join(escape(message).split()) in squeezed.replace("4bf92f35", "") or "4bf92f35" in message
