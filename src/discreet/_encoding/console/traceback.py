"""Step 4, encode: an exception under its line, in Python's order: the first cause on top, the error raised last below.

It reads `record.exception` as `_exceptions.describe` builds it. It may also come from a file (`discreet pretty`),
so every key may be missing and every value of another type.
"""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING, cast

from discreet._base.lazy_pattern import lazy_pattern
from discreet._encoding.console.values import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._encoding.console.style import Layout
    from discreet._encoding.console.values import Clean

_LONGEST_CHAIN = 50
_DEEPEST_GROUP = 12
_OMITTED = "<omitted>"
_SHORTEST_FOLD = 4
_LIBRARIES = ("site-packages", "dist-packages")
_IN_LIBRARY = lazy_pattern(r"[/\\](?:site|dist)-packages[/\\]")

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

    def plain(self, stacktrace: str) -> None:
        """A traceback that is only text."""
        for line in stacktrace.splitlines():
            self._line(self._gutter, (line.expandtabs(4), "code"))

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

    The first frame into a library stays, and the last before one's own code goes on or the error is raised.
    """
    folds: dict[int, str] = {}
    paths = [_text(frame.get("file")) for frame in frames]
    for is_library, run in groupby(range(len(paths)), lambda number: _IN_LIBRARY.search(paths[number]) is not None):
        numbers = list(run)
        if is_library and len(numbers) > _SHORTEST_FOLD:
            inside = numbers[1:-1]
            names = dict.fromkeys(readable_path(paths[number])[0].partition("/")[0] for number in inside)
            folds.update(dict.fromkeys(inside, ""))
            folds[inside[0]] = f"… {len(inside)} frames in {', '.join(names)}"
    return folds


def readable_path(path: str) -> tuple[str, bool]:
    """A source path as short as it stays findable, and whether it is the application's own (not a library's)."""
    parts = path.replace("\\", "/").split("/")
    for folder in _LIBRARIES:
        if folder in parts:
            return "/".join(parts[parts.index(folder) + 1 :]) or path, False
    if path.startswith("<"):
        return path, False
    try:
        here = os.getcwd()
    except OSError:  # the working directory was removed
        return path, True
    if path.startswith(here + os.sep):
        return path[len(here) + 1 :], True
    return path, not path.startswith(_STANDARD_LIBRARY)


_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


def _mapping(value: object) -> Mapping[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _items(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [cast("dict[str, object]", item) for item in _items(value) if isinstance(item, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else text_of(value, str)
