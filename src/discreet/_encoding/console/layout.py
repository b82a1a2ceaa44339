"""Coloured text on lines of a terminal's width.

What does not fit continues on lines that start with our indent or gutter. Words longer than a line are broken too:
a terminal would continue them in its first column, where text from data could look like a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.escape import display_width, split_at_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from discreet._encoding.console.style import Palette
    from discreet._encoding.console.values import Token

_NARROWEST = 12  # columns for text; below that nothing is readable, so a line may exceed the terminal


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
