"""Where the text of a stream ends: on the process's own console, or in what discreet writes itself."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO
from weakref import ref

from discreet._takeover.console_code import only_prints, write_method

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from discreet._delivery.runner import Runner

_MOST_PARTS = 50
"""Streams within streams that are followed."""
_MOST_KNOWN = 64


class Places:
    """The process's own streams, and the streams and files that sinks in force write to."""

    def __init__(self, runners: Sequence[Runner]) -> None:
        self.runners = runners
        self.token = object()
        """What was found out about handlers is marked with this, and holds as long as these places are in force."""
        self._stdout, self._stderr = sys.stdout, sys.stderr
        sinks = [runner.sink for runner in runners]
        targets = [getattr(sink, "target", None) for sink in sinks]
        candidates: list[TextIO | None] = [sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__]
        candidates += [target for target in targets if not isinstance(target, str)]
        self._streams = [stream for stream in candidates if stream is not None]
        paths: list[Any] = [getattr(sink, "path", None) for sink in sinks]
        self._paths = [os.path.realpath(path) for path in paths if hasattr(path, "__fspath__")]
        descriptors = {fd for stream in self._streams for fd in _descriptors(stream)}
        self._descriptors = descriptors
        found = map(_file_at, (*descriptors, *self._paths))
        self._files: set[tuple[int, int] | None] = {file for file in found if file is not None}
        if any(map(_is_terminal, descriptors)):
            terminal = _file_at("/dev/tty")  # the terminal of this process, by its other name
            self._files |= set() if terminal is None else {terminal}
        self._known: dict[int, tuple[ref[object], bool]] = {}

    def are_current(self, runners: Sequence[Runner]) -> bool:
        """Whether nothing has changed since: the sinks, and what `sys.stdout` and `sys.stderr` are."""
        return self.runners is runners and self._stdout is sys.stdout and self._stderr is sys.stderr

    def have(self, stream: object) -> bool:
        """Whether everything that is written to this stream ends at one of these places; never raises."""
        if stream is None:
            return False
        known = self._known.get(id(stream))
        if known is not None and known[0]() is stream:
            return known[1]
        try:
            found = self._all_ends(stream)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[id(stream)] = (ref(stream), found)
        except Exception:  # a stream with properties of its own, or without weak references
            return self._is_own(stream)
        return found

    def have_path(self, path: object) -> bool:
        """Whether a file that is not open yet is one of these places; never raises."""
        try:
            return _file_at(os.fspath(path)) in self._files or os.path.realpath(path) in self._paths  # type: ignore[call-overload]  # raises TypeError for what is no path
        except (TypeError, ValueError, OSError):
            return False

    def _is_own(self, stream: object) -> bool:
        # Flask's stream for a request's errors is the server's stderr.
        flask = getattr(sys.modules.get("flask.logging"), "wsgi_errors_stream", self)
        return stream is flask or any(stream is own for own in self._streams)

    def _all_ends(self, stream: Any) -> bool:
        """Whether the streams within a stream all end here; a stream that splits (`tee`) may end elsewhere too."""
        waiting: list[Any] = [stream]
        seen, found = set[int](), False
        while waiting:
            part = waiting.pop()
            if id(part) in seen:
                continue
            seen.add(id(part))
            if self._is_own(part) or only_prints(write_method(part), part, self.have):
                found = True
            elif issubclass(type(part), io.FileIO):
                fd = part.fileno()
                if fd not in self._descriptors and _file_at(fd) not in self._files:
                    return False
                found = True
            else:
                inner = list(_streams_within(part))
                if not inner or len(seen) > _MOST_PARTS:
                    return False
                waiting += inner
        return found


def _streams_within(stream: Any) -> Iterator[Any]:
    """The streams that a stream writes to, as its attributes tell; no code of its class is run."""
    classes: tuple[type, ...] = type(stream).__mro__
    if io.TextIOWrapper in classes:
        yield stream.buffer
        return
    if io.BufferedWriter in classes or io.BufferedRandom in classes:
        yield stream.raw
        return
    values: list[Any] = list(getattr(stream, "__dict__", {}).values())
    for base in classes:
        slots = vars(base).get("__slots__", ())
        values += [getattr(stream, name, None) for name in ((slots,) if isinstance(slots, str) else slots)]
    for value in values:
        for part in value if type(value) in (list, tuple, set) else (value,):
            if write_method(part) is not None:
                yield part


def _descriptors(stream: Any) -> Iterator[int]:
    """The descriptor of a stream of Python's own kinds; others may name one where their text does not go."""
    part = stream
    try:
        for _ in range(_MOST_PARTS):
            if issubclass(type(part), io.FileIO):
                yield part.fileno()
                return
            inner = list(_streams_within(part))
            if len(inner) != 1:
                return
            part = inner[0]
    except Exception:  # closed, detached, or with properties of its own
        return


def _file_at(place: int | str) -> tuple[int, int] | None:
    """What tells one file, pipe or device from all others; None where it cannot be known."""
    try:
        status = os.stat(place)
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None  # Windows gives all its devices 0


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
