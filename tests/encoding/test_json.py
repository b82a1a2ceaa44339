"""The default line: strict JSON, one line, harmless wherever it is shown."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._encoding.json import encode, seal, timestamp, value
from discreet._record import Identity, Record

pytestmark = pytest.mark.version_sensitive

log = discreet.get_logger("shop")
TIME = 1_700_000_000_123_456_789


def record(**parts):
    made = Record()
    defaults = {
        "time_ns": TIME, "level": 20, "logger": "shop", "message": "hello", "template": None, "fields": {}, "ambient": {},
        "trace_id": None, "span_id": None, "request_id": None, "thread": None, "task": None, "source": None,
        "exception": None, "stacktrace": None, "identity": Identity(),
    }  # fmt: skip
    for name, part in {**defaults, **parts}.items():
        setattr(made, name, part)
    return made


def test_the_smallest_line():
    assert encode(record()) == (
        b'{"timestamp":"2023-11-14T22:13:20.123456Z","severity":"INFO","severity_number":9,'
        b'"message":"hello","logger":"shop","schema":"discreet/1"}\n'
    )


def test_time_is_rfc_3339_in_utc_with_microseconds():
    assert timestamp(TIME) == "2023-11-14T22:13:20.123456Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000000Z"
    assert timestamp(999) == "1970-01-01T00:00:00.000000Z"


def test_two_records_of_different_seconds_have_their_own_time():
    assert [timestamp(second * 10**9)[17:19] for second in (1, 2, 1)] == ["01", "02", "01"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (0, "0"), (-(2**70), str(-(2**70))), (1.5, "1.5"),
        (1e300, "1e+300"), (float("nan"), '"NaN"'), (float("inf"), '"Infinity"'), (float("-inf"), '"-Infinity"'),
        ("é", '"é"'), ([1, "a", None], '[1,"a",null]'), ({"a": [float("nan"), 1.0]}, '{"a":["NaN",1.0]}'),
    ],
)  # fmt: skip
def test_plain_values_are_written_strictly(item, text):
    assert value(item) == text


def test_no_control_character_leaves_raw():
    line = seal('{"a":' + json.dumps("".join(map(chr, range(0x20, 0xA0))) + "\u2028\u2029", ensure_ascii=False) + "}\n")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", line.decode())
    assert json.loads(line)["a"].endswith("\u2028\u2029")


def test_a_lone_surrogate_is_shown_as_text():
    assert json.loads(encode(record(message="a\ud800b")))["message"] == "a\\ud800b"


@pytest.mark.parametrize(
    "command",
    [
        "##vso[task.setvariable variable=x]1",
        "##[error]no",
        "##[group]x",
        "####vso[x]",
        "###vso[x]",
        "#\u00ad#vso[x]",
        "#\ufe0f##[",
    ],
)
def test_what_a_ci_would_take_for_a_command_is_broken_up_without_changing_its_meaning(command):
    line = encode(record(message=command, fields={command: command}))
    assert not re.search(rb"#[\x80-\xff]*#", line)
    found = json.loads(line)
    assert (found["message"], found[command]) == (command, command)


@given(st.text())
def test_any_text_comes_back(text):
    found = json.loads(encode(record(message=text)))["message"]
    assert found == re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def test_a_program_that_makes_up_keys_does_not_fill_the_memory():
    from discreet._encoding import json as module

    for number in range(3 * module._MOST_KEYS):
        encode(record(fields={f"key{number}": 1}))
        encode(record(level=100 + number))
        encode(record(identity=Identity(str(number))))
    assert len(module._keys) <= module._MOST_KEYS
    assert len(module._severities) <= module._MOST_KEYS
    assert len(module._identities) <= 101


def test_an_encoder_takes_fields_of_any_mapping():
    assert json.loads(encode(record(ambient={"a": 1}, fields={"b": [1]})))["b"] == [1]


def test_the_line_is_utf_8(sink):
    log.info("größe 数字 🎉", grüße="é")
    assert "größe 数字 🎉".encode() in sink.lines[0]
    assert sink.last["grüße"] == "é"
