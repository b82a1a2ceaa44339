"""Files to read lines from: by name, standard input as `-`, compressed with gzip or Zstandard or not."""

from __future__ import annotations

import select
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, cast

from discreet._base.compression import UTF16, damages, decompressed, unreadable
from discreet._logfiles.chunks import chunks
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

_IN_MEMORY = 32 << 20


@contextmanager
def opened(names: Sequence[str], *, again: bool = False) -> Generator[list[IO[bytes]]]:
    """The files, each once. With `again` they can be read more than once: standard input is kept aside for that."""
    with ExitStack() as stack:
        files: list[IO[bytes]] = []
        for name in dict.fromkeys(names):
            if name != "-":
                files.append(stack.enter_context(open(name, "rb")))
            elif again:
                kept = cast("IO[bytes]", stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)))
                shutil.copyfileobj(_stdin(), kept)
                files.append(kept)
            else:
                files.append(_stdin())
        yield files


def _stdin() -> IO[bytes]:
    if sys.stdin is None:
        raise DiscreetError("standard input is closed")
    return sys.stdin.buffer


def lines_of(file: IO[bytes]) -> Iterable[bytes]:
    """Every line from the start; from where it stands, for a stream that has no start to go back to."""
    try:
        file.seek(0)
    except OSError:  # a pipe
        return file
    return decompressed(file)


class Input:
    """One file read in chunks. What goes wrong is said in `problem`, after whatever could be read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: DiscreetError | None = None
        self.file: IO[bytes] | None = None
        self._chunked = 0

    @property
    def size(self) -> int:
        """Bytes on the disk; 0 for a pipe."""
        if self.file is None or not self.file.seekable():
            return 0
        here = self.file.tell()
        size = self.file.seek(0, 2)
        self.file.seek(here)
        return size

    @property
    def done(self) -> int:
        """Bytes of it that were read, as they are on the disk."""
        if self.file is None or self.file.closed or not self.file.seekable():
            return self._chunked
        return self.file.tell()

    def open(self) -> bool:
        """Whether it can be opened."""
        try:
            self.file = _stdin() if self.name == "-" else open(self.name, "rb")  # noqa: SIM115 - closed by `close`
        except DiscreetError as error:
            self.problem = error
        except OSError as error:
            self.problem = unreadable(self.name, error)
        return self.file is not None

    def close(self) -> None:
        """Close it, unless it is standard input."""
        if self.file is not None and self.name != "-":
            self.file.close()

    def chunks(self, cut: Callable[[bytes], int]) -> Iterator[bytes]:
        """Its content without compression, in chunks of whole lines."""
        assert self.file is not None
        try:
            for number, chunk in enumerate(chunks(decompressed(self.file), cut)):
                if not number and chunk.startswith(UTF16):
                    self.problem = DiscreetError(f"{self.name}: UTF-16 cannot be judged. Convert it to UTF-8 first")
                    return
                self._chunked += len(chunk)
                yield chunk
        except DiscreetError as error:
            self.problem = error
        except Exception as error:
            if not isinstance(error, damages()):
                raise
            self.problem = unreadable(self.name, error)

    def idle(self) -> bool:
        """Whether reading would wait for somebody who writes to a pipe."""
        if self.file is None or self.file.closed or self.file.seekable():
            return False
        try:
            return not select.select([self.file], [], [], 0)[0]
        except (OSError, ValueError):  # Windows waits only for sockets
            return True
