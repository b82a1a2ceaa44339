"""`discreet trace ID FILES...`: one request across services, found in their files and drawn as a tree."""

from __future__ import annotations

import json
import re
import shutil
import sys
from typing import IO, TYPE_CHECKING, Any

from discreet._base.diagnostics import counted
from discreet._base.escape import escape
from discreet._encoding.console.style import Palette, color_count, wants_color
from discreet.cli.inputs import lines_of, opened
from discreet.cli.pretty.pretty import parse_line
from discreet.cli.trace.drawing import Drawing
from discreet.cli.trace.tree import Trace, ends_span

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from discreet._record import Redacted

_SHORTEST = 6
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{6,32}")
_MOST_SHOWN = 20

_DESCRIPTION = """\
Find one request in the JSON lines of several services and draw it: spans as a tree with their durations, each
with its records, by time. ID is a trace id, a request id, or the beginning of one (at least 6 characters; the
console shows 8 of a trace id). FILES may be compressed with gzip; - is standard input, and the default.
"""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("trace", help="draw one request across services", description=_DESCRIPTION)
    parser.add_argument("id", metavar="ID", help="a trace id or request id, or the beginning of one")
    parser.add_argument("files", metavar="FILE", nargs="*", default=["-"], help="logs as JSON lines, of all services")
    parser.add_argument("--spans", action="store_true", help="spans only, without the records inside them")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.add_argument("--width", type=int, help="columns (default: the terminal's, 120 without one)")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Find the trace, draw it. 1 if there is none, or more than one."""
    wanted: str = arguments.id.strip()
    if len(wanted) < _SHORTEST:
        return _fail(f"{escape(wanted)!r} is too short: give at least {_SHORTEST} characters of the id")
    try:
        with opened(arguments.files, again=True) as inputs:
            traces, skipped = _matching(inputs, wanted)
            if skipped:
                print(f"discreet: {counted(skipped, 'line')} skipped: no record", file=sys.stderr)
            if len(traces) == 1:
                records = _records(inputs, *next(iter(traces)))
                _draw(records, arguments)
                return 0
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        return _fail(f"{error.filename or 'input'}: {error.strerror or error}")
    if not traces:
        where = "standard input" if arguments.files == ["-"] else counted(len(arguments.files), "file")
        return _fail(f"no trace or request {escape(wanted)} in {where}")
    return _ask(wanted, traces)


class _Summary:
    """What a list of several matches says of each."""

    def __init__(self, record: Redacted) -> None:
        self.start = record.time_ns
        self.services: dict[str, None] = {}
        self.name = ""
        self.records = 0

    def add(self, record: Redacted) -> None:
        self.records += 1
        self.start = min(self.start, record.time_ns)
        self.services[record.identity.service or "-"] = None
        if ends_span(record) and not (self.name and "parent_span_id" in record.fields):
            self.name = str(record.fields["span"])


_Key = tuple[str, str]
"""Which id it is, and the id: ("trace_id", ...), or ("request_id", ...) for records without a trace."""


def _matching(inputs: Sequence[IO[bytes]], wanted: str) -> tuple[dict[_Key, _Summary], int]:
    """Every trace whose id, or one of whose request ids, begins with `wanted`; and how many lines were no records."""
    lowered = wanted.lower() if _HEXADECIMAL.fullmatch(wanted) else wanted
    needles = {_as_in_json(wanted), _as_in_json(lowered)}
    found: dict[_Key, _Summary] = {}
    skipped = 0
    for line in _all_lines(inputs):
        if not any(needle in line for needle in needles):
            skipped += b"{" not in line and bool(line.strip())
            continue
        record = parse_line(line)
        if record is None:
            skipped += 1
            continue
        ids = ((record.trace_id or "").startswith(lowered), (record.request_id or "").startswith(wanted))
        if any(ids):
            key = ("trace_id", record.trace_id) if record.trace_id else ("request_id", record.request_id or "")
            found.setdefault(key, _Summary(record)).add(record)
    exact = {key: summary for key, summary in found.items() if key[1] in (wanted, lowered)}
    return exact or found, skipped


def _records(inputs: Sequence[IO[bytes]], kind: str, wanted: str) -> list[Redacted]:
    """Every record of one trace; a line that stands in two files counts once."""
    needle = _as_in_json(wanted)
    seen: dict[bytes, None] = {}
    for line in _all_lines(inputs):
        if needle in line:
            seen[line.strip()] = None
    parsed = (parse_line(line) for line in seen)
    return [record for record in parsed if record is not None and getattr(record, kind) == wanted]


def _as_in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")


def _all_lines(inputs: Sequence[IO[bytes]]) -> Iterator[bytes]:
    for file in inputs:
        yield from lines_of(file)


def _draw(records: list[Redacted], arguments: argparse.Namespace) -> None:
    colored = wants_color(sys.stdout) if arguments.color == "auto" else arguments.color == "always"
    encoding = sys.stdout.encoding or "utf-8"
    ascii_only = arguments.ascii or not encoding.lower().startswith("utf")
    width = arguments.width or shutil.get_terminal_size((120, 24)).columns
    trace = Trace(records)
    if arguments.spans:
        for span in trace.spans():
            span.events.clear()
    palette = Palette(color_count() if colored else 0)
    text = "\n".join(Drawing(palette, width, ascii_only=ascii_only).lines(trace)) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))


def _ask(wanted: str, traces: dict[_Key, _Summary]) -> int:
    print(f"discreet: {len(traces)} traces match {escape(wanted)}; which one?", file=sys.stderr)
    by_time = sorted(traces.items(), key=lambda item: item[1].start)
    for (_, identity), summary in by_time[:_MOST_SHOWN]:
        services = ", ".join(escape(name) for name in summary.services)
        print(
            f"  {escape(identity)}  {escape(summary.name) or '-'}  {services}  {counted(summary.records, 'line')}",
            file=sys.stderr,
        )
    if len(by_time) > _MOST_SHOWN:
        print(f"  and {len(by_time) - _MOST_SHOWN} more", file=sys.stderr)
    return 1


def _fail(problem: str) -> int:
    print(f"discreet: {problem}", file=sys.stderr)
    return 1
