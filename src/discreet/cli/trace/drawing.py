"""`discreet trace`: rows as lines of a terminal, with offset, service, bar and duration in columns.

+0 ms  gateway    POST /orders  http.status=500         ━━━━━━━━━━━━━━━━━━━━  84.2ms
+3 ms  inventory  └─ POST /reserve                       ╺━━━━━━━━━━━━━━━╸    61.0ms
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from discreet._base.diagnostics import counted
from discreet._base.escape import display_width, escape, split_at_width
from discreet._encoding.console.values import duration
from discreet.cli.trace.rows import Row, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._encoding.console.style import Palette
    from discreet._encoding.console.values import Token
    from discreet.cli.trace.tree import Span, Trace

_OFFSET = 9
_DURATION = 8
_LONGEST_SERVICE = 16
_ASCII = str.maketrans(
    {"━": "=", "╺": "=", "╸": "=", "│": "|", "├": "|", "└": "`", "─": "-", "…": "~", "·": ",", "µ": "u"}
)


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
        drawn = list(rows(trace))
        names = max((display_width(escape(row.service)) for row in drawn), default=0)
        columns = min(names, _LONGEST_SERVICE)
        for row in drawn:
            yield self._line(row, trace, columns)
        yield from self._remarks(trace)

    def _head(self, trace: Trace) -> Iterator[str]:
        first = min(trace.records, key=lambda record: record.time_ns)
        trace_id = escape(first.trace_id or "none")
        requests = sorted({escape(record.request_id) for record in trace.records if record.request_id})
        parts: list[Token] = [("trace ", "quiet"), (trace_id, "message")]
        if requests:
            more = f" and {len(requests) - 1} more" if len(requests) > 1 else ""
            parts += [("   request ", "quiet"), (requests[0] + more, "message")]
        yield self._cut(parts, self.width)
        services = sorted({record.identity.service or "-" for record in trace.records})
        spans = sum(1 for span in trace.spans() if not span.absent)
        errors = sum(1 for record in trace.records if record.level >= 40)
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(trace.start // 10**9))
        summary: list[Token] = [(f"{began}.{trace.start // 10**6 % 1000:03d}", "quiet"), (" · ", "quiet")]
        summary.append((duration((trace.end - trace.start) / 1e6), "value"))
        for number, name in ((len(services), "service"), (spans, "span"), (len(trace.records), "record")):
            summary += [(" · ", "quiet"), (counted(number, name), "value")]
        if errors:
            summary += [(" · ", "quiet"), (counted(errors, "error"), "bad")]
        yield self._cut(summary, self.width)

    def _line(self, row: Row, trace: Trace, columns: int) -> str:
        offset = "" if row.time is None else _offset(max(0, row.time - trace.start))
        shown, _ = split_at_width(escape(row.service), columns) if row.service else ("", "")
        line = self.palette.paint(self._plain(offset.rjust(_OFFSET)), "time") + "  "
        line += self.palette.service(self._plain(shown), row.service) + " " * (columns - display_width(shown) + 2)
        used = _OFFSET + 2 + columns + 2
        span = row.span
        if span is None or span.absent:
            return (line + self._cut([(row.trunk, "quiet"), *row.tokens], self.width - used)).rstrip()
        right = _DURATION + 2 + (self.bar + 2 if self.bar else 0)
        room = self.width - used - right
        label = self._cut([(row.trunk, "quiet"), *row.tokens], room, fill=True)
        return f"{line}{label}  {self._bar(span, row.service, trace)}{self._took(span)}".rstrip()

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

    def _took(self, span: Span) -> str:
        text = duration((span.end - span.start) / 1e6) if span.record is not None else "?"
        return self.palette.paint(self._plain(text.rjust(_DURATION)), "bad" if span.failed else "value")

    def _remarks(self, trace: Trace) -> Iterator[str]:
        moved = {span.machine: span.moved for span in trace.spans() if span.moved}
        if moved:
            yield ""
        for machine, by in sorted(moved.items()):
            way = "forward" if by > 0 else "back"
            text = f"The clock of {escape(machine)} differs: its times were moved {way} by {duration(abs(by) / 1e6)}."
            yield self.palette.paint(self._plain(text), "quiet")

    def _cut(self, tokens: list[Token], room: int, *, fill: bool = False) -> str:
        """The tokens painted: cut at `room` columns with an ellipsis, and with `fill` padded to that width."""
        parts: list[str] = []
        left = room
        total = sum(display_width(text) for text, _ in tokens)
        for text, role in tokens:
            if total > room and display_width(text) >= left:
                kept = split_at_width(text, left - 1)[0] if left > 1 else ""
                parts.append(self.palette.paint(self._plain(kept), role) + self._plain("…"))
                return "".join(parts) + (" " * (left - 1 - display_width(kept)) if fill else "")
            parts.append(self.palette.paint(self._plain(text), role))
            left -= display_width(text)
        return "".join(parts) + (" " * left if fill else "")

    def _plain(self, text: str) -> str:
        return text.translate(_ASCII) if self.ascii_only else text


def _offset(nanoseconds: int) -> str:
    milliseconds = nanoseconds / 1e6
    return f"+{milliseconds:.0f} ms" if milliseconds < 10_000 else f"+{milliseconds / 1000:.1f} s"
