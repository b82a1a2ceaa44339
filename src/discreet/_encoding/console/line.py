"""The console format, for people.

    12:04:31.207  INFO      app.orders            order placed                    order_id=42 tenant=acme    4bf92f35

Time (local), severity, logger, message, fields of the call, fields of the context, trace id; a traceback below.
All text from data is escaped (escape.py).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from discreet._base.escape import display_width, escape
from discreet._base.levels import WARNING, severity_text
from discreet._encoding.console.style import Layout, Palette, color_count, terminal_width, wants_color
from discreet._encoding.console.traceback import TracebackWriter, readable_path
from discreet._encoding.console.values import field_tokens, ordered

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._encoding.console.values import Token
    from discreet._record import Record, Redacted

__all__ = ["ConsoleEncoder", "color_count", "terminal_width", "wants_color"]

_TRACE_DIGITS = 8  # of 32; enough to distinguish the requests on a screen
_SHORT_SEVERITY = {"WARNING": "WARN", "CRITICAL": "CRIT"}


class _Columns(NamedTuple):
    """How wide each part is, by the width of the terminal (0 = no column of its own)."""

    severity: int
    logger: int
    message: int
    service: int


WIDE = _Columns(severity=8, logger=18, message=28, service=12)
_MEDIUM = _Columns(severity=8, logger=14, message=0, service=10)
_NARROW = _Columns(severity=5, logger=0, message=0, service=8)


class ConsoleEncoder:
    """A redacted record to the lines a person reads.

    `color` switches colours on (decide with `wants_color`), `colors` says how many: 16 (the terminal's theme) or
    256. `width` is the terminal's, in columns, or a function that finds it for each record; None never wraps.
    `services` adds a column for the service, `dates` the day before the time.
    """

    def __init__(
        self,
        *,
        color: bool = False,
        colors: int = 16,
        width: int | Callable[[], int | None] | None = None,
        services: bool = False,
        dates: bool = False,
    ) -> None:
        self.palette = Palette(colors if color else 0)
        self.services = services
        self._width = width
        self._clean: Callable[[str], str] = escape
        self._time_format = "%Y-%m-%d %H:%M:%S" if dates else "%H:%M:%S"
        self._second: tuple[int, str] = (-1, "")

    def __call__(self, record: Redacted, prefix: str = "") -> bytes:
        """The record's line and its traceback's lines; `prefix` (a container's name, for example) comes first."""
        layout = self.layout()
        self._line(record, layout, prefix)
        self._traceback(record, layout)
        return layout.text().encode("utf-8", "backslashreplace")

    def layout(self) -> Layout:
        """An empty layout with the terminal's current width."""
        return Layout(self.palette, self._width() if callable(self._width) else self._width)

    def _line(self, record: Record, layout: Layout, prefix: str = "") -> None:
        width = layout.width
        columns = WIDE if width is None or width >= 100 else _MEDIUM if width >= 72 else _NARROW
        self._head(record, self._clean(prefix), columns, layout)
        layout.indent(" " * (layout.used if width is None or width - layout.used >= 36 else 4))
        chunks = self._chunks(record, columns)
        trace = self._clean(trace_of(record))
        if trace and columns.logger:
            layout.right(trace, "trace")
        elif trace:
            chunks.append([(trace, "trace")])
        message = self._clean(record.message)
        layout.flow(message, "message")
        layout.space(self._padding(message, chunks, columns, layout))
        for number, chunk in enumerate(chunks):
            layout.chunk(chunk, 1 if number else 2)
        layout.end_line()

    def _padding(self, message: str, chunks: list[list[Token]], columns: _Columns, layout: Layout) -> int:
        """The spaces that align the fields with those of other lines, if the line still fits; else 0."""
        padding = columns.message - display_width(message)
        if not chunks or padding <= 0:
            return 0
        room = layout.room()
        fields = 1 + sum(1 + sum(display_width(text) for text, _ in chunk) for chunk in chunks)
        return padding if room is None or padding + fields <= room else 0

    def _traceback(self, record: Record, layout: Layout) -> None:
        writer = TracebackWriter(layout, self._clean)
        if isinstance(record.exception, dict) and record.exception:
            writer.exception(record.exception)
        elif record.stacktrace:
            writer.plain(record.stacktrace)

    def _time(self, time_ns: int) -> str:
        seconds, rest = divmod(time_ns, 1_000_000_000)
        known, text = self._second
        if known != seconds:
            try:
                text = time.strftime(self._time_format, time.localtime(seconds))
            except (OSError, OverflowError, ValueError):  # beyond the platform's calendar
                text = str(seconds)
            self._second = (seconds, text)
        return f"{text}.{rest // 1_000_000:03d}"

    def _head(self, record: Record, prefix: str, columns: _Columns, layout: Layout) -> None:
        layout.put(prefix, "quiet")
        layout.put(self._time(record.time_ns), "time")
        layout.put(" ")
        severity = severity_text(record.level)
        shown = severity if columns.severity >= 8 else _SHORT_SEVERITY.get(severity, severity)
        layout.put(shown, severity)
        layout.put(" " * (columns.severity - len(shown) + 1))
        if self.services:
            name = record.identity.service or "-"
            shown = shorten(self._clean(name), columns.service)
            layout.put_painted(self.palette.service(shown, name), display_width(shown))
            layout.space(columns.service - display_width(shown) + 1)
        if columns.logger:
            shown = shorten(self._clean(record.logger), columns.logger)
            layout.put(shown, "quiet")
            layout.space(columns.logger - display_width(shown) + 1)

    def _chunks(self, record: Record, columns: _Columns) -> list[list[Token]]:
        clean = self._clean
        chunks = [field_tokens(k, v, clean, "key") for k, v in ordered(record.fields, record.message)]
        chunks += [field_tokens(k, v, clean, "ambient") for k, v in record.ambient.items()]
        if not columns.logger and record.logger:
            chunks.append([(clean(record.logger), "quiet")])
        if record.source is not None and record.level >= WARNING and not record.exception:
            path = readable_path(record.source.file)[0].rpartition("/")[2]
            chunks.append([(clean(f"{path}:{record.source.line}"), "quiet")])
        return chunks


def trace_of(record: Record) -> str:
    """The short trace id, or request id if there is no trace."""
    return (record.trace_id or record.request_id or "")[:_TRACE_DIGITS]


def shorten(name: str, columns: int) -> str:
    """A dotted name in at most `columns`: first the packages become initials, then the beginning goes."""
    if display_width(name) <= columns:
        return name
    parts = name.split(".")
    for position in range(len(parts) - 1):
        parts[position] = parts[position][:1]
        shorter = ".".join(parts)
        if display_width(shorter) <= columns:
            return shorter
    last = parts[-1]
    while display_width(last) > columns - 1:
        last = last[max(1, len(last) - columns + 1) if len(last) >= columns else 1 :]
    return "…" + last
