"""Frames of tracebacks and stacks: where, and which line of code, at the cost of two dictionary look-ups a frame."""

from __future__ import annotations

import linecache
import os
import stat
from collections import deque
from types import BuiltinFunctionType, FunctionType, ModuleType

from discreet._values.plain import Limits, to_plain
from discreet._values.text import PASS_THROUGH, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType, TracebackType
    from typing import TypeAlias

    from discreet._record import Plain

    Frame: TypeAlias = dict[str, Plain]
    Place: TypeAlias = tuple[FrameType, int | None]

_FIRST = 20
_LAST = 30
_LONGEST_CODE = 1_000
_LARGEST_FILE = 4 << 20
_MOST_FILES = 4096

LOCALS = Limits(max_depth=6, max_items=100, max_nodes=500, max_repr=1 << 16)
"""All variables of one frame together; a traceback has up to fifty frames."""

_DEFINITIONS = (ModuleType, FunctionType, BuiltinFunctionType, type)

_TRUSTED_LOADERS = frozenset({"_frozen_importlib_external", "_frozen_importlib", "importlib", "zipimport"})
"""Loaders whose source is on this machine; another one may fetch it over the network."""

_without_source: set[str] = set()


def frames_of(traceback: TracebackType | None, *, with_locals: bool = False) -> list[Frame]:
    """The frames of a traceback, newest last."""
    return _described(_along(traceback), with_locals=with_locals)


def stack(frame: FrameType | None) -> list[Frame]:
    """The frames from the bottom of the stack up to `frame`, newest last."""
    places: list[Place] = []
    while frame is not None:
        places.append((frame, frame.f_lineno))
        frame = frame.f_back
    places.reverse()
    return _described(places, with_locals=False)


def syntax_frame(error: SyntaxError) -> list[Frame]:
    """The place that a SyntaxError is about, which no frame has reached."""
    try:
        file, line, code = error.filename, error.lineno, error.text
    except PASS_THROUGH:
        raise
    except BaseException:  # a subclass with properties that fail
        return []
    if not isinstance(file, str) and not isinstance(line, int):
        return []
    place: Frame = {
        "file": str.__str__(file) if isinstance(file, str) else "<unknown>",
        "line": int.__int__(line) if isinstance(line, int) else 0,
        "function": "<syntax error>",
    }
    if isinstance(code, str) and code.strip():
        place["code"] = cut(str.__str__(code).strip(), _LONGEST_CODE)
    return [place]


def _along(traceback: TracebackType | None) -> Iterator[Place]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _described(places: Iterable[Place], *, with_locals: bool) -> list[Frame]:
    first: list[Place] = []
    last: deque[Place] = deque(maxlen=_LAST)
    total = 0
    for place in places:
        if total < _FIRST:
            first.append(place)
        else:
            last.append(place)
        total += 1
    frames = [_frame(frame, line, with_locals=with_locals) for frame, line in first]
    hidden = total - len(first) - len(last)
    if hidden > 0:
        frames.append({"file": "<omitted>", "line": 0, "function": f"<{hidden} more frames>", "omitted": hidden})
    frames.extend([_frame(frame, line, with_locals=with_locals) for frame, line in last])
    return frames


def _frame(frame: FrameType, line: int | None, *, with_locals: bool) -> Frame:
    code = frame.f_code
    file = code.co_filename
    found: Frame = {"file": file, "line": line or 0, "function": code.co_name}
    if line and file not in _without_source:
        text = _code_line(frame, file, line)
        if text:
            found["code"] = text
    if with_locals:
        found["locals"] = _locals(frame)
    return found


def _code_line(frame: FrameType, file: str, line: int) -> str:
    """One line of source. Once read, a file stays in `linecache`; one that has none is not asked for again."""
    try:
        entry = linecache.cache.get(file)
        if (entry is None or len(entry) == 1) and not _prepare(frame, file):
            return ""
        text = linecache.getline(file, line).strip()
        if entry is None and file not in linecache.cache:  # it was there, but could not be read
            _give_up(file)
    except PASS_THROUGH:
        raise
    except BaseException:  # no source is no reason to lose the exception
        return ""
    return text if len(text) <= _LONGEST_CODE else cut(text, _LONGEST_CODE)


def _prepare(frame: FrameType, file: str) -> bool:
    """Whether `linecache` may read this file: a regular one of reasonable size, or a trusted loader's."""
    try:
        status = os.stat(file)
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_FILE:
            return True
    except (OSError, ValueError):
        loader = frame.f_globals.get("__loader__")
        origin = (loader if isinstance(loader, type) else type(loader)).__module__
        if origin.partition(".")[0] in _TRUSTED_LOADERS and linecache.lazycache(file, frame.f_globals):
            return True
    _give_up(file)
    return False


def _give_up(file: str) -> None:
    if len(_without_source) >= _MOST_FILES:
        _without_source.clear()
    _without_source.add(file)


# Every module has a logger, and it explains no failure.
_LOGGERS = ("discreet._call.logger", "discreet._call.limits", "logging")


def _locals(frame: FrameType) -> Plain:
    """The variables of a frame. A module's own are mostly its definitions, which say nothing about the failure."""
    try:
        variables = dict(frame.f_locals)
    except PASS_THROUGH:
        raise
    except BaseException as error:
        return f"<reading them raised {type(error).__name__}>"
    skipped = _DEFINITIONS if frame.f_code.co_name == "<module>" else ()
    shown = {
        name: value
        for name, value in variables.items()
        if type(name) is str
        and name[:2] != "__"
        and not issubclass(type(value), skipped)
        and type(value).__module__ not in _LOGGERS
    }
    return to_plain(shown, LOCALS)
