"""Exceptions that fight back: what can be told is told, and nothing raises."""

from __future__ import annotations

import json
import linecache
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._values.exceptions import describe, render

pytestmark = pytest.mark.version_sensitive

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


def raising(error):
    def fail(self, *arguments):
        raise error

    return fail


def raised(error):
    """The exception with a traceback; outside of any handler, where a failing test would look into it."""
    try:
        raise error
    except type(error):
        return error


def described(error):
    found = describe(error, with_locals=True)
    json.dumps(found)
    assert "hunter2" not in json.dumps(found)
    assert isinstance(render(found), str)
    return found


def test_a_str_that_raises_is_named_without_its_message():
    class OddError(Exception):
        __str__ = __repr__ = raising(ValueError("hunter2"))

    assert described(OddError())["message"] == f"<{OddError.__qualname__} str raised ValueError>"


def test_a_str_of_another_type_or_endless():
    class WrongError(Exception):
        def __str__(self):
            return 1 if self.args else ""  # noqa: PLE0307  # the wrong type is the test

    class EndlessError(Exception):
        def __str__(self):
            return str(self)

    assert "TypeError" in described(WrongError(1))["message"]
    assert "RecursionError" in described(EndlessError())["message"]


def test_a_message_of_ten_megabytes_is_cut():
    assert len(described(ValueError("ab " * 4_000_000))["message"]) < (1 << 20) + 40


@pytest.mark.parametrize("name", ["__cause__", "__context__", "__traceback__", "__suppress_context__", "__notes__"])
@pytest.mark.parametrize("error", [ValueError("hunter2"), RecursionError(), MemoryError()], ids=type)
def test_properties_that_raise_are_not_asked_or_cost_only_their_part(name, error):
    odd = type("OddError", (Exception,), {name: property(raising(error))})
    found = described(raised(odd("message")))
    assert found["message"] == "message"
    assert found["frames"]


def test_a_class_attribute_that_raises():
    odd = type(
        "OddError",
        (SyntaxError,),
        dict.fromkeys(("__class__", "filename", "lineno"), property(raising(ValueError("hunter2")))),
    )
    assert described(odd("message"))["message"]


@pytest.mark.parametrize("members", [5, "ab", None, property(raising(ValueError("hunter2")))])
def test_members_of_a_group_that_are_no_list_are_left_out(members):
    odd = type("OddGroup", (ExceptionGroup,), {"exceptions": members})
    found = described(odd("group", [ValueError()]))
    assert "exceptions" not in found
    assert found["type"] == "OddGroup"


def test_members_of_a_group_that_are_no_exceptions_are_shown():
    odd = type("OddGroup", (ExceptionGroup,), {"exceptions": [1, None, "text"]})
    assert [member["message"] for member in described(odd("g", [ValueError()]))["exceptions"]] == ["1", "None", "text"]


def test_what_is_no_exception_is_described_all_the_same():
    class Pretender:
        __class__ = ValueError

    assert described(5) == {"type": "int", "message": "5", "frames": []}
    assert described(Pretender())["frames"] == []


def test_notes_that_fight_back():
    class List(list):
        __getitem__ = __len__ = __iter__ = raising(ValueError("hunter2"))

    class Note:
        __repr__ = __str__ = raising(ValueError("hunter2"))

    error = ValueError("message")
    error.__notes__ = List([1])
    assert described(error)["message"] == "message"
    error.__notes__ = [Note()]
    assert described(error)["notes"] == [f"<{Note.__qualname__} repr raised ValueError>"]


def test_a_variable_that_fights_back():
    class Odd:
        __repr__ = __eq__ = raising(ValueError("hunter2"))
        __class__ = property(raising(ValueError("hunter2")))

    def fail():
        odd = Odd()
        raise KeyError(odd is None)

    with pytest.raises(KeyError) as info:
        fail()
    assert described(info.value)["frames"][-1]["locals"]["odd"].endswith(".Odd>")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_passes(error):
    with pytest.raises(error):
        describe(type("OddError", (Exception,), {"__str__": raising(error)})())
    ends = type("OddError", (SyntaxError,), {"filename": property(raising(error))})
    with pytest.raises(error):
        describe(ends("message"))


def test_an_interrupt_while_reading_source_passes(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(linecache, "getline", interrupted)
    with pytest.raises(ValueError, match="x") as info:
        raise ValueError("x")
    with pytest.raises(KeyboardInterrupt):
        describe(info.value)


def test_a_line_cache_that_fails_costs_only_the_code(monkeypatch):
    def broken(*arguments):
        raise OSError("hunter2")

    monkeypatch.setattr(linecache, "getline", broken)
    with pytest.raises(ValueError, match="x") as info:
        raise ValueError("x")
    assert all("code" not in frame for frame in describe(info.value)["frames"])


def test_with_no_stack_left_there_is_still_an_answer():
    answers = []

    def down():
        try:
            down()
        except RecursionError as error:
            answers.append(describe(error))
            raise

    with pytest.raises(RecursionError):
        down()
    for answer in answers[:50]:
        assert answer["type"] == "RecursionError"


odd_parts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text()
            | st.sampled_from(["type", "module", "message", "notes", "frames", "cause", "context", "exceptions"])
            | st.sampled_from(["file", "line", "function", "code", "locals", "omitted"]),
            inner,
        )
    ),
    max_leaves=40,
)


@given(st.dictionaries(st.sampled_from(["type", "message", "notes", "frames", "cause", "exceptions"]), odd_parts))
def test_any_description_can_be_rendered(description):
    assert isinstance(render(description), str)
