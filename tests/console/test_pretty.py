from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._encoding.console.line import ConsoleEncoder
from discreet.cli.inputs import parse_line, parse_timestamp
from discreet.cli.pretty import pretty


def line(message="order placed", **changes):
    values = {
        "timestamp": "2026-09-21T14:13:20.207123Z",
        "severity": "INFO",
        "severity_number": 9,
        "message": message,
        "logger": "app.orders",
        "schema": "discreet/1",
        **changes,
    }
    return json.dumps(values).encode() + b"\n"


def shown(*lines, **options):
    out: list[bytes] = []
    pretty(lines, out.append, **options)
    return out


def test_a_record_becomes_its_console_line():
    (out,) = shown(line(order_id=42, trace_id="4bf92f3577b34da6a3ce929d0e0e4736"))
    assert re.fullmatch(rb"\d\d:\d\d:20\.207 INFO +app\.orders +order placed +order_id=42  4bf92f35\n", out)


FOREIGN = [
    b"",
    b"\n",
    b"plain text\n",
    b"no newline at the end",
    b"\xff\xfe invalid \x80\r\n",
    b"\x1b[31mcoloured by its program\x1b[0m\n",
    b'{"level": "info", "msg": "another logger"}\n',
    b'{"schema": "other/1", "timestamp": "2026-09-21T14:13:20Z", "severity": "INFO", "message": "x"}\n',
    b'{"schema": "discreet/1"\n',
    b'["schema", {}]\n',
    b'{"schema": 1}\n',
    line(timestamp="yesterday"),
    line(timestamp=7),
    line(timestamp="2026-02-31T00:00:00Z"),
    line(timestamp="2026-02-01T24:00:00Z"),
    line(severity="TOO LOUD"),
    line(severity=None),
    line(message=None),
    b"what is this? " + line(),
    line()[:-1] + b" trailing\n",
    b'{"schema": ' + b"[" * 100_000 + b"\n",
]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_lines_pass_through_untouched(foreign):
    assert shown(foreign, minimum=50, fields={"a": "b"}) == [foreign]
    assert parse_line(foreign) is None


@given(st.binary())
def test_any_bytes_pass_through_untouched(data):
    assert shown(data) == [data]


@pytest.mark.parametrize(
    ("prefix", "kept"),
    [
        (b"web-1  | ", "web-1  | "),
        (b"\x1b[36mweb-1  | \x1b[0m", "web-1  | "),
        (b"\x1b[36mweb-1  |\x1b[0m ", "web-1  | "),
        (b"[pod/web-5f/app] ", "[pod/web-5f/app] "),
        (b"2024-05-01T10:00:00.123456789Z stdout F ", "2024-05-01T10:00:00.123456789Z stdout F "),
        (b"2024-05-01T10:00:00.1+02:00 ", "2024-05-01T10:00:00.1+02:00 "),
        (b"  ", ""),
    ],
)
def test_what_a_container_engine_put_before_a_record_is_kept(prefix, kept):
    (out,) = shown(prefix + line())
    assert re.match(re.escape(kept) + r"\d\d:\d\d:20\.207 INFO", out.decode())


def test_the_prefix_is_quiet():
    (out,) = shown(b"web-1 | " + line(), encoder=ConsoleEncoder(color=True))
    assert out.startswith(b"\x1b[2mweb-1 | \x1b[0m")


def test_records_are_filtered_by_level_and_fields():
    lines = [line("a", tenant="acme"), line("b", severity="ERROR", tenant="acme", n=1), line("c", severity="ERROR")]
    assert len(shown(*lines, minimum=30)) == 2
    assert len(shown(*lines, fields={"tenant": "acme"})) == 2
    assert len(shown(*lines, minimum=30, fields={"tenant": "acme", "n": "1", "logger": "app.orders"})) == 1
    assert shown(*lines, fields={"n": "2"}) == []


def test_each_line_is_written_before_the_next_is_read():
    written: list[bytes] = []

    def lines():
        yield line("one")
        assert len(written) == 1
        yield b"foreign\n"
        assert len(written) == 2

    pretty(lines(), written.append)


def test_it_ends_quietly_when_nobody_reads():
    def gone(data):
        raise BrokenPipeError

    pretty([line(), line()], gone)


def test_hostile_text_in_a_record_is_escaped():
    (out,) = shown(line("\x1b[2J\n\u202e", k="\x07"))
    first, second = out.decode().splitlines()
    assert "\\x1b[2J " in first
    assert "k=\\x07" in first
    assert second == "  │ \\u202e"


def test_everything_discreet_writes_is_read_back(memory_sink):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="shop", level="trace", take_over=False)
    with discreet.context(tenant="acme"):
        try:
            raise ValueError("no")
        except ValueError:
            discreet.log.exception("failed", order={"id": 1}, message="mine")
    record = parse_line(kept.lines[-1])
    assert record is not None
    assert (record.level, record.message, record.identity.service) == (40, "failed", "shop")
    assert record.fields == {"tenant": "acme", "order": {"id": 1}, "field.message": "mine"}
    assert isinstance(record.exception, dict)
    assert record.exception["type"] == "ValueError"
    assert record.source is not None
    assert record.source.file.endswith("test_pretty.py")
    assert b"ValueError: no" in shown(kept.lines[-1])[0]


@pytest.mark.parametrize(
    "key", ["logger", "trace_id", "request_id", "service", "process", "thread", "source", "exception", "stacktrace"]
)
@pytest.mark.parametrize("odd", [1, None, [], {}, {"file": 1}, "x", [[["deep"]]]])
def test_a_record_with_odd_parts_is_shown_all_the_same(key, odd):
    (out,) = shown(line("odd one", severity="ERROR", **{key: odd}))
    assert b"odd one" in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01 02:00:00.000000001+02:00", 1),
        ("1969-12-31T23:30:00-00:30", 0),
        ("2026-09-21T14:13:20.207123Z", 1_790_000_000_207_123_000),
        ("1970-01-01T00:00:00", None),
        ("soon", None),
    ],
)
def test_timestamps_are_rfc_3339(text, expected):
    assert parse_timestamp(text) == expected
