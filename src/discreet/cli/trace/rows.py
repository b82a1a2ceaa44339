"""`discreet trace`: the rows of the drawing, as pieces of text with roles. Columns and colours are not decided here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._base.escape import escape
from discreet._base.levels import ERROR, severity_text
from discreet._encoding.console.traceback import readable_path
from discreet._encoding.console.values import field_tokens
from discreet.cli.trace.tree import SPAN_FIELDS, Span, Trace, ends_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._encoding.console.values import Token
    from discreet._record import Record

Known = Mapping[str, object]
"""The fields of the spans around a row, which the row does not repeat."""

_STATUS_CODE = "http.response.status_code"
# Fields that every request has and nobody looks for in a drawing, and those that its name mostly contains.
_OF_A_REQUEST = frozenset({"http.request.method", "client.address", "server.port", _STATUS_CODE})
_IN_A_NAME = frozenset({"http.route", "url.path", "server.address"})
_OURS = "/discreet/integrations/"
_SHORT = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_MOST_CAUSES = 5
_MOST_FRAMES = 3


class Row(NamedTuple):
    """One line of the drawing: a span with its bar, a record, or (`time` None) a detail of the row above."""

    trunk: str
    tokens: list[Token]
    time: int | None = None
    service: str = ""
    span: Span | None = None


def rows(trace: Trace) -> Iterator[Row]:
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
        inside = _inside(item)
        yield from _span(item, branch, trunk + ("│  " if inside else "   "), known)
        known = known if item.record is None else {**known, **item.record.ambient, **item.record.fields}
        for position, inner in reversed(list(enumerate(inside))):
            last = position == len(inside) - 1
            down = trunk + ("   " if last else "│  ")
            pending.append((inner, trunk + ("└─ " if last else "├─ "), down, item.moved, known))


def _inside(span: Span) -> Sequence[Span | Record]:
    timed: list[tuple[int, int, Span | Record]] = [(child.start, 1, child) for child in span.children]
    timed += [(record.time_ns + span.moved, 0, record) for record in span.events]
    return [item for _, _, item in sorted(timed, key=lambda entry: entry[:2])]


def _span(span: Span, branch: str, trunk: str, known: Known) -> Iterator[Row]:
    record = span.record
    tokens: list[Token] = []
    service = ""
    if record is not None:
        service = record.identity.service or ""
        tokens.append((escape(str(record.fields["span"])), "bad" if span.failed else "message"))
        code = record.fields.get(_STATUS_CODE)
        if code is not None:
            tokens.append((f"  {escape(str(code))}", "bad" if span.failed else "good"))
        tokens += _fields(record, known)
        if branch == "" and span.parent_id is not None:
            tokens.append((f"  called by {escape(span.parent_id)}, which is not in these files", "quiet"))
    elif span.absent:
        tokens.append((f"{escape(span.span_id)}: the caller, which is not in these files", "quiet"))
    else:
        service = span.events[0].identity.service or ""
        tokens.append((f"{escape(span.span_id)}: unfinished, no record ends it", "warn"))
    yield Row(branch, tokens, time=span.start, service=service, span=span)
    if record is not None:
        yield from _exception(record, trunk)


def _event(record: Record, branch: str, trunk: str, moved: int, known: Known) -> Iterator[Row]:
    severity = severity_text(record.level)
    tokens: list[Token] = [(f"{_SHORT.get(severity, severity):<6}", severity)]
    tokens.append((escape(record.message), "bad" if record.level >= ERROR else "value"))
    tokens += _fields(record, known)
    yield Row(branch, tokens, time=record.time_ns + moved, service=record.identity.service or "")
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


def _exception(record: Record, trunk: str) -> Iterator[Row]:
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
        yield Row(trunk, headline)
        for frame in _frames(found.get("frames")):
            yield Row(trunk, frame)
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
