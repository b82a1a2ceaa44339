"""`prints=True`: what `print` would write to the console becomes records."""

# ruff: noqa: T201 - printing is what these tests are about

from __future__ import annotations

import builtins
import io
import sys

import pytest

import discreet


@pytest.fixture
def printed(memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], environment="prod", service="test", prints=True)
    return sink


def test_a_print_is_a_record_of_the_module_that_prints(printed, capsys):
    print("loss", 0.5)
    record = printed.last
    assert (record["message"], record["severity"], record["logger"]) == ("loss 0.5", "INFO", __name__)
    assert capsys.readouterr().out == ""


def test_a_secret_in_it_is_masked(printed):
    secret = "hunter" + "2hunter2"
    print(f"password={secret}")
    assert secret not in printed.text


def test_sep_end_and_parts_of_a_line_make_what_print_would_write(printed):
    print("a", "b", sep="-", end="")
    print(" c", end="...")
    print("done")
    assert [record["message"] for record in printed.records] == ["a-b c...done"]


def test_several_lines_are_one_record_and_empty_lines_none(printed):
    print("first\nsecond")
    print()
    print("  ", end="\n\n")
    assert [record["message"] for record in printed.records] == ["first\nsecond"]


def test_a_line_that_is_drawn_anew_is_recorded_as_it_ended(printed):
    for percent in (10, 50):
        print(f"\r{percent}%", end="", flush=True)
    print("\r100%")
    assert [record["message"] for record in printed.records] == ["100%"]


def test_a_line_that_never_ends_is_recorded_in_parts(printed):
    for _ in range(9):
        print("x" * 10_000, end="")
    assert sum(len(record["message"]) for record in printed.records) >= 65_536


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_console_by_name_is_the_console(printed, stream):
    print("x", file=getattr(sys, stream))
    assert printed.last["message"] == "x"


def test_another_file_gets_its_text(printed):
    other = io.StringIO()
    print("a", "b", file=other)
    assert other.getvalue() == "a b\n"
    assert printed.lines == []


def test_what_print_refuses_is_refused(printed):
    class Broken:
        def __str__(self):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        print(Broken())


def test_braces_and_percent_signs_are_text(printed):
    print("{name} %s 100%")
    assert printed.last["message"] == "{name} %s 100%"


def test_without_the_setting_print_is_pythons(memory_sink, capsys):
    discreet.configure(sinks=[memory_sink()])
    print("x")
    assert capsys.readouterr().out == "x\n"


def test_another_configuration_and_the_end_of_discreet_put_it_back(printed):
    from discreet.testing import reset

    reset()
    assert builtins.print.__module__ == "builtins"
