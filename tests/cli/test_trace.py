"""`discreet trace`: one request across services, drawn as a tree."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._encoding.console.style import Palette
from discreet._encoding.json import timestamp
from discreet.cli import main
from discreet.cli.inputs import parse_line
from discreet.cli.trace.command import Drawing
from discreet.cli.trace.tree import Trace

from .conftest import Cli

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
BEGAN = 1_714_557_600_000_000_000


def record(at: float, message: str, inside: str | None = None, by: str = "gateway", **more: Any) -> dict[str, Any]:
    """A line, `at` milliseconds after the beginning."""
    line = {
        "timestamp": timestamp(BEGAN + int(at * 1e6)),
        "severity": "INFO",
        "severity_number": 9,
        "message": message,
        "logger": "app",
        "trace_id": TRACE,
        "span_id": inside and inside * 16,
        "request_id": "request-1",
        "service": by,
        "host": by,
        "process": 1,
        "schema": "discreet/1",
        **more,
    }
    return {key: value for key, value in line.items() if value is not None}


def span(
    start: float, end: float, name: str, own: str, parent: str | None = None, by: str = "gateway", **more: Any
) -> dict[str, Any]:
    more = {"status": "ok", **more, "parent_span_id": parent and parent * 16}
    return record(end, name, own, by, span=name, span_kind="internal", duration_ms=float(end - start), **more)


REQUEST = [
    span(0, 100, "GET /orders", "a"),
    record(1, "asked", "a", customer="c-1"),
    span(10, 60, "load", "b", "a", "orders"),
    record(20, "loading", "b", "orders"),
    span(70, 90, "price", "c", "a", "payments"),
]


def drawn(*lines: dict[str, Any], width: int = 120, **options: Any) -> str:
    records = [parse_line(json.dumps(line).encode()) for line in lines]
    assert None not in records
    trace = Trace([found for found in records if found is not None])
    return "\n".join(Drawing(Palette(0), width, **options).lines(trace))


def tree(*lines: dict[str, Any]) -> list[str]:
    """The rows below the headline, without offsets, services, bars and durations."""
    rows = drawn(*lines).split("\n\n")[1].splitlines()
    return [row[20:].split("   ")[0].split("  ━")[0].split("  ╺")[0].strip() for row in rows if row[:20].strip()]


@pytest.fixture
def logs(tmp_path: Path) -> Callable[..., None]:
    def write(name: str, *lines: dict[str, Any] | str) -> None:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (tmp_path / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")

    return write


def test_spans_nest_across_services_and_records_stand_inside_by_time() -> None:
    text = drawn(*REQUEST)
    rows = [row.split() for row in text.split("\n\n")[1].splitlines()]
    assert [row[:3] for row in rows] == [["+0", "ms", name] for name in ("gateway",)] + [
        ["+1", "ms", "gateway"],
        ["+10", "ms", "orders"],
        ["+20", "ms", "orders"],
        ["+70", "ms", "payments"],
    ]
    assert [row[3:5] for row in rows[1:]] == [["├─", "INFO"], ["├─", "load"], ["│", "└─"], ["└─", "price"]]


def test_the_order_of_lines_and_files_does_not_matter() -> None:
    assert drawn(*reversed(REQUEST)) == drawn(*REQUEST)


def test_the_headline_counts_what_is_below() -> None:
    headline, summary = drawn(*REQUEST, span(91, 95, "end", "d", "a", severity="ERROR")).splitlines()[:2]
    assert headline == f"trace {TRACE}   request request-1"
    assert summary.endswith("100ms · 3 services · 4 spans · 6 records · 1 error")


def test_bars_stand_where_the_span_was() -> None:
    rows = drawn(*REQUEST).splitlines()
    whole, loading, price = (row for row in rows if "━" in row)
    assert whole.index("━") < loading.index("━") < price.index("━")
    assert whole.count("━") > loading.count("━") > price.count("━") > 0
    assert loading.rstrip().endswith("50.0ms")


def test_fields_are_shown_once_per_nesting() -> None:
    text = drawn(span(0, 100, "outer", "a", tenant="acme"), span(1, 50, "inner", "b", "a", tenant="acme", left=3))
    assert text.count("tenant=acme") == 1
    assert "left=3" in text


def test_an_exception_is_shown_with_its_causes_and_the_applications_own_frames() -> None:
    own = {"file": "/srv/shop/orders.py", "line": 42, "function": "load", "code": "raise LookupError(number)"}
    library = {"file": "/usr/lib/python3/site-packages/flask/app.py", "line": 1, "function": "dispatch"}
    error = {
        "type": "LookupError",
        "message": "no order\nsecond line",
        "frames": [library, own],
        "cause": {"type": "KeyError", "message": "'7'", "frames": [library]},
    }
    text = drawn(span(0, 9, "load", "a", status="error", severity="ERROR", exception=error))
    assert "LookupError: no order\\nsecond line" in text
    assert "at orders.py:42 in load  raise LookupError(number)" in text
    assert "caused by KeyError: '7'" in text
    assert text.count("app.py") == 1  # only where nothing else is known


def test_a_span_that_nobody_ended_is_made_up_from_its_records() -> None:
    text = drawn(record(1, "started", "a"), record(5, "working", "a"), span(2, 4, "inner", "b", "a"))
    assert "aaaaaaaaaaaaaaaa: unfinished" in text
    assert text.index("started") < text.index("inner") < text.index("working")


def test_a_caller_in_no_file_is_said_at_the_root() -> None:
    text = drawn(span(0, 9, "GET /", "a", "f"))
    assert "called by ffffffffffffffff" in text


def test_children_of_an_absent_caller_hang_together() -> None:
    rows = tree(span(0, 9, "first", "a", "f"), span(10, 19, "second", "b", "f"))
    assert rows[0].startswith("ffffffffffffffff: the caller")
    assert [row[:2] for row in rows[1:]] == ["├─", "└─"]


def test_spans_that_are_each_others_parents_lose_nothing() -> None:
    text = drawn(span(0, 9, "one", "a", "b"), span(1, 8, "two", "b", "a"), span(2, 3, "own", "c", "c"))
    assert all(name in text for name in ("one", "two", "own"))


def test_records_outside_every_span_are_kept() -> None:
    assert "lonely" in drawn(record(0, "lonely"), span(1, 2, "work", "a"))


def test_a_clock_that_is_behind_is_corrected_and_said() -> None:
    late = [span(-5000, -4950, "load", "b", "a", "orders"), record(-4970, "loading", "b", "orders")]
    text = drawn(span(0, 100, "GET", "a"), *late, span(-4999, -4990, "query", "d", "b", "orders"))
    assert "The clock of orders differs: its times were moved forward by 5.0" in text
    rows = {row.split()[-3]: row for row in text.splitlines() if "ms  " in row}
    assert not any(row.split()[0].startswith("+-") for row in rows.values())
    assert "100ms · 2 services" in text


def test_a_thousand_levels_of_spans_are_drawn() -> None:
    lines = [span(0, 1, "s0", "0")]
    for number in range(1, 1001):
        child = span(0, 1, f"s{number}", "0")
        child["span_id"], child["parent_span_id"] = f"{number + 1:016x}", f"{number:016x}" if number > 1 else "0" * 16
        lines.append(child)
    assert drawn(*lines).count("\n") > 1000


@given(
    text=st.text(),
    width=st.integers(40, 200),
    number=st.none() | st.floats() | st.integers() | st.text(),
    ascii_only=st.booleans(),
)
def test_no_text_breaks_a_row_or_reaches_the_terminal_raw(
    text: str, width: int, number: object, ascii_only: bool
) -> None:
    error = {"type": text, "message": text, "frames": [{"file": text, "line": number, "function": text, "code": text}]}
    lines = [
        span(0, 9, text, "a", severity="ERROR", exception=error, field=text),
        record(1, text, "a", request_id=text, service=text, **{f"key {text}": number}),
        {**span(2, 3, "x", "b", "a"), "duration_ms": number, "parent_span_id": text, "status": number},
    ]
    result = drawn(*lines, width=width, ascii_only=ascii_only)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\u202e" for c in result.replace("\n", ""))
    assert result.count("\n") < 16


def test_ascii_is_enough() -> None:
    text = drawn(*REQUEST, ascii_only=True)
    assert text.isascii()
    assert "|- load" in text


def test_narrow_terminals_get_no_bars() -> None:
    assert "━" not in drawn(*REQUEST, width=60)
    assert max(map(len, drawn(*REQUEST, width=60).splitlines())) <= 60


def test_a_trace_is_found_by_the_beginning_of_its_id_in_several_files(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", *REQUEST[:2], "foreign text", record(0, "another", "d", trace_id="f" * 32, request_id="other"))
    logs("b.json", *REQUEST[2:])
    done = cli("trace", TRACE[:6].upper(), "a.json", "b.json")
    assert done.returncode == 0
    assert done.stdout.startswith(f"trace {TRACE}")
    assert "5 records" in done.stdout
    assert "another" not in done.stdout
    assert done.stderr == "discreet: 1 line skipped: no record of discreet\n"


def test_a_trace_is_found_by_its_request_id(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", *[{k: v for k, v in line.items() if k != "request_id"} for line in REQUEST[1:]], REQUEST[0])
    assert "5 records" in cli("trace", "request-1", "a.json").stdout


def test_records_with_a_request_id_and_no_trace_are_shown(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", record(0, "hello", trace_id=None), record(1, "bye", trace_id=None))
    done = cli("trace", "request-1", "a.json")
    assert done.returncode == 0
    assert done.stdout.index("hello") < done.stdout.index("bye")


def test_a_line_in_two_files_counts_once(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", *REQUEST)
    logs("b.json", *REQUEST)
    assert "5 records" in cli("trace", TRACE, "a.json", "b.json", "a.json").stdout


def test_compressed_files_and_standard_input_are_read(cli: Cli, tmp_path: Path) -> None:
    text = "".join(json.dumps(line) + "\n" for line in REQUEST)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(text.encode()))
    assert cli("trace", TRACE, "a.json.gz").stdout == cli("trace", TRACE, input=text).stdout != ""


def test_spans_alone_on_request(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", *REQUEST)
    done = cli("trace", TRACE, "a.json", "--spans")
    assert "loading" not in done.stdout
    assert "load" in done.stdout


def test_several_matches_are_listed(cli: Cli, logs: Callable[..., None]) -> None:
    other = TRACE[:8] + "0" * 24
    logs("a.json", *REQUEST, span(500, 501, "GET /other", "e", trace_id=other, request_id="request-2"))
    done = cli("trace", TRACE[:8], "a.json")
    assert (done.returncode, done.stdout) == (1, "")
    asked, first, second = done.stderr.splitlines()
    assert asked == f"discreet: 2 traces match {TRACE[:8]}. Give more characters of one of them:"
    assert first.split() == [TRACE, "GET", "/orders", "gateway,", "orders,", "payments", "5", "lines"]
    assert other in second
    assert cli("trace", other, "a.json").returncode == 0


def test_a_line_that_only_looks_like_a_record_is_skipped(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", f'{{"trace_id":"{TRACE}","broken', *REQUEST)
    done = cli("trace", TRACE, "a.json")
    assert done.returncode == 0
    assert done.stderr == "discreet: 1 line skipped: no record of discreet\n"


def test_of_very_many_matches_some_are_listed(cli: Cli, logs: Callable[..., None]) -> None:
    logs("a.json", *[record(n, "hello", trace_id=f"abcdef{n:026x}") for n in range(30)])
    listed = cli("trace", "abcdef", "a.json").stderr.splitlines()
    assert (len(listed), listed[-1]) == (22, "  and 10 more")


@pytest.mark.parametrize(
    ("wanted", "file", "problem"),
    [
        ("4bf92", "a.json", "is too short. Give at least 6 characters"),
        ("0123456789", "a.json", "no trace or request 0123456789 in 1 file"),
        ("\x1b[2J-evil", "a.json", "no trace or request \\x1b[2J-evil in 1 file"),
        (TRACE, "missing.json", "missing.json: No such file or directory"),
    ],
)
def test_what_cannot_be_found_is_said(
    cli: Cli, logs: Callable[..., None], wanted: str, file: str, problem: str
) -> None:
    logs("a.json", *REQUEST)
    done = cli("trace", wanted, file)
    assert (done.returncode, done.stdout) == (1, "")
    assert problem in done.stderr


def test_colours_follow_the_option_and_the_environment(
    logs: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    logs("a.json", *REQUEST)
    file = str(tmp_path / "a.json")

    def is_colored(*options: str) -> bool:
        assert main(["trace", TRACE, file, *options]) == 0
        return b"\x1b[" in capfdbinary.readouterr().out

    assert not is_colored()
    assert is_colored("--color", "always")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert is_colored()
    assert not is_colored("--color", "never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_colored()


def test_a_terminal_without_unicode_gets_ascii_and_escapes(
    cli: Cli, logs: Callable[..., None], environ: dict[str, str]
) -> None:
    logs("a.json", *REQUEST, record(30, "größe 寸", "a"))
    done = cli("trace", TRACE, "a.json", env={**environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "gr\\xf6\\xdfe \\u5bf8" in done.stdout
