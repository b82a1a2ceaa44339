"""How the console format looks: fields as `key=value`, colours, and lines of a terminal's width.

A text that does not fit continues on lines that start with our indent or gutter. Words longer than a line are broken
too: a terminal would continue them in its first column, where text from data could look like a record.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from discreet._base.escape import display_width, split_at_width
from discreet._base.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from typing import Any

Token = tuple[str, str]
"""Escaped text, and the role that determines its colour."""

Clean = Callable[[str], str]
"""Escapes text from data (see escape.py)."""

_needs_quotes = lazy_pattern(r'[\s"=]|\A\Z')
_needs_quotes_inside = lazy_pattern(r'[\s"=,:\[\]{}]|\A\Z')
_marker = lazy_pattern(r"\[REDACTED:[a-z0-9-]+\]")
_STATUS_KEYS = frozenset(("status", "status_code", "http_status", "http.status_code", "http.response.status_code"))
_IN_A_REQUESTS_MESSAGE = ("http.request.method", "http.route", "url.path", "http.response.status_code")
_SLOW = 1000  # milliseconds
_MOST = 1e15  # milliseconds; beyond that it is no duration but a mistake, shown as the number it is
_DEEPEST = 40  # deeper values are unreadable, and the interpreter's stack is limited


def field_tokens(key: str, value: object, clean: Clean, role: str) -> list[Token]:
    """One field; `role` colours its key."""
    if key == "duration_ms" and isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _MOST:
        return [("duration", role), ("=", "quiet"), (duration(value), "warn" if value >= _SLOW else "value")]
    return [(_quoted(str(key), clean, _needs_quotes), role), ("=", "quiet"), (text_of(value, clean), _role(key, value))]


def text_of(value: object, clean: Clean) -> str:
    """A plain value on one line: scalars as they are, strings quoted only if needed, containers like compact JSON."""
    if isinstance(value, str):
        return _quoted(value, clean, _needs_quotes)
    return _nested(value, clean, 0)


def duration(milliseconds: float) -> str:
    """Milliseconds with the unit people say: `840µs`, `12.3ms`, `1.24s`, `2m03s`, `1h02m`."""
    if milliseconds < 1:
        return f"{milliseconds * 1000:.0f}µs"
    if milliseconds < 1000:
        return f"{milliseconds:.1f}ms" if milliseconds < 99.95 else f"{milliseconds:.0f}ms"
    seconds = milliseconds / 1000
    if seconds < 59.995:
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def ordered(fields: Mapping[str, object], message: str) -> Iterator[tuple[str, object]]:
    """The fields in the order in which they are shown: a span's status and duration first.

    Of a span's fields the console omits its kind and its parent's id, and those that its message contains already (its
    name; method, route, path and status of a request). JSON keeps them all.
    """
    if "span" not in fields or "duration_ms" not in fields:
        yield from fields.items()
        return
    told = {"span_kind", "parent_span_id"}
    words = message.split()
    if str(fields["span"]) in message:
        told.add("span")
    told.update(key for key in _IN_A_REQUESTS_MESSAGE if str(fields.get(key)) in words)
    for key in ("status", "duration_ms"):
        if key in fields:
            told.add(key)
            yield key, fields[key]
    for key, value in fields.items():
        if key not in told:
            yield key, value


def _role(key: str, value: object) -> str:
    if isinstance(value, str) and _marker.fullmatch(value):
        return "masked"
    if key not in _STATUS_KEYS:
        return "value"
    if isinstance(value, int) and not isinstance(value, bool):
        return "bad" if 500 <= value < 600 else "warn" if 400 <= value < 500 else "value"
    return "bad" if value == "error" else "value"


def _quoted(text: str, clean: Clean, needs_quotes: re.Pattern[str]) -> str:
    safe = clean(text)
    if needs_quotes.search(safe) is None or _marker.fullmatch(safe):
        return safe
    inner = safe.replace('"', '\\"')
    return f'"{inner}"'


def _nested(value: object, clean: Clean, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        try:
            text = repr(value)
        except ValueError:  # an integer longer than the interpreter converts to decimal (4,300 digits)
            return hex(cast("int", value))
        # Nobody reads the sixteenth digit of 0.30000000000000004; JSON has it.
        return f"{value:.6g}" if isinstance(value, float) and len(text) > 12 else text
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        pairs = (
            f"{_quoted(str(key), clean, _needs_quotes_inside)}: {_nested(item, clean, depth + 1)}"
            for key, item in items
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        listed = cast("list[object]", value)
        return "[" + ", ".join(_nested(item, clean, depth + 1) for item in listed) + "]"
    return _quoted(str(value), clean, _needs_quotes_inside)


RESET = "\x1b[0m"
_NARROWEST = 12  # columns for text; below that nothing is readable, so a line may exceed the terminal

# The style of each part of a line, as parameters of SGR (ECMA-48, 8.3.117): for 16 colours, which follow the user's
# theme, and for 256. Only the severity has a strong colour.
_STYLES = {
    "time": ("2", "38;5;245"),
    "quiet": ("2", "38;5;245"),
    "trace": ("2", "38;5;245"),
    "message": ("1", "1"),
    "key": ("36", "38;5;73"),
    "ambient": ("2;36", "38;5;66"),
    "value": ("", ""),
    "good": ("32", "38;5;71"),
    "warn": ("33", "38;5;178"),
    "masked": ("35", "38;5;139"),
    "bad": ("1;31", "1;38;5;203"),
    "gutter": ("31", "38;5;131"),
    "place": ("36", "38;5;73"),
    "function": ("33", "38;5;180"),
    "code": ("", ""),
    "TRACE": ("2", "38;5;245"),
    "DEBUG": ("34", "38;5;67"),
    "INFO": ("32", "38;5;71"),
    "WARNING": ("1;33", "1;38;5;214"),
    "ERROR": ("1;31", "1;38;5;203"),
    "CRITICAL": ("1;97;41", "1;38;5;231;48;5;160"),
}
_SERVICES_16 = ("36", "35", "34", "32", "33", "96", "95", "94", "92")
_SERVICES_256 = tuple(f"38;5;{n}" for n in (75, 176, 114, 180, 80, 211, 149, 105, 216, 44, 141, 187))


class Palette:
    """Adds colours to text; with `colors` 0 it adds none."""

    __slots__ = ("_services", "_styles", "colors")

    def __init__(self, colors: int) -> None:
        self.colors = colors
        column = 1 if colors >= 256 else 0
        self._styles = {role: both[column] for role, both in _STYLES.items()} if colors else {}
        self._services = _SERVICES_256 if colors >= 256 else _SERVICES_16

    def paint(self, text: str, role: str) -> str:
        """`text` in the colour of `role`, reset at its end."""
        parameters = self._styles.get(role)
        return f"\x1b[{parameters}m{text}{RESET}" if parameters and text else text

    def service(self, text: str, name: str) -> str:
        """`text` in the colour that belongs to a service, the same in every process and run."""
        if not self.colors or not text:
            return text
        chosen = self._services[zlib.crc32(name.encode("utf-8", "replace")) % len(self._services)]
        return f"\x1b[{chosen}m{text}{RESET}"


def wants_color(stream: Any, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to colour what goes to `stream`.

    `NO_COLOR`, when not empty, wins (no-color.org); then `FORCE_COLOR` (any value but empty, 0 and false; those
    two switch colours off); then `TERM=dumb`; then whether the stream is a terminal.
    """
    env = os.environ if environ is None else environ
    if env.get("NO_COLOR"):
        return False
    force = env.get("FORCE_COLOR")
    if force:
        return force.strip().lower() not in ("0", "false")
    if env.get("TERM") == "dumb":
        return False
    try:
        return bool(stream.isatty())
    except Exception:  # not a stream, or closed, or one of the program's own
        return False


def color_count(environ: Mapping[str, str] | None = None) -> int:
    """How many colours the terminal shows according to the environment: 256 or 16."""
    env = os.environ if environ is None else environ
    if "256" in env.get("TERM", "") or env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 256
    return 256 if env.get("FORCE_COLOR", "") in ("2", "3") else 16


def terminal_width(stream: Any) -> int | None:
    """The columns of the terminal behind `stream`; None if it is no terminal, which means: never wrap."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except Exception:  # closed, without a descriptor, or one of the program's own
        return None


class Layout:
    """Lines under construction. `width` None never wraps."""

    __slots__ = ("_indent", "_indent_width", "_line", "_lines", "_right", "palette", "used", "width")

    def __init__(self, palette: Palette, width: int | None) -> None:
        self.palette = palette
        self.width = width
        self.used = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._indent = ""
        self._indent_width = 0
        self._right: Token | None = None

    def indent(self, text: str, painted: str | None = None) -> None:
        """Set what the following continuation lines start with."""
        self._indent = text if painted is None else painted
        self._indent_width = display_width(text)

    def right(self, text: str, role: str) -> None:
        """Set the text at the end of this line (at the right edge, if lines have a width), and keep room for it."""
        self._right = (text, role)

    def put(self, text: str, role: str = "value") -> None:
        """Add text to this line without wrapping."""
        self._line.append(self.palette.paint(text, role))
        self.used += display_width(text)

    def put_painted(self, painted: str, columns: int) -> None:
        """Add text that contains its colours and is `columns` columns wide."""
        self._line.append(painted)
        self.used += columns

    def space(self, columns: int) -> None:
        """Add empty columns."""
        if columns > 0:
            self.put_painted(" " * columns, columns)

    def end_line(self) -> None:
        """End this line."""
        if self._right is not None:
            text, role = self._right
            size = display_width(text)
            self.space(2 if self.width is None else max(2, self.width - self.used - size))
            self.put(text, role)
            self._right = None
        self._lines.append("".join(self._line).rstrip(" "))
        self._line = []
        self.used = 0

    def chunk(self, tokens: Sequence[Token], gap: int) -> None:
        """Add a unit such as a field: on this line if it fits, else on the next."""
        size = sum(display_width(text) for text, _ in tokens)
        room = self.room()
        if room is not None and gap + size > room and self.used > self._indent_width:
            self._continue()
            gap = 0
        self.space(gap)
        for text, role in tokens:
            self.flow(text, role)

    def flow(self, text: str, role: str = "value") -> None:
        """Add text that is wrapped at spaces, or broken where there are none."""
        room = self.room()
        if room is None or self.width is None:
            self.put(text, role)
            return
        if room < 1 and self.used > self._indent_width:
            self._continue()
            room = self.width - self.used
        following = max(_NARROWEST, self.width - self._indent_width)
        for number, part in enumerate(wrap(text, max(1, room), following)):
            if number:
                self._continue()
            self.put(part, role)

    def room(self) -> int | None:
        """The columns left on this line; None if lines have no width."""
        if self.width is None:
            return None
        return self.width - self.used - (0 if self._right is None else display_width(self._right[0]) + 2)

    def text(self) -> str:
        """All finished lines, each with its newline."""
        return "\n".join(self._lines) + "\n"

    def _continue(self) -> None:
        self.end_line()
        self.put_painted(self._indent, self._indent_width)


def wrap(text: str, first: int, following: int) -> Iterator[str]:
    """`text` in parts of at most `first`, then `following` columns; a space at a break is dropped."""
    room = first
    while True:
        head, tail = split_at_width(text, room)
        if not tail:
            yield head
            return
        if tail[0] == " ":
            tail = tail[1:]
        else:
            space = head.rfind(" ")
            if space > 0:
                head, tail = head[:space], head[space + 1 :] + tail
        yield head
        text = tail
        room = following
