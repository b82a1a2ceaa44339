"""What commands read: files and folders, compressed or not, and the record in a JSON line, whatever stands before it.

A line may come from anywhere, so each part is checked before it counts as one of discreet's.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import select
import shutil
import stat
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, cast

from discreet._base.compression import UTF16, decompressed, readable, unreadable
from discreet._base.levels import parse_level
from discreet._encoding.console.style import text_of
from discreet._logfiles.chunks import CONTAINER_PREFIX, chunks
from discreet._record import RESERVED, Identity, Record, Source
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from discreet._record import Plain, Redacted

_IN_MEMORY = 32 << 20

_SCHEMA = "discreet/"
_RESERVED = frozenset(RESERVED)
_NAMES = ("service", "version", "environment", "host")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-]\d\d):?(\d\d))", re.ASCII
)
_PREFIX = re.compile(rb"\s*" + CONTAINER_PREFIX.encode())  # without the colours that docker compose gives it
_COLOR = re.compile(rb"\x1b\[[0-9;]*m")

_VERSION_CONTROL = frozenset((".git", ".hg", ".svn", ".jj", "CVS"))
_SAMPLE = 8192  # bytes that are searched for a zero byte, which makes a file binary


class Input:
    """One file to read. What goes wrong is added to `problems`, after all that could be read."""

    def __init__(self, name: str, file: IO[bytes], problems: list[DiscreetError]) -> None:
        self.name = name
        self.file = file
        self.problems = problems
        self._on_disk = file.seekable()
        self._read = 0

    def __iter__(self) -> Iterator[bytes]:
        """Its lines, from the start each time. Raises `UnreadableError` where it cannot be read."""
        with readable(self.name):
            with suppress(OSError):  # a pipe has no start to go back to
                self.file.seek(0)
            yield from decompressed(self.file)

    @property
    def size(self) -> int:
        """Bytes on the disk; 0 for a pipe."""
        return os.fstat(self.file.fileno()).st_size if self._on_disk else 0

    @property
    def done(self) -> int:
        """How many of the bytes on the disk were read; for a pipe, how many bytes came after decompression."""
        return self.file.tell() if self._on_disk else self._read

    def chunks(self, cut: Callable[[bytes], int]) -> Iterator[bytes]:
        """Its content without compression, in chunks of whole lines."""
        try:
            with readable(self.name):
                for chunk in chunks(decompressed(self.file), cut):
                    if not self._read and chunk.startswith(UTF16):
                        text = f"{self.name}: UTF-16 is not supported. Convert it to UTF-8 first"
                        self.problems.append(DiscreetError(text))
                        return
                    self._read += len(chunk)
                    yield chunk
        except DiscreetError as error:
            self.problems.append(error)

    def idle(self) -> bool:
        """Whether reading would wait for a program that writes to a pipe."""
        if self._on_disk:
            return False
        try:
            return not select.select([self.file], [], [], 0)[0]
        except (OSError, ValueError):  # Windows waits only for sockets
            return True


@contextmanager
def inputs(names: Sequence[str]) -> Generator[tuple[list[Input], list[DiscreetError]]]:
    """The files, each once, and a list of what went wrong when others were opened, and later when these were read."""
    opened: list[Input] = []
    problems: list[DiscreetError] = []
    with ExitStack() as stack:
        for name in dict.fromkeys(names):
            try:
                file = open_input(name)
            except DiscreetError as error:
                problems.append(error)
                continue
            if name != "-":
                stack.enter_context(file)
            opened.append(Input(name, file, problems))
        yield opened, problems


def open_input(name: str) -> IO[bytes]:
    """The file of this name, `-` for standard input; raises `UnreadableError`."""
    if name != "-":
        with readable(name):
            return open(name, "rb")
    if sys.stdin is None:
        raise DiscreetError("standard input is closed")
    return sys.stdin.buffer


@contextmanager
def line_files(names: Sequence[str], *, again: bool = False) -> Generator[list[Input]]:
    """The files, each once; all must open. With `again` standard input can be read again too: it is kept on disk."""
    with inputs(names) as (opened, problems), tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        if problems:
            raise problems[0]
        for each in opened:
            if again and each.name == "-":
                shutil.copyfileobj(each.file, kept)
                each.file = cast("IO[bytes]", kept)
        yield opened


def parse_line(line: bytes) -> Redacted | None:
    """The record in a line; None if it holds none of discreet's."""
    found = read_line(line)
    return None if found is None else found[2]


def read_line(line: bytes) -> tuple[str, dict[str, object], Redacted] | None:
    """What stands before a line's JSON object, the object, and its record; None if it holds none of discreet's."""
    start = line.find(b"{")
    if start < 0 or b'"schema"' not in line:
        return None
    before = _COLOR.sub(b"", line[:start])
    if _PREFIX.fullmatch(before) is None:
        return None
    try:
        # It starts with a brace, so it is an object if it is anything.
        values = cast("dict[str, object]", json.loads(line[start:]))
    except (ValueError, RecursionError):  # not JSON, not UTF-8, a number without end, or nested without end
        return None
    record = _record(values)
    return None if record is None else (before.decode("ascii", "replace").lstrip(), values, record)


def _record(values: dict[str, object]) -> Redacted | None:
    schema, timestamp, severity, message = map(values.get, ("schema", "timestamp", "severity", "message"))
    if not isinstance(schema, str) or not schema.startswith(_SCHEMA):
        return None
    level = None
    with suppress(ValueError):
        level = parse_level(severity if isinstance(severity, str) else "")
    time_ns = parse_timestamp(timestamp) if isinstance(timestamp, str) else None
    if level is None or time_ns is None or not isinstance(message, str):
        return None
    record = Record()
    record.time_ns = time_ns
    record.level = level
    record.message = message
    for name in ("template", "trace_id", "span_id", "request_id", "thread", "task", "stacktrace"):
        setattr(record, name, text_at(values, name))
    record.logger = text_at(values, "logger") or ""
    record.source = _source(values.get("source"))
    exception = values.get("exception")
    record.exception = cast("dict[str, Plain]", exception) if isinstance(exception, dict) else None
    process = values.get("process")
    service, version, environment, host = (text_at(values, name) for name in _NAMES)
    record.identity = Identity(service, version, environment, host, process if isinstance(process, int) else None)
    record.fields = {key: value for key, value in values.items() if key not in _RESERVED}
    record.ambient = {}
    # The line was redacted before it was written.
    return cast("Redacted", record)


def parse_timestamp(text: str) -> int | None:
    """RFC 3339 to nanoseconds since the epoch; None if `text` is no such time."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    try:
        seconds = int(datetime(year, month, day, hour, minute, tzinfo=timezone.utc).timestamp()) + second
    except ValueError:  # the 31st of February
        return None
    if second > 60:  # 60 is a leap second
        return None
    if found[8] is not None:
        offset = abs(int(found[8])) * 3600 + int(found[9]) * 60
        seconds += offset if found[8][0] == "-" else -offset
    return seconds * 1_000_000_000 + int((found[7] or "0").ljust(9, "0"))


def text_at(values: Mapping[str, object], key: str) -> str | None:
    """A value as text: a string as it is, anything else as the console shows it; None if the key is missing."""
    value = values.get(key)
    return value if value is None or isinstance(value, str) else text_of(value, str)


def _source(value: object) -> Source | None:
    if not isinstance(value, dict):
        return None
    file, line, function = map(cast("dict[str, object]", value).get, ("file", "line", "function"))
    if not isinstance(file, str) or not isinstance(line, int):
        return None
    return Source(file, line, function if isinstance(function, str) else "")


class Files:
    """The files to scan, in order. What could not be read is in `failed`, what was left out in `skipped`."""

    def __init__(self, paths: Sequence[str], exclude: Sequence[str], limit: int | None = None) -> None:
        self._paths = tuple(dict.fromkeys(paths))
        self._exclude = tuple(exclude)
        self._limit = limit
        self.names: list[str] = []
        self.skipped: list[dict[str, str]] = []
        self.failed: list[DiscreetError] = []
        self.size = 0
        """Bytes read so far, after decompression."""

    @property
    def scanned(self) -> int:
        """How many files were scanned."""
        return len(self.names) - sum(skipped["reason"] == "binary" for skipped in self.skipped)

    def chunks(self, cut: Callable[[bytes], int]) -> Iterator[tuple[int, bytes]]:
        """The content of every file, one file after the other, with the number of the file's name in `names`."""
        seen: set[str] = set()
        for name in self._names():
            place = name if name == "-" else os.path.abspath(name)
            if place in seen:  # given twice, or also in a folder that was given
                continue
            seen.add(place)
            try:
                with ExitStack() as stack, readable(name):
                    file = open_input(name)
                    if name != "-":
                        stack.enter_context(file)
                    number = len(self.names)
                    self.names.append("<stdin>" if name == "-" else _shown(name))
                    for content in self._text(name, file, cut):
                        self.size += len(content)
                        yield number, content
            except DiscreetError as error:
                self.failed.append(error)

    def _names(self) -> Iterator[str]:
        for path in self._paths:
            if path == "-" or not os.path.isdir(path):
                if path == "-" or not self._excluded(path):
                    yield path
                continue
            for folder, folders, files in os.walk(path, onerror=self._fail):
                inner = sorted(set(folders) - _VERSION_CONTROL)
                folders[:] = [name for name in inner if not self._excluded(os.path.join(folder, name))]
                for name in sorted(files):
                    full = os.path.join(folder, name)
                    if not self._excluded(full) and self._regular(full):
                        yield full

    def _fail(self, error: OSError) -> None:
        self.failed.append(unreadable(str(error.filename), error))

    def _skip(self, name: str, reason: str) -> None:
        self.skipped.append({"file": name, "reason": reason})

    def _excluded(self, path: str) -> bool:
        path = os.path.normpath(path).replace(os.sep, "/")
        name = path.rpartition("/")[2]
        return any(
            fnmatchcase(path, pattern) or fnmatchcase(name, pattern) or path.endswith("/" + pattern.rstrip("/"))
            for pattern in self._exclude
        )

    def _regular(self, path: str) -> bool:
        """Whether to open it. Links, pipes and devices are not opened: a link could lead out of the given folder."""
        try:
            found = os.lstat(path)
        except OSError as error:
            self._fail(error)
            return False
        if not stat.S_ISREG(found.st_mode):
            return False
        if self._limit is not None and found.st_size > self._limit:
            self._skip(_shown(path), "larger than --max-size")
            return False
        return True

    def _text(self, name: str, file: IO[bytes], cut: Callable[[bytes], int]) -> Iterator[bytes]:
        plain = decompressed(file)
        if name != "-" and plain is file:
            start = file.read(_SAMPLE) if file.seekable() else b""
            if start:
                file.seek(0)
            if start.startswith(UTF16):
                plain = cast("IO[bytes]", codecs.EncodedFile(file, "utf-8", "utf-16", "replace"))
            elif b"\0" in start:
                self._skip(self.names[-1], "binary")
                return
        for first, content in enumerate(chunks(plain, cut)):
            if not first and plain is not file and b"\0" in content[:_SAMPLE]:
                self._skip(self.names[-1], "binary")
                return
            yield content


def _shown(path: str) -> str:
    return path.replace(os.sep, "/").removeprefix("./")
