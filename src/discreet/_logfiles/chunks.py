"""Logs that were written already: a stream in chunks of whole lines, in bounded memory."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from discreet._logfiles.groups import safe_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 256 << 10
"""Bytes of one chunk, more or less: enough to be worth a trip to another process."""

LONGEST = 8 << 20
"""Bytes of the longest line that is judged whole. Of a longer one, pieces are judged as text."""


def chunks(file: IO[bytes], cut: Callable[[bytes], int], size: int = CHUNK) -> Iterator[bytes]:
    """The bytes of a file, cut only where lines end that need not be judged together.

    A pipe is read as it comes: what is there leaves at once. `cut` says where to cut a line longer than `LONGEST`.
    """
    read = file.read1 if isinstance(file, io.BufferedReader) and not file.seekable() else file.read
    held = b""
    while True:
        block = read(size)
        if not block:
            break
        held += block
        last = held.rfind(b"\n", len(held) - len(block)) + 1
        # A mark of two lines that belong together may end in this block and begin in one before it.
        end = safe_end(held, last) if last else 0
        if not end and len(held) > LONGEST:
            end = last or cut(held)
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held
