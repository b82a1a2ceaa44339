"""A stream whose encoding lacks a character gets an escape in its place, and the record with it."""

from __future__ import annotations

import io
import json

import pytest

import discreet

PROGRAM = """
    import sys, discreet
    discreet.configure(
        service="s", environment="prod", take_over=False,
        sinks=[discreet.Stream("stdout", format="json"), discreet.Stream("stderr", format="console")],
    )
    print("before")
    print("before", file=sys.stderr)
    discreet.get_logger("app").info("snow \\u2603 caf\\u00e9", emoji="\\U0001f600", lone="\\udc80", plain="x")
    print("after")
    assert discreet.health()["dropped"] == {}, discreet.health()
"""
SAID = {"message": "snow ☃ café", "emoji": "😀", "lone": "\\udc80", "plain": "x"}


@pytest.mark.parametrize(
    "encoding",
    [
        "latin-1",
        "cp1252",
        "ascii",
        "ascii:strict",
        "latin-1:xmlcharrefreplace",
        "cp1252:replace",
        "shift_jis",
        "koi8-r",
    ],
)
def test_json_lines_have_escapes_of_json_and_lines_for_people_those_of_python(python, encoding):
    done = python(PROGRAM, PYTHONIOENCODING=encoding)
    name = encoding.partition(":")[0]
    assert done.code == 0, done.err
    before, line, after = done.out.decode(name).splitlines()
    record = json.loads(line)
    assert (before, {key: record[key] for key in SAID}, after) == ("before", SAID, "after")
    shown = done.err.decode(name).splitlines()[1]
    assert "caf\\xe9" in shown or "café" in shown
    assert "\\u2603" in shown
    assert "\\U0001f600" in shown
    assert "?" not in shown


def test_utf_16_needs_no_escapes(python):
    done = python(PROGRAM, PYTHONIOENCODING="utf-16")
    assert done.code == 0, done.err
    _, line, _ = done.out.decode("utf-16").splitlines()
    assert "☃" in line
    assert json.loads(line)["emoji"] == "😀"


class OfItsOwn:
    """A text stream that knows its encoding, or does not, and writes what it can encode."""

    def __init__(self, encoding: str, told: object = None) -> None:
        self.raw = io.BytesIO()
        self._encoding = encoding
        self.encoding = encoding if told is None else told

    def write(self, text: str) -> int:
        return self.raw.write(text.encode(self._encoding))


@pytest.mark.parametrize("told", [None, "utf-8", "no-such-encoding", 17, ""])
def test_a_stream_may_be_wrong_about_its_encoding(told):
    stream = OfItsOwn("latin-1", told)
    discreet.configure(sinks=[discreet.Stream(stream, format="json")], service="s", environment="prod", take_over=False)
    discreet.get_logger("app").info("snow ☃ café")
    assert json.loads(stream.raw.getvalue().decode("latin-1"))["message"] == "snow ☃ café"
    assert discreet.health()["dropped"] == {}


@pytest.mark.parametrize("errors", ["strict", "ignore", "backslashreplace", "surrogateescape"])
def test_a_text_file_with_another_encoding_keeps_every_character(tmp_path, errors):
    with (tmp_path / "log").open("w", encoding="cp1252", errors=errors) as stream:
        sinks = [discreet.Stream(stream, format="json")]
        discreet.configure(sinks=sinks, service="s", environment="prod", take_over=False)
        discreet.get_logger("app").info("€ ☃ 😀")
        line = (tmp_path / "log").read_bytes()  # each line is flushed
        discreet.configure(sinks=[], take_over=False)
    assert b"\x80 \\u2603 \\ud83d\\ude00" in line
    assert json.loads(line.decode("cp1252"))["message"] == "€ ☃ 😀"
