"""The published schema is the truth about every line: real ones of all kinds are valid, broken ones are not."""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import uuid
import warnings
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import discreet
from discreet._encoding.json import SCHEMA
from discreet._record import RESERVED
from discreet._takeover import standard_library, uncaught

SCHEMA_FILE = Path(discreet.__file__).with_name("_encoding") / "schema.json"
PUBLISHED = json.loads(SCHEMA_FILE.read_text("utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)
log = discreet.get_logger("shop")


def problems(line: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(line)]


@pytest.fixture
def a_line() -> dict[str, object]:
    with discreet.capture() as records, discreet.span("outer"):
        try:
            raise LookupError("gone")
        except LookupError:
            log.exception("it {verb}", verb="broke", order_id=42)
    return records[0]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(PUBLISHED)


def test_the_schema_carries_the_version_that_lines_carry() -> None:
    assert PUBLISHED["title"] == SCHEMA
    assert PUBLISHED["properties"]["schema"]["const"] == SCHEMA


def test_the_schema_describes_each_reserved_key_in_the_order_of_the_line() -> None:
    described = [name for name in PUBLISHED["properties"] if name != "span"]
    assert described == list(RESERVED)


@pytest.mark.parametrize("level", ["trace", "debug", "info", "warning", "error", "critical", 25, 99, 1])
def test_a_line_of_any_level_is_valid(level: int | str) -> None:
    with discreet.capture(0) as records:
        log.log(level, "hello {name}", name="you")
    assert len(records) == 1
    assert problems(records[0]) == []


def test_a_line_inside_context_and_span_is_valid() -> None:
    with discreet.capture() as records, discreet.context(request_id="r-1", tenant="acme", service="mine"):
        with discreet.span("charge", amount=9):
            log.warning("careful")
        with pytest.raises(ValueError, match="no"), discreet.span("refund"):
            raise ValueError("no")
    assert [problems(record) for record in records] == [[]] * 3
    assert records[0]["field.service"] == "mine"


def test_a_line_with_causes_groups_notes_and_locals_is_valid() -> None:
    def fail() -> None:
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("no such order") from error

    with discreet.capture() as records:
        try:
            fail()
        except ValueError as error:
            error.__notes__ = ["order 42"]  # type: ignore[attr-defined]
            log.exception("failed")
            log.error("again", exc_info=_grouped(error))
    assert [problems(record) for record in records] == [[], []]
    assert records[0]["exception"]["cause"]["type"] == "KeyError"


def _grouped(error: Exception) -> BaseException:
    group = __builtins__.get("ExceptionGroup") if isinstance(__builtins__, dict) else None
    return error if group is None else group("several", [error, TypeError("x")])


def test_an_exception_of_many_frames_and_causes_is_valid() -> None:
    def deep(level: int) -> None:
        if level:
            deep(level - 1)
        raise ValueError("bottom")

    error: BaseException = ValueError("first")
    for number in range(30):
        outer = ValueError(f"{number}")
        outer.__cause__ = error
        error = outer
    with discreet.capture() as records:
        try:
            deep(80)
        except ValueError:
            log.exception("deep")
        log.error("long", exc_info=error)
    assert [problems(record) for record in records] == [[], []]


def test_lines_of_the_standard_library_and_of_warnings_are_valid() -> None:
    with discreet.capture() as records:
        standard_library.take_over()
        uncaught.install()
        try:
            library = logging.getLogger("library")
            library.warning("hello %s", "you", extra={"order": 42})
            library.error("with a stack", stack_info=True)
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn("careful", stacklevel=1)
        finally:
            uncaught.uninstall()
            standard_library.give_back()
    assert len(records) == 3
    assert [problems(record) for record in records] == [[]] * 3


def test_a_line_with_values_of_every_kind_is_valid() -> None:
    values = [
        math.nan, math.inf, 10**40, b"\xff", Decimal("1.5"), uuid.uuid4(), dt.datetime.now(), {1, 2}, object(),
        {1: {"a": [None]}}, "\ud800\x00\x1b", 1j, range(3), Ellipsis,
    ]  # fmt: skip
    with discreet.capture() as records:
        for value in values:
            log.info("value", value=value)
    assert [problems(record) for record in records] == [[]] * len(values)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.sampled_from(RESERVED) | st.text(max_size=12), plain, max_size=6), message=st.text())
def test_no_message_and_no_field_makes_a_line_invalid(fields: dict[str, object], message: str) -> None:
    fields.pop("exc_info", None)
    with discreet.capture() as records, discreet.span("s"):
        log.warning(message, **fields)
    assert [problems(record) for record in records] == [[], []]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timestamp", "2024-05-01 12:00:00"),
        ("timestamp", "2024-05-01T12:00:00.000000+02:00"),
        ("timestamp", "2024-13-01T12:00:00.000000Z"),
        ("severity", "no word"),
        ("severity", "INFO"),
        ("severity_number", 9),
        ("message", None),
        ("trace_id", "0" * 32),
        ("trace_id", "ABCDEF" * 5 + "AB"),
        ("span_id", "12"),
        ("process", "12"),
        ("source", {"file": "a.py"}),
        ("exception", "ValueError"),
        ("exception", {"type": "ValueError"}),
        ("exception", {"type": "ValueError", "message": "x", "cause": {"type": 1, "message": "y"}}),
        ("exception", {"type": "ValueError", "message": "x", "frames": [{"file": "a.py"}]}),
        ("schema", "discreet/2"),
    ],
)
def test_a_line_that_breaks_the_schema_is_refused(a_line: dict[str, object], key: str, value: object) -> None:
    assert problems(a_line) == []
    assert problems({**a_line, key: value})


@pytest.mark.parametrize("key", ["timestamp", "severity", "message", "logger", "schema", "span_id"])
def test_a_line_that_lacks_what_it_needs_is_refused(a_line: dict[str, object], key: str) -> None:
    assert problems({name: value for name, value in a_line.items() if name != key})
