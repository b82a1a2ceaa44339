"""`discreet scan`: the files behind the given paths, and their content in chunks of whole lines."""

from __future__ import annotations

import codecs
import os
import stat
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, cast

from discreet._base.compression import UTF16, decompressed, readable, unreadable
from discreet._logfiles.chunks import chunks
from discreet.cli.inputs import open_input
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_VERSION_CONTROL = frozenset((".git", ".hg", ".svn", ".jj", "CVS"))
_SAMPLE = 8192  # bytes that are searched for a zero byte, which makes a file binary


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
