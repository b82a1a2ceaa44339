"""What commands print for people: messages, colours, headings and marks, and the progress of long work."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from typing import IO, TYPE_CHECKING

from discreet._base.escape import escape
from discreet._encoding.console.style import Palette, color_count, wants_color

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

_REDRAW_SECONDS = 0.1
_UNITS = ("B", "kB", "MB", "GB", "TB")


def say(text: object) -> None:
    """One line about the command itself, on standard error."""
    print(f"discreet: {text}", file=sys.stderr)


def palette(color: str) -> Palette:
    """The palette for standard output; `color` is "auto" (ask the terminal and its variables), "always" or "never"."""
    colored = wants_color(sys.stdout) if color == "auto" else color == "always"
    return Palette(color_count() if colored else 0)


def shows_unicode() -> bool:
    """Whether standard output can show more than ASCII."""
    return (sys.stdout.encoding or "utf-8").lower().startswith("utf")


class Page:
    """Pieces of a page for people on standard output. Text from outside is escaped."""

    def __init__(self, color: str) -> None:
        self.paint = palette(color).paint
        self.width = shutil.get_terminal_size((100, 24)).columns
        marks = ("✓", "✗", "·", "─") if shows_unicode() else ("ok", "FAIL", "-", "-")
        self.good, self.bad, self.dot, self.rule = marks

    def title(self, text: str) -> str:
        """An empty line and the name of a section."""
        return "\n" + self.paint(escape(text), "message")

    def mark(self, *, ok: bool) -> str:
        """Whether something is as it should be."""
        return self.paint(self.good, "good") if ok else self.paint(self.bad, "bad")

    def wrapped(self, text: str, role: str) -> Iterator[str]:
        """A text that may be long, on indented lines of its own."""
        width = max(40, self.width - 4)
        for line in textwrap.wrap(escape(text), width, break_long_words=False, break_on_hyphens=False):
            yield f"    {self.paint(line, role)}"


def counts_text(counts: Counter[str]) -> str:
    """`3 password, 1 jwt`: the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


class Progress:
    """How far a long command has come: one line, drawn again and again on a terminal's standard error.

    `total` is in bytes, 0 if unknown. Nothing is drawn where standard error is no terminal, or where the terminal
    shows standard output too: the two would overwrite each other.
    """

    def __init__(self, total: int = 0, *, quiet: bool = False, stream: IO[str] | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._shown = not quiet and self._stream.isatty() and not sys.stdout.isatty()
        self._total = total
        self._began = time.monotonic()
        self._drawn = 0.0

    def update(self, done: int) -> None:
        """So many bytes of the input are done."""
        now = time.monotonic()
        if self._shown and now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            rate = done / (now - self._began) if now > self._began else 0.0
            if self._total:
                part = min(1.0, done / self._total)
                minutes, rest = divmod(round((self._total - done) / rate) if rate and part < 1 else 0, 60)
                bar = ("#" * int(part * 30)).ljust(30, ".")
                amounts = f"{size_text(done)} of {size_text(self._total)}  {size_text(rate)}/s"
                line = f"[{bar}] {part:4.0%}  {amounts}  {minutes}:{rest:02d} left"
            else:
                line = f"{size_text(done)}  {size_text(rate)}/s"
            self._stream.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def size_text(size: float) -> str:
    """Bytes as a person reads them."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 99.95 else f"{size:.1f} {_UNITS[unit]}"
