"""The console format, for people: a record's line, and its exception below.

    12:04:31.207  INFO      app.orders            order placed                    order_id=42 tenant=acme    4bf92f35

Time (local), severity, logger, message, fields of the call, fields of the context, trace id. All text from data is
escaped (escape.py). A traceback is in Python's order: the first cause on top, the error that was raised last below.
The exception may also come from a file (`discreet pretty`): any key may be missing, any value of another type.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._base.diagnostics import counted
from discreet._base.escape import display_width, escape
from discreet._base.levels import WARNING, severity_name
from discreet._base.source_paths import is_library, readable_path
from discreet._encoding.console.style import (
    Layout,
    Palette,
    color_count,
    field_tokens,
    ordered,
    terminal_width,
    text_of,
    wants_color,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from discreet._encoding.console.style import Clean, Token
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

    Text of several lines stands below the record, each line behind the gutter of tracebacks.
    """

    splits_lines = True
    """Whether text of several lines is shown as lines; else its line breaks are escaped."""

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
        self._dates = dates
        self._second: tuple[int, str] = (-1, "")
        self._day: str | None = None

    def __call__(self, record: Redacted, prefix: str = "") -> bytes:
        """The record's line and its traceback's lines; `prefix` (a container's name, for example) comes first.

        Between two records of different days stands the new date, where lines do not have it.
        """
        layout = self.layout()
        self._new_day(record.time_ns, layout)
        self._line(record, layout, prefix)
        self._long_texts(record, layout)
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
        message = self._clean(record.message.partition("\n")[0] if self.splits_lines else record.message)
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

    def _long_texts(self, record: Record, layout: Layout) -> None:
        """What has several lines: the rest of the message, and each such field under its name."""
        if not self.splits_lines:
            return
        writer = TracebackWriter(layout, self._clean)
        writer.plain(record.message.partition("\n")[2])
        for name, value in (*record.fields.items(), *record.ambient.items()):
            if type(value) is str and "\n" in value:
                writer.plain(f"{self._clean(name)}:", "key")
                writer.plain("\n".join(f"  {line}" for line in value.splitlines()))

    def _traceback(self, record: Record, layout: Layout) -> None:
        writer = TracebackWriter(layout, self._clean)
        if isinstance(record.exception, dict) and record.exception:
            writer.exception(record.exception)
        elif record.stacktrace:
            writer.plain(record.stacktrace)

    def _new_day(self, time_ns: int, layout: Layout) -> None:
        if self._dates or time_ns // 1_000_000_000 == self._second[0]:
            return
        try:
            day = time.strftime("%Y-%m-%d", time.localtime(time_ns // 1_000_000_000))
        except (OSError, OverflowError, ValueError):  # beyond the platform's calendar
            return
        before, self._day = self._day, day
        if before is not None and before != day:
            layout.put(f"── {day} ──", "quiet")
            layout.end_line()

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
        severity = severity_name(record.level)
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
        shown = [(name, value, "key") for name, value in ordered(record.fields, record.message)]
        shown += [(name, value, "ambient") for name, value in record.ambient.items()]
        if self.splits_lines:
            shown = [part for part in shown if type(part[1]) is not str or "\n" not in part[1]]
        chunks = [field_tokens(name, value, clean, role) for name, value, role in shown]
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


_LONGEST_CHAIN = 50
_DEEPEST_GROUP = 12
_OMITTED = "<omitted>"
_SHORTEST_FOLD = 4

Gutter = tuple[str, str]
"""What a traceback line starts with: bare, to measure, and painted."""


class TracebackWriter:
    """Writes one record's exception to a layout, each line behind a gutter that data cannot imitate."""

    def __init__(self, layout: Layout, clean: Clean, margin: str = "  ") -> None:
        self._layout = layout
        self._clean = clean
        self._gutter: Gutter = (margin + "│ ", margin + layout.palette.paint("│", "gutter") + " ")

    def exception(self, description: Mapping[str, object], gutter: Gutter | None = None, depth: int = 0) -> None:
        """A described exception with all it was caused by; inside a group, behind the group's gutter."""
        gutter = gutter or self._gutter
        chain: list[tuple[Mapping[str, object], str]] = [(description, "")]
        while len(chain) < _LONGEST_CHAIN:
            latest = chain[-1][0]
            cause = _mapping(latest.get("cause"))
            earlier = _mapping(latest.get("context")) if cause is None else cause
            if earlier is None:
                break
            chain.append((earlier, "while handling that" if cause is None else "the direct cause of"))
        for member, relation in reversed(chain):
            self._one(member, gutter, depth)
            if relation:
                self._line(gutter)
                self._line(gutter, (f"── {relation} ──", "quiet"))
                self._line(gutter)

    def plain(self, text: str, role: str = "code") -> None:
        """A traceback that is only text, or another text of several lines."""
        for line in text.splitlines():
            self._line(self._gutter, (line.expandtabs(4), role))

    def _one(self, description: Mapping[str, object], gutter: Gutter, depth: int) -> None:
        self._frames(_mappings(description.get("frames")), gutter)
        self._headline(description, gutter)
        children = _mappings(description.get("exceptions"))
        if children and depth >= _DEEPEST_GROUP:
            self._line(gutter, (f"… {len(children)} more inside", "quiet"))
            return
        for number, child in enumerate(children, 1):
            last = number == len(children)
            branch, trunk = ("└─ ", "   ") if last else ("├─ ", "│  ")
            self._line(self._deeper(gutter, branch), (f"{number} of {len(children)}", "quiet"))
            self.exception(child, self._deeper(gutter, trunk), depth + 1)

    def _headline(self, description: Mapping[str, object], gutter: Gutter) -> None:
        name = _text(description.get("type")) or "Exception"
        if name == _OMITTED:  # stands for exceptions that were left out when this one was described
            self._line(gutter, ("… " + (_text(description.get("message")) or "more exceptions"), "quiet"))
            return
        module = _text(description.get("module"))
        if module and module not in ("builtins", "__main__") and "." not in name:
            name = f"{module}.{name}"
        message = _text(description.get("message"))
        first, *others = message.splitlines() or [""]
        self._line(gutter, (name, "bad"), (f": {first}" if first else "", "message"))
        for line in others:
            self._line(gutter, ("  " + line.expandtabs(4), "message"))
        for note in _items(description.get("notes")):
            for line in _text(note).splitlines():
                self._line(gutter, ("  " + line.expandtabs(4), "warn"))

    def _frames(self, frames: Sequence[Mapping[str, object]], gutter: Gutter) -> None:
        repeated = 0
        places = [tuple(_text(frame.get(key)) for key in ("file", "line", "function")) for frame in frames]
        folded = _folds(frames)
        for position, frame in enumerate(frames):
            if position in folded:
                if folded[position]:
                    self._line(gutter, (folded[position], "quiet"))
                continue
            if position > 1 and places[position] == places[position - 1] == places[position - 2]:
                repeated += 1
                continue
            self._repeated(repeated, gutter)
            repeated = 0
            self._frame(frame, gutter)
        self._repeated(repeated, gutter)

    def _repeated(self, times: int, gutter: Gutter) -> None:
        if times:
            self._line(gutter, (f"… the same frame {times} more times", "quiet"))

    def _frame(self, frame: Mapping[str, object], gutter: Gutter) -> None:
        if frame.get("file") == _OMITTED:
            hidden = _text(frame.get("omitted"))
            self._line(gutter, (f"… {hidden} more frames" if hidden else "… more frames", "quiet"))
            return
        path, ours = readable_path(_text(frame.get("file")) or "?")
        line = frame.get("line")
        place = f"{path}:{line}" if isinstance(line, int) else path
        function = _text(frame.get("function"))
        self._begin(gutter)
        self._layout.flow(self._clean(place), "place" if ours else "quiet")
        if function:
            named = (self._clean(function), "function" if ours else "quiet")
            self._layout.chunk([("in ", "quiet"), named], gap=1)
        self._layout.end_line()
        code = _text(frame.get("code")).strip()
        for source in code.splitlines():
            self._line(gutter, ("    " + source.expandtabs(4), "code" if ours else "quiet"))
        for name, value in (_mapping(frame.get("locals")) or {}).items():
            # text_of cleans strings itself; a second pass finds nothing left to do
            self._line(gutter, (f"      {name} = {text_of(value, self._clean)}", "quiet"))

    def _line(self, gutter: Gutter, *parts: tuple[str, str]) -> None:
        self._begin(gutter)
        for text, role in parts:
            if text:
                self._layout.flow(self._clean(text), role)
        self._layout.end_line()

    def _begin(self, gutter: Gutter) -> None:
        bare, painted = gutter
        self._layout.indent(bare + "      ", painted + "      ")
        self._layout.put_painted(painted, len(bare))

    def _deeper(self, gutter: Gutter, branch: str) -> Gutter:
        return gutter[0] + branch, gutter[1] + self._layout.palette.paint(branch, "gutter")


def _folds(frames: Sequence[Mapping[str, object]]) -> dict[int, str]:
    """Frames of libraries that the console folds into one line each run: by position, the line or nothing.

    The first frame into a library stays, and the last before one's own code goes on or the error is raised. Of frames
    of discreet's own none stays.
    """
    folds: dict[int, str] = {}
    paths = [_text(frame.get("file")) for frame in frames]
    names = [readable_path(path)[0].partition("/")[0] for path in paths]
    for from_library, run in groupby(range(len(paths)), lambda number: is_library(paths[number])):
        numbers = list(run) if from_library else []
        others = [number for number in numbers if names[number] != "discreet"]
        shown = {*others[:1], *others[-1:]} if len(numbers) > _SHORTEST_FOLD else set(others)
        for is_shown, part in groupby(numbers, shown.__contains__):
            if not is_shown:
                inside = list(part)
                frames_of = ", ".join(dict.fromkeys(names[number] for number in inside))
                folds.update(dict.fromkeys(inside, ""))
                folds[inside[0]] = f"… {counted(len(inside), 'frame')} in {frames_of}"
    return folds


def _mapping(value: object) -> Mapping[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _items(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [cast("dict[str, object]", item) for item in _items(value) if isinstance(item, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else text_of(value, str)
