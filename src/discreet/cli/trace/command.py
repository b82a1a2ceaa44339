"""`discreet trace ID FILES...`: one request across services, found in their files and drawn as a tree."""

from __future__ import annotations

import json
import re
import shutil
import sys
from itertools import chain
from typing import TYPE_CHECKING

from discreet._base.diagnostics import counted, shortened
from discreet._base.escape import escape
from discreet.cli.inputs import line_files
from discreet.cli.options import add_color, add_files
from discreet.cli.record_lines import parse_line
from discreet.cli.terminal import palette, say, shows_unicode
from discreet.cli.trace.drawing import Drawing
from discreet.cli.trace.tree import Trace, ends_span
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from discreet._record import Redacted

_SHORTEST = 6
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{6,32}")

DESCRIPTION = """\
Find one request in the JSON lines of several services and draw it: spans as a tree with their durations, each
with its records, by time. ID is a trace id, a request id, or the beginning of one (at least 6 characters; the
console shows 8 of a trace id). Reads FILES, or standard input.
"""
EPILOG = """\
examples:
  discreet trace 4bf92f35 gateway.json orders.json.gz
  docker compose logs | discreet trace --spans 4bf92f35
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """ID, FILES and how to draw."""
    parser.add_argument("id", metavar="ID", help="a trace id or request id, or the beginning of one")
    add_files(parser, "JSON lines of all services, also compressed with gzip or zstd")
    parser.add_argument("--spans", action="store_true", help="draw spans only, without the records inside them")
    parser.add_argument("--width", type=int, metavar="N", help="columns (default: the terminal's, 120 without one)")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find the trace and draw it; 1 if there is none, or more than one."""
    wanted: str = arguments.id.strip()
    if len(wanted) < _SHORTEST:
        raise DiscreetError(f"{escape(wanted)!r} is too short. Give at least {_SHORTEST} characters of the id")
    with line_files(arguments.files, again=True) as files:
        matches, skipped = _matching(files, wanted)
        if skipped:
            say(f"{counted(skipped, 'line')} skipped: no record of discreet")
        if len(matches) == 1:
            _draw(Trace(_records(files, *next(iter(matches)))), arguments)
            return 0
    if not matches:
        where = "standard input" if arguments.files == ["-"] else counted(len(arguments.files), "file")
        raise DiscreetError(f"no trace or request {escape(wanted)} in {where}")
    say(f"{len(matches)} traces match {escape(wanted)}. Give more characters of one of them:")
    lines = [
        f"{escape(identity)}  {escape(match.name) or '-'}  {', '.join(map(escape, match.services))}"
        f"  {counted(match.records, 'line')}"
        for (_, identity), match in sorted(matches.items(), key=lambda item: item[1].start)
    ]
    for line in shortened(lines):
        print(f"  {line}", file=sys.stderr)
    return 1


class _Match:
    """What the list of several matching traces shows of each."""

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


def _matching(files: Sequence[Iterable[bytes]], wanted: str) -> tuple[dict[_Key, _Match], int]:
    """Every trace whose id, or one of whose request ids, begins with `wanted`; and how many lines hold no record."""
    lowered = wanted.lower() if _HEXADECIMAL.fullmatch(wanted) else wanted
    needles = {_as_in_json(wanted), _as_in_json(lowered)}
    found: dict[_Key, _Match] = {}
    skipped = 0
    for line in chain.from_iterable(files):
        if not any(needle in line for needle in needles):
            skipped += b"{" not in line and bool(line.strip())
            continue
        record = parse_line(line)
        if record is None:
            skipped += 1
        elif (record.trace_id or "").startswith(lowered) or (record.request_id or "").startswith(wanted):
            key = ("trace_id", record.trace_id) if record.trace_id else ("request_id", record.request_id or "")
            found.setdefault(key, _Match(record)).add(record)
    exact = {key: match for key, match in found.items() if key[1] in (wanted, lowered)}
    return exact or found, skipped


def _records(files: Sequence[Iterable[bytes]], kind: str, wanted: str) -> list[Redacted]:
    """Every record of one trace; a line that is in two files counts once."""
    needle = _as_in_json(wanted)
    lines = dict.fromkeys(line.strip() for line in chain.from_iterable(files) if needle in line)
    records = map(parse_line, lines)
    return [record for record in records if record is not None and getattr(record, kind) == wanted]


def _as_in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")


def _draw(trace: Trace, arguments: argparse.Namespace) -> None:
    width = arguments.width or shutil.get_terminal_size((120, 24)).columns
    if arguments.spans:
        for span in trace.spans():
            span.events.clear()
    drawing = Drawing(palette(arguments.color), width, ascii_only=arguments.ascii or not shows_unicode())
    text = "\n".join(drawing.lines(trace)) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
