"""`discreet trace ID FILES...`: one request across services, found in their files and drawn as a tree."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._base.diagnostics import counted, shortened
from discreet._base.escape import display_width, escape, split_at_width
from discreet._base.levels import ERROR, severity_text
from discreet._encoding.console.line import readable_path
from discreet._encoding.console.style import duration, field_tokens
from discreet.cli.inputs import line_files, parse_line
from discreet.cli.options import add_color, add_files
from discreet.cli.terminal import palette, say, shows_unicode
from discreet.cli.trace.tree import SPAN_FIELDS, Span, Trace, ends_span
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from discreet._encoding.console.style import Palette, Token
    from discreet._record import Record, Redacted

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

Known = Mapping[str, object]
"""The fields of the spans around a row, which the row does not repeat."""

_OFFSET = 9
_DURATION = 8
_LONGEST_SERVICE = 16
_ASCII = str.maketrans(
    {"━": "=", "╺": "=", "╸": "=", "│": "|", "├": "|", "└": "`", "─": "-", "…": "~", "·": ",", "µ": "u"}
)
_STATUS_CODE = "http.response.status_code"
# Fields that every request has and nobody looks for in a drawing, and those that its name mostly contains.
_OF_A_REQUEST = frozenset({"http.request.method", "client.address", "server.port", _STATUS_CODE})
_IN_A_NAME = frozenset({"http.route", "url.path", "server.address"})
_OURS = "/discreet/integrations/"
_SHORT = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_MOST_CAUSES = 5
_MOST_FRAMES = 3


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
            trace = Trace(_records(files, *next(iter(matches))))
            if arguments.spans:
                for span in trace.spans():
                    span.events.clear()
            width = arguments.width or shutil.get_terminal_size((120, 24)).columns
            drawing = Drawing(palette(arguments.color), width, ascii_only=arguments.ascii or not shows_unicode())
            text = "\n".join(drawing.lines(trace)) + "\n"
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
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


class Drawing:
    """Draws traces at a width, in a palette; with `ascii_only` in ASCII characters."""

    def __init__(self, palette: Palette, width: int, *, ascii_only: bool = False) -> None:
        self.palette = palette
        self.width = max(40, width)
        self.ascii_only = ascii_only
        self.bar = 0 if self.width < 72 else min(32, self.width // 4)

    def lines(self, trace: Trace) -> Iterator[str]:
        """A headline, a summary, the tree, and a remark for each clock that was corrected."""
        yield from self._head(trace)
        yield ""
        drawn = list(_rows(trace))
        names = max((display_width(escape(row.service)) for row in drawn), default=0)
        for row in drawn:
            yield self._line(row, trace, min(names, _LONGEST_SERVICE))
        moved = {span.machine: span.moved for span in trace.spans() if span.moved}
        if moved:
            yield ""
        for machine, by in sorted(moved.items()):
            way = "forward" if by > 0 else "back"
            text = f"The clock of {escape(machine)} differs: its times were moved {way} by {duration(abs(by) / 1e6)}."
            yield self._paint(text, "quiet")

    def _head(self, trace: Trace) -> Iterator[str]:
        first = min(trace.records, key=lambda record: record.time_ns)
        requests = sorted({escape(record.request_id) for record in trace.records if record.request_id})
        parts: list[Token] = [("trace ", "quiet"), (escape(first.trace_id or "none"), "message")]
        if requests:
            more = f" and {len(requests) - 1} more" if len(requests) > 1 else ""
            parts += [("   request ", "quiet"), (requests[0] + more, "message")]
        yield self._cut(parts, self.width)
        services = len({record.identity.service or "-" for record in trace.records})
        spans = sum(not span.absent for span in trace.spans())
        errors = sum(record.level >= ERROR for record in trace.records)
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(trace.start // 10**9))
        summary: list[Token] = [(f"{began}.{trace.start // 10**6 % 1000:03d}", "quiet")]
        totals = [duration((trace.end - trace.start) / 1e6), counted(services, "service"), counted(spans, "span")]
        for text in (*totals, counted(len(trace.records), "record")):
            summary += [(" · ", "quiet"), (text, "value")]
        if errors:
            summary += [(" · ", "quiet"), (counted(errors, "error"), "bad")]
        yield self._cut(summary, self.width)

    def _line(self, row: _Row, trace: Trace, columns: int) -> str:
        offset = ""
        if row.time is not None:
            milliseconds = max(0, row.time - trace.start) / 1e6
            offset = f"+{milliseconds:.0f} ms" if milliseconds < 10_000 else f"+{milliseconds / 1000:.1f} s"
        shown, _ = split_at_width(escape(row.service), columns) if row.service else ("", "")
        line = self._paint(offset.rjust(_OFFSET), "time") + "  "
        line += self.palette.service(self._plain(shown), row.service) + " " * (columns - display_width(shown) + 2)
        room = self.width - _OFFSET - 2 - columns - 2
        span = row.span
        tokens = [(row.trunk, "quiet"), *row.tokens]
        if span is None or span.absent:
            return (line + self._cut(tokens, room)).rstrip()
        label = self._cut(tokens, room - _DURATION - 2 - (self.bar + 2 if self.bar else 0), fill=True)
        took = duration((span.end - span.start) / 1e6) if span.record is not None else "?"
        right = self._paint(took.rjust(_DURATION), "bad" if span.failed else "value")
        return f"{line}{label}  {self._bar(span, row.service, trace)}{right}".rstrip()

    def _bar(self, span: Span, service: str, trace: Trace) -> str:
        """When the span ran, within the whole trace, in steps of half a column."""
        if not self.bar:
            return ""
        halves = self.bar * 2
        whole = max(1, trace.end - trace.start)
        first = min(halves - 1, (span.start - trace.start) * halves // whole)
        last = max(first + 1, min(halves, -(-(span.end - trace.start) * halves // whole)))
        cells = "".join(" ╸╺━"[(first <= cell < last) + 2 * (first <= cell + 1 < last)] for cell in range(0, halves, 2))
        before = len(cells) - len(cells.lstrip())
        body = self._plain(cells.strip())
        painted = self.palette.paint(body, "bad") if span.failed else self.palette.service(body, service)
        return " " * before + painted + " " * (self.bar - before - len(body) + 2)

    def _cut(self, tokens: list[Token], room: int, *, fill: bool = False) -> str:
        """The tokens painted: cut at `room` columns with an ellipsis, and with `fill` padded to that width."""
        parts: list[str] = []
        left = room
        total = sum(display_width(text) for text, _ in tokens)
        for text, role in tokens:
            if total > room and display_width(text) >= left:
                kept = split_at_width(text, left - 1)[0] if left > 1 else ""
                parts.append(self._paint(kept, role) + self._plain("…"))
                left -= 1 + display_width(kept)
                break
            parts.append(self._paint(text, role))
            left -= display_width(text)
        return "".join(parts) + (" " * left if fill else "")

    def _paint(self, text: str, role: str) -> str:
        return self.palette.paint(self._plain(text), role)

    def _plain(self, text: str) -> str:
        return text.translate(_ASCII) if self.ascii_only else text


class _Row(NamedTuple):
    """One line of the drawing: a span with its bar, a record, or (`time` None) a detail of the row above."""

    trunk: str
    tokens: list[Token]
    time: int | None = None
    service: str = ""
    span: Span | None = None


def _rows(trace: Trace) -> Iterator[_Row]:
    """Every row from top to bottom; records outside every span come first."""
    for record in trace.outside:
        yield from _event(record, "", "", 0, {})
    # Not recursive: a trace may be nested deeper than Python may recurse.
    pending: list[tuple[Span | Record, str, str, int, Known]] = [
        (root, "", "", 0, {}) for root in reversed(trace.roots)
    ]
    while pending:
        item, branch, trunk, moved, known = pending.pop()
        if not isinstance(item, Span):
            yield from _event(item, branch, trunk, moved, known)
            continue
        timed: list[tuple[int, int, Span | Record]] = [(child.start, 1, child) for child in item.children]
        timed += [(record.time_ns + item.moved, 0, record) for record in item.events]
        inside = [inner for _, _, inner in sorted(timed, key=lambda entry: entry[:2])]
        yield from _span(item, branch, trunk + ("│  " if inside else "   "), known)
        known = known if item.record is None else {**known, **item.record.ambient, **item.record.fields}
        for position, inner in reversed(list(enumerate(inside))):
            last = position == len(inside) - 1
            down = trunk + ("   " if last else "│  ")
            pending.append((inner, trunk + ("└─ " if last else "├─ "), down, item.moved, known))


def _span(span: Span, branch: str, trunk: str, known: Known) -> Iterator[_Row]:
    record = span.record
    if record is None:
        service = "" if span.absent else span.events[0].identity.service or ""
        what = "the caller, which is not in these files" if span.absent else "unfinished, no record ends it"
        unnamed = (f"{escape(span.span_id)}: {what}", "quiet" if span.absent else "warn")
        yield _Row(branch, [unnamed], span.start, service, span)
        return
    tokens: list[Token] = [(escape(str(record.fields["span"])), "bad" if span.failed else "message")]
    code = record.fields.get(_STATUS_CODE)
    if code is not None:
        tokens.append((f"  {escape(str(code))}", "bad" if span.failed else "good"))
    tokens += _fields(record, known)
    if branch == "" and span.parent_id is not None:
        tokens.append((f"  called by {escape(span.parent_id)}, which is not in these files", "quiet"))
    yield _Row(branch, tokens, span.start, record.identity.service or "", span)
    yield from _exception(record, trunk)


def _event(record: Record, branch: str, trunk: str, moved: int, known: Known) -> Iterator[_Row]:
    severity = severity_text(record.level)
    tokens: list[Token] = [(f"{_SHORT.get(severity, severity):<6}", severity)]
    tokens.append((escape(record.message), "bad" if record.level >= ERROR else "value"))
    tokens += _fields(record, known)
    yield _Row(branch, tokens, record.time_ns + moved, record.identity.service or "")
    yield from _exception(record, trunk)


def _fields(record: Record, known: Known) -> list[Token]:
    """The record's fields, without those that the span around it or the drawing shows already."""
    name = str(record.fields["span"]) if ends_span(record) else None
    hidden = frozenset[str]() if name is None else SPAN_FIELDS | _OF_A_REQUEST
    if isinstance(record.exception, Mapping):
        hidden |= {"error_type"}
    tokens: list[Token] = []
    for key, value in {**record.fields, **record.ambient}.items():
        shown = key in hidden or (key in known and known[key] == value)
        if not shown and not (name is not None and key in _IN_A_NAME and str(value) in name):
            tokens.append(("  ", "value"))
            tokens += field_tokens(key, value, escape, "key")
    return tokens


def _exception(record: Record, trunk: str) -> Iterator[_Row]:
    """The error and the last frames of the application's own code, then the same for each cause."""
    found: object = record.exception
    relation = ""
    for _ in range(_MOST_CAUSES):
        if not isinstance(found, Mapping):
            return
        message = str(found.get("message") or "")
        headline: list[Token] = [(relation, "quiet"), (escape(str(found.get("type") or "Exception")), "bad")]
        if message:
            headline.append((f": {escape(message)}", "bad"))
        yield _Row(trunk, headline)
        for frame in _frames(found.get("frames")):
            yield _Row(trunk, frame)
        relation = "caused by " if isinstance(found.get("cause"), Mapping) else "while handling "
        found = found.get("cause") or found.get("context")


def _frames(frames: object) -> Iterator[list[Token]]:
    given = cast("list[object]", frames) if isinstance(frames, list) else []
    every = [cast("Mapping[str, object]", frame) for frame in given if isinstance(frame, Mapping)]
    own = [frame for frame in every if readable_path(_file(frame))[1] and _OURS not in _file(frame)]
    for frame in (own or every[-1:])[-_MOST_FRAMES:]:
        name = readable_path(_file(frame))[0].rpartition("/")[2]
        yield [
            ("  at ", "quiet"),
            (escape(f"{name}:{frame.get('line', '?')}"), "place"),
            (" in ", "quiet"),
            (escape(str(frame.get("function") or "?")), "function"),
            (f"  {escape(str(frame.get('code') or ''))}", "quiet"),
        ]


def _file(frame: Mapping[str, object]) -> str:
    return str(frame.get("file") or "?").replace("\\", "/")
