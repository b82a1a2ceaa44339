"""`discreet trace`: what stands on a row, as pieces of text with roles; nothing here knows about columns or colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from discreet._base.escape import escape
from discreet._base.levels import ERROR, severity_text
from discreet._encoding.console.traceback import readable_path
from discreet._encoding.console.values import field_tokens
from discreet.cli.trace.tree import SPAN_FIELDS, Span, Trace, ends_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._encoding.console.values import Token
    from discreet._record import Record

Told = Mapping[str, object]
"""The fields of the spans around a row, which the row need not repeat."""

_STATUS_CODE = "http.response.status_code"
# What every request has, and nobody looks for in a drawing; and what its name mostly says already.
_OF_A_REQUEST = frozenset({"http.request.method", "client.address", "server.port", _STATUS_CODE})
_IN_A_NAME = frozenset({"http.route", "url.path", "server.address"})
_OURS = "/discreet/integrations/"
_SHORT = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_MOST_CAUSES = 5
_MOST_FRAMES = 3


class Row:
    """One line of the drawing: a span with its bar, a record, or (`time` None) more about the row above."""

    __slots__ = ("service", "span", "time", "tokens", "trunk")

    def __init__(
        self, trunk: str, tokens: list[Token], *, time: int | None = None, service: str = "", span: Span | None = None
    ) -> None:
        self.trunk = trunk
        self.tokens = tokens
        self.time = time
        self.service = service
        self.span = span


def rows(trace: Trace) -> Iterator[Row]:
    """Every row from top to bottom; what lies outside every span comes first."""
    for record in trace.outside:
        yield from _event(record, "", "", 0, {})
    # A stack of our own: a trace may be nested deeper than Python may recurse.
    waiting: list[tuple[Span | Record, str, str, int, Told]] = [(root, "", "", 0, {}) for root in reversed(trace.roots)]
    while waiting:
        item, branch, trunk, moved, told = waiting.pop()
        if not isinstance(item, Span):
            yield from _event(item, branch, trunk, moved, told)
            continue
        inside = _inside(item)
        yield from _span(item, branch, trunk + ("│  " if inside else "   "), told)
        told = told if item.record is None else {**told, **item.record.ambient, **item.record.fields}
        for position, inner in reversed(list(enumerate(inside))):
            last = position == len(inside) - 1
            down = trunk + ("   " if last else "│  ")
            waiting.append((inner, trunk + ("└─ " if last else "├─ "), down, item.moved, told))


def _inside(span: Span) -> Sequence[Span | Record]:
    timed: list[tuple[int, int, Span | Record]] = [(child.start, 1, child) for child in span.children]
    timed += [(record.time_ns + span.moved, 0, record) for record in span.events]
    return [item for _, _, item in sorted(timed, key=lambda entry: entry[:2])]


def _span(span: Span, branch: str, trunk: str, told: Told) -> Iterator[Row]:
    record = span.record
    tokens: list[Token] = []
    service = ""
    if record is not None:
        service = record.identity.service or ""
        tokens.append((escape(str(record.fields["span"])), "bad" if span.failed else "message"))
        code = record.fields.get(_STATUS_CODE)
        if code is not None:
            tokens.append((f"  {escape(str(code))}", "bad" if span.failed else "good"))
        tokens += _fields(record, told)
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


def _event(record: Record, branch: str, trunk: str, moved: int, told: Told) -> Iterator[Row]:
    severity = severity_text(record.level)
    tokens: list[Token] = [(f"{_SHORT.get(severity, severity):<6}", severity)]
    tokens.append((escape(record.message), "bad" if record.level >= ERROR else "value"))
    tokens += _fields(record, told)
    yield Row(branch, tokens, time=record.time_ns + moved, service=record.identity.service or "")
    yield from _exception(record, trunk)


def _fields(record: Record, told: Told) -> list[Token]:
    """The record's fields, but not what the span around it has said already, nor what its drawing shows."""
    name = str(record.fields["span"]) if ends_span(record) else None
    hidden = frozenset[str]() if name is None else SPAN_FIELDS | _OF_A_REQUEST
    if isinstance(record.exception, Mapping):
        hidden |= {"error_type"}
    tokens: list[Token] = []
    for key, value in {**record.fields, **record.ambient}.items():
        known = key in hidden or (key in told and told[key] == value)
        if not known and not (name is not None and key in _IN_A_NAME and str(value) in name):
            tokens.append(("  ", "value"))
            tokens += field_tokens(key, value, escape, "key")
    return tokens


def _exception(record: Record, trunk: str) -> Iterator[Row]:
    """The error, the last of the application's own frames, then the same of each cause."""
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
    known = [cast("Mapping[str, object]", frame) for frame in given if isinstance(frame, Mapping)]
    files = [str(frame.get("file") or "?").replace("\\", "/") for frame in known]
    own = [frame for frame, file in zip(known, files, strict=True) if readable_path(file)[1] and _OURS not in file]
    for frame in (own or known[-1:])[-_MOST_FRAMES:]:
        path, _ = readable_path(str(frame.get("file") or "?"))
        name = path.rpartition("/")[2]
        yield [
            ("  at ", "quiet"),
            (escape(f"{name}:{frame.get('line', '?')}"), "place"),
            (" in ", "quiet"),
            (escape(str(frame.get("function") or "?")), "function"),
            (f"  {escape(str(frame.get('code') or ''))}", "quiet"),
        ]
