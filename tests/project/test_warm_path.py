"""How far a record has to go: few functions between a call and its line, and none that goes back up."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import pytest

import discreet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType, FrameType

MOST_FUNCTIONS = 20
STEPS = ("_call", "_context", "_redaction", "_encoding", "_delivery")

log = discreet.get_logger("warm")
customers = (f"customer number {number}" for number in range(1000, 10_000))


def few_fields() -> None:
    log.info("order placed", order_id=42, amount=9.5, customer="by post")


def a_list() -> None:
    log.info("order placed", order_id=42, tags=["urgent", "gift"])


def a_dict() -> None:
    log.info("order placed", order_id=42, address={"city": "Bonn", "floor": 3})


def a_text_never_seen() -> None:
    log.info("order placed", order_id=42, customer=next(customers))


def a_redacted_field() -> None:
    log.info("x", password="p")


def within_a_context() -> None:
    with discreet.context(tenant="acme", region="eu"):
        few_fields()
        few_fields()


@pytest.fixture(autouse=True)
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for other in (
        "asyncio",
        "opentelemetry.trace",
        "opentelemetry.metrics",
    ):  # what a record asks of them, it asks only where they are loaded
        monkeypatch.delitem(sys.modules, other, raising=False)
    with (tmp_path / "log").open("w", encoding="utf-8") as target:
        discreet.configure(sinks=[discreet.Stream(target, format="json")], level="info")
        yield
        discreet.configure(sinks=[])


def functions_of(call: Callable[[], None]) -> list[CodeType]:
    """The Python functions that a call enters, from the logger's up to where the stream begins to write."""
    found: list[CodeType] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found.append(frame.f_code)

    with pytest.MonkeyPatch.context() as here:  # pytest's own handlers, which want the record too, come with each test
        for logger in (logging.getLogger(), logging.getLogger("warm")):
            here.setattr(logger, "handlers", [])
        for _ in range(5):
            call()
        previous = sys.getprofile()
        sys.setprofile(note)
        try:
            call()
        finally:
            sys.setprofile(previous)
    names = [code.co_name for code in found]
    # Of several records the last one; and what `write` does is no more on the way to the stream.
    first = len(names) - 1 - names[::-1].index("info")
    return found[first : names.index("write", first) + 1]


@pytest.mark.parametrize("call", [few_fields, a_list, a_dict, a_text_never_seen, a_redacted_field, within_a_context])
def test_a_record_passes_at_most_twenty_functions_from_its_call_to_the_stream(call: Callable[[], None]) -> None:
    passed = functions_of(call)

    assert len(passed) <= MOST_FUNCTIONS, "\n".join(f"{code.co_filename}: {code.co_name}" for code in passed)


@pytest.mark.parametrize("call", [few_fields, a_list, a_dict, a_text_never_seen, a_redacted_field, within_a_context])
def test_a_record_goes_from_step_to_step_and_never_back(call: Callable[[], None]) -> None:
    steps = [
        STEPS.index(folder)
        for code in functions_of(call)
        for folder in code.co_filename.split(os.sep)
        if folder in STEPS
    ]

    assert steps == sorted(steps)
    assert set(steps) == set(range(len(STEPS)))


@pytest.mark.parametrize("call", [few_fields, a_list, a_dict, a_text_never_seen, a_redacted_field])
def test_a_record_does_not_enter_a_function_twice(call: Callable[[], None]) -> None:
    passed = functions_of(call)

    assert len(passed) == len(set(passed)), "\n".join(f"{code.co_filename}: {code.co_name}" for code in passed)
