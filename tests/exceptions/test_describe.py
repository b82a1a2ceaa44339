"""Exceptions as structure: what a description holds, and what bounds it."""

from __future__ import annotations

import importlib
import json
import linecache
import sys
import types
import zipfile
from collections import UserDict

import pytest

from discreet._values.exceptions import describe

pytestmark = pytest.mark.version_sensitive

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup


def caught(function, *arguments):
    with pytest.raises((Exception, KeyboardInterrupt)) as info:
        function(*arguments)
    return info.value


def down(levels, error):
    if levels:
        down(levels - 1, error)
    raise error


def test_a_builtin_exception_has_type_and_message_but_no_module():
    assert describe(ValueError("bad")) == {"type": "ValueError", "message": "bad", "frames": []}


def test_another_exception_names_its_module():
    class OddError(Exception):
        pass

    found = describe(OddError())
    assert found["module"] == __name__
    assert found["type"] == OddError.__qualname__
    assert found["message"] == ""


def test_a_key_error_shows_the_key_as_code():
    assert describe(KeyError("a"))["message"] == "'a'"


def test_frames_tell_file_line_function_and_code_with_the_newest_last():
    frames = describe(caught(down, 1, ValueError()))["frames"]
    assert [frame["function"] for frame in frames] == ["caught", "down", "down"]
    assert frames[-1] == {
        "file": down.__code__.co_filename,
        "line": down.__code__.co_firstlineno + 3,
        "function": "down",
        "code": "raise error",
    }


def test_locals_are_told_only_on_request():
    error = caught(down, 0, ValueError("x"))
    assert not any("locals" in frame for frame in describe(error)["frames"])
    assert describe(error, with_locals=True)["frames"][-1]["locals"] == {"levels": 0, "error": "ValueError: x"}


def test_locals_of_a_frame_have_limits_together():
    def many():
        a = b = list(range(1000))
        raise ValueError(len(a + b))

    found = describe(caught(many), with_locals=True)["frames"][-1]["locals"]
    assert len(json.dumps(found)) < 5000
    assert "more>" in json.dumps(found)


def test_locals_of_a_module_are_its_data_not_its_definitions():
    source = "import json\ndef f(): pass\nclass C: pass\ndata = 1\n__secret__ = 2\nraise ValueError\n"
    error = caught(exec, compile(source, "<module of test>", "exec"), {})
    assert describe(error, with_locals=True)["frames"][-1]["locals"] == {"data": 1}


def test_locals_that_cannot_be_read_say_so():
    class Names(UserDict):
        def keys(self):
            raise self["error"]

    code = compile("raise ValueError", "<class body>", "exec")
    error = caught(exec, code, {}, Names(error=LookupError("hunter2")))
    found = describe(error, with_locals=True)
    assert found["frames"][-1]["locals"] == "<reading them raised LookupError>"
    error = caught(exec, code, {}, Names(error=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        describe(error, with_locals=True)


def test_notes_are_kept():
    error = ValueError()
    error.__notes__ = ["one", 2]
    assert describe(error)["notes"] == ["one", "2"]


def test_many_notes_are_counted():
    error = ValueError()
    error.__notes__ = ["n"] * 30
    notes = describe(error)["notes"]
    assert len(notes) == 21
    assert notes[-1] == "<10 more notes>"


@pytest.mark.parametrize(("notes", "shown"), [("text", ["text"]), (5, ["5"]), ({"a": 1}, ["{'a': 1}"]), ([], None)])
def test_notes_of_another_type_are_shown_as_what_they_are(notes, shown):
    error = ValueError()
    error.__notes__ = notes
    assert describe(error).get("notes") == shown


def test_a_cause_is_told_instead_of_the_context():
    error = ValueError()
    error.__context__ = TypeError("context")
    error.__cause__ = KeyError("cause")
    found = describe(error)
    assert found["cause"]["type"] == "KeyError"
    assert "context" not in found


def test_a_context_is_told_unless_suppressed():
    error = ValueError()
    error.__context__ = TypeError("context")
    assert describe(error)["context"] == {"type": "TypeError", "message": "context", "frames": []}
    error.__suppress_context__ = True
    assert "context" not in describe(error)


def test_a_group_tells_its_members():
    found = describe(ExceptionGroup("several", [ValueError("a"), ExceptionGroup("inner", [TypeError("b")])]))
    assert [member["type"] for member in found["exceptions"]] == ["ValueError", "ExceptionGroup"]
    assert found["exceptions"][1]["exceptions"][0]["message"] == "b"


def test_a_wide_group_tells_fifteen_members_and_how_many_there_are_besides():
    found = describe(BaseExceptionGroup("wide", [ValueError(n) for n in range(40)]))["exceptions"]
    assert len(found) == 16
    assert found[-1] == {"type": "<omitted>", "message": "25 more exceptions", "frames": [], "omitted": 25}


def test_a_class_that_only_looks_like_a_group_is_none():
    class Several(Exception):
        exceptions = (ValueError(),)

    assert "exceptions" not in describe(Several())


def test_exceptions_that_cause_each_other_end_in_a_marker():
    first, second = ValueError("a"), TypeError("b")
    first.__cause__, second.__cause__ = second, first
    assert describe(first)["cause"]["cause"] == {
        "type": "<cycle>",
        "message": "ValueError is described above",
        "frames": [],
    }


def test_a_long_chain_ends_in_a_marker():
    error = ValueError(0)
    for n in range(100):
        later = ValueError(n)
        later.__context__ = error
        error = later
    levels = 0
    found = describe(error)
    while "context" in found:
        found = found["context"]
        levels += 1
    assert levels == 10
    assert found["type"] == "<omitted>"


def test_groups_of_groups_are_bounded():
    error = ExceptionGroup("leaf", [ValueError()])
    for _ in range(5):
        error = ExceptionGroup(
            "g", [ExceptionGroup("h", [error, *(ValueError() for _ in range(14))]) for _ in range(15)]
        )
    assert len(json.dumps(describe(error))) < 1_000_000


def test_the_traceback_of_endless_recursion_keeps_both_ends():
    def endless():
        endless()

    frames = describe(caught(endless))["frames"]
    assert len(frames) == 51
    assert frames[20]["file"] == "<omitted>"
    assert frames[20]["omitted"] > 500
    assert frames[20]["function"] == f"<{frames[20]['omitted']} more frames>"
    assert {frame["function"] for frame in frames[21:]} == {"endless"}


def test_a_syntax_error_tells_the_place_it_is_about():
    found = describe(caught(compile, "a = 1\nb b\n", "config.py", "exec"))
    assert found["frames"][-1] == {"file": "config.py", "line": 2, "function": "<syntax error>", "code": "b b"}


def test_a_syntax_error_without_a_place_has_no_such_frame():
    assert describe(SyntaxError("odd"))["frames"] == []
    assert describe(SyntaxError("odd", (None, 3, 0, "")))["frames"] == [
        {"file": "<unknown>", "line": 3, "function": "<syntax error>"}
    ]
    assert describe(SyntaxError("odd", ("a.py", None, 0, "")))["frames"][0]["line"] == 0


def failing_module(file, source="raise ValueError\n", **names):
    return caught(exec, compile(source, str(file), "exec"), {"__name__": "failing", **names})


def test_code_without_a_file_has_no_code_line():
    for _ in range(2):
        assert "code" not in describe(failing_module("<generated>"))["frames"][-1]


def test_source_that_only_a_foreign_loader_has_is_not_fetched():
    class Remote:
        def get_source(self, name):
            raise AssertionError("would go over the network")

    error = failing_module("remote.py", __loader__=Remote(), __spec__=types.SimpleNamespace(name="remote"))
    assert "code" not in describe(error)["frames"][-1]


def test_source_inside_an_archive_is_read_through_its_loader(tmp_path, monkeypatch):
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("packed_module_of_test.py", "def fail():\n    raise ValueError\n")
    monkeypatch.syspath_prepend(str(archive))
    module = importlib.import_module("packed_module_of_test")
    monkeypatch.delitem(sys.modules, "packed_module_of_test")
    assert describe(caught(module.fail))["frames"][-1]["code"] == "raise ValueError"


def test_a_file_that_is_no_text_has_no_code_line(tmp_path):
    file = tmp_path / "binary.py"
    file.write_bytes(b"\xff\xfe\x00")
    for _ in range(2):
        assert "code" not in describe(failing_module(file))["frames"][-1]


def test_a_folder_or_device_is_not_read():
    assert "code" not in describe(failing_module("/"))["frames"][-1]
    assert "code" not in describe(failing_module("/dev/zero"))["frames"][-1]


def test_a_very_long_line_of_code_is_cut(tmp_path):
    file = tmp_path / "minified.py"
    source = "x = 1; " * 1000 + "raise ValueError"
    file.write_text(source)
    code = describe(failing_module(file, source))["frames"][-1]["code"]
    assert len(code) < 1100
    assert code.endswith("more characters>")


def test_source_of_a_notebook_cell_is_shown():
    name = "<cell of test>"
    linecache.cache[name] = (10, None, ["raise ValueError\n"], name)
    try:
        assert describe(failing_module(name))["frames"][-1]["code"] == "raise ValueError"
    finally:
        del linecache.cache[name]


def test_many_files_without_source_are_not_remembered_without_end():
    from discreet._values import exceptions

    for n in range(exceptions._MOST_FILES + 5):
        exceptions._give_up(f"<{n}>")
    assert len(exceptions._without_source) <= exceptions._MOST_FILES


def test_loggers_among_the_locals_are_left_out():
    import logging

    import discreet

    def fail():
        log, logger, amount = discreet.get_logger("x"), logging.getLogger("x"), 3
        raise ValueError(amount, log, logger)

    try:
        fail()
    except ValueError as error:
        shown = describe(error, with_locals=True)["frames"][-1]["locals"]
    assert shown["amount"] == 3
    assert "log" not in shown
    assert "logger" not in shown
