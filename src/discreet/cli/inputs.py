"""Files to read lines from: by name, standard input as `-`, compressed with gzip or not."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

_IN_MEMORY = 32 << 20
_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1


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
                shutil.copyfileobj(sys.stdin.buffer, kept)
                files.append(kept)
            else:
                files.append(sys.stdin.buffer)
        yield files


def lines_of(file: IO[bytes]) -> Iterable[bytes]:
    """Every line from the start; from where it stands, for a stream that has no start to go back to."""
    try:
        file.seek(0)
        compressed = file.read(2) == _GZIP
        file.seek(0)
    except OSError:  # a pipe
        return file
    return gzip.GzipFile(fileobj=file) if compressed else file
