"""The text of tracebacks: as Python prints them, made from a description."""

from __future__ import annotations

import re
import sys
import traceback

import pytest

from discreet._values.exceptions import describe, render

pytestmark = pytest.mark.version_sensitive

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


def python_text(error):
    """What Python prints, without the lines that only point at a part of the line above."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return [line.rstrip() for line in text.splitlines() if not re.fullmatch(r"[\s|]*[\^~]+[\s^~]*", line)]


def our_text(error):
    return [line.rstrip() for line in render(describe(error)).split("\n")]


def caught(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError


def fail():
    raise ValueError("bad\nin two lines")


def fail_with_cause():
    try:
        fail()
    except ValueError as error:
        raise KeyError("k") from error


def fail_while_handling():
    try:
        fail()
    except ValueError:
        raise LookupError from fail_quietly()


def fail_quietly():
    return None


def fail_in_context():
    try:
        fail()
    except ValueError:
        fail_with_cause()


def fail_as_group():
    inner = ExceptionGroup("inner", [caught(fail_in_context), OSError(2, "missing")])
    raise ExceptionGroup("several", [caught(fail_with_cause), TypeError("plain"), inner, RuntimeError()])


def fail_after_group():
    try:
        fail_as_group()
    except ExceptionGroup as error:
        raise RuntimeError("after") from error


@pytest.mark.parametrize("function", [fail, fail_with_cause, fail_while_handling, fail_in_context])
def test_a_traceback_reads_as_python_prints_it(function):
    error = caught(function)
    assert our_text(error) == python_text(error)


@pytest.mark.parametrize("function", [fail_as_group, fail_after_group])
def test_a_group_reads_as_python_prints_it(function):
    error = caught(function)
    assert our_text(error) == python_text(error)


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("a", [ExceptionGroup("b", [ValueError(1)])]),
        ExceptionGroup("a", [ExceptionGroup("b", [ValueError(1)]), ValueError(2)]),
        ExceptionGroup("a", [caught(fail_with_cause)]),
    ],
)
def test_groups_inside_groups_read_as_python_prints_them(error):
    assert our_text(error) == python_text(error)


def test_notes_follow_the_message():
    error = caught(fail)
    error.__notes__ = ["first", "second\nthird"]
    assert our_text(error)[-3:] == ["first", "second", "third"]


def test_notes_of_a_group_stand_behind_its_bar():
    error = ExceptionGroup("g", [ValueError("v")])
    error.__notes__ = ["note"]
    first, second = our_text(error)[:2]
    assert first.endswith("ExceptionGroup: g (1 sub-exception)")
    assert second == "  | note"


def test_an_exception_that_was_never_raised_is_one_line():
    assert render(describe(ValueError("bad"))) == "ValueError: bad"
    assert render(describe(ValueError())) == "ValueError"


def test_the_module_is_told_but_not_the_main_one():
    assert render({"type": "A", "module": "pkg", "message": "m"}) == "pkg.A: m"
    assert render({"type": "A", "module": "__main__", "message": "m"}) == "A: m"


def test_a_syntax_error_shows_its_place():
    with pytest.raises(SyntaxError) as info:
        compile("a b", "config.py", "exec")
    assert our_text(info.value)[-3:] == [
        '  File "config.py", line 1',
        "    a b",
        "SyntaxError: invalid syntax (config.py, line 1)",
    ]
    assert our_text(SyntaxError("m", ("a.py", 1, 0, ""))) == ['  File "a.py", line 1', "SyntaxError: m (a.py, line 1)"]


def test_omitted_frames_and_members_are_counted():
    def endless():
        endless()

    with pytest.raises(RecursionError) as info:
        endless()
    assert re.search(r"\n  \.\.\. \d+ more frames \.\.\.\n", render(describe(info.value)))
    text = render(describe(ExceptionGroup("g", [ValueError(n) for n in range(20)])))
    assert "  +---------------- ... ----------------\n    | <omitted>: 5 more exceptions" in text


def test_variables_stand_under_their_frame_and_are_short():
    frame = {"file": "a.py", "line": 1, "function": "f", "code": "x", "locals": {"a": "text", "b": "x" * 1000}}
    lines = render({"type": "E", "message": "", "frames": [frame]}).split("\n")
    assert lines[3] == "    a = 'text'"
    assert lines[4].endswith("...")
    assert len(lines[4]) < 600


def test_a_description_with_masked_parts_is_rendered_as_it_is():
    mask = "[REDACTED:unjudged]"
    assert render({"type": "E", "message": "m", "frames": mask, "notes": mask}) == f"  {mask}\nE: m\n{mask}"
    frames = [mask, {"file": "a.py", "line": 1, "function": "f", "locals": mask}]
    assert render({"type": "E", "frames": frames}).split("\n")[1:] == [
        f"  {mask}",
        '  File "a.py", line 1, in f',
        f"    {mask}",
        "E",
    ]
    assert mask in render({"type": "E", "message": "m", "exceptions": [mask]})


def test_a_description_deeper_than_any_of_ours_ends_in_dots():
    description: dict[str, object] = {"type": "E"}
    for _ in range(1000):
        description = {"type": "E", "cause": description}
    assert render(description).startswith("...\n")
