"""Files to read lines from: by name, standard input as `-`, compressed with gzip or Zstandard or not."""

from __future__ import annotations

import os
import select
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

from discreet._base.compression import UTF16, decompressed, readable
from discreet._logfiles.chunks import chunks
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

_IN_MEMORY = 32 << 20


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
