"""Many lines in few writes, without giving up what direct delivery promises: whole lines, each counted."""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of
from discreet._delivery.descriptor import TornLineError
from discreet._delivery.file.sink import File
from discreet._delivery.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from discreet._delivery.sink import Sink

_FILE_BYTES = 256 << 10
_PIPE_BYTES = getattr(select, "PIPE_BUF", 512)  # POSIX: so much is never mixed with what other processes write
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def write_lines(
    sink: Sink,
    lines: Sequence[bytes],
    delivered: Callable[[int], None],
    lost: Callable[[str, int], None],
    patient: Callable[[], bool],
) -> None:
    """Write every line or count it as lost. While `patient`, a reader that stalls is waited for.

    `delivered` and `lost` are told of lines in their order, each once.
    """
    most = _at_once(sink)
    at = one_by_one = 0  # lines before `one_by_one` failed together: each is tried alone
    # On a full disk that would be a thousand failures a batch. A line found no room there by itself: of those behind
    # it, only shorter ones are tried, until the next batch.
    too_long, full = sys.maxsize, ""
    while at < len(lines):
        end, size = at + 1, len(lines[at])
        if size >= too_long:
            while end < len(lines) and len(lines[end]) >= too_long:
                end += 1
            lost(full, end - at)
            at = end
            continue
        while one_by_one <= at and end < len(lines) and size + len(lines[end]) <= most:
            size += len(lines[end])
            end += 1
        try:
            with sink._lock:  # noqa: SLF001 - as its own `accept` does
                sink.write(b"".join(lines[at:end]) if end > at + 1 else lines[at])
        except TimeoutError:
            if not patient():
                lost("TimeoutError", 1)
                at += 1
        except Exception as error:  # whatever a sink raises: this line is lost, those behind it are not
            torn = isinstance(error, TornLineError)
            if not torn and end > at + 1:
                one_by_one = end
                continue
            whole = _whole(lines[at:end], getattr(error, "written", 0)) if torn else 0
            delivered(whole)
            at += whole
            if at < end:
                if end == at + 1 and isinstance(error, OSError) and error.errno in _NO_ROOM:
                    too_long, full, one_by_one = len(lines[at]), reason_of(error), len(lines)
                lost(reason_of(error), 1)
                at += 1
        else:
            delivered(end - at)
            at = end


def _whole(lines: Sequence[bytes], written: int) -> int:
    """How many lines so many bytes are."""
    for number, line in enumerate(lines):
        written -= len(line)
        if written < 0:
            return number
    return len(lines)


def _at_once(sink: Sink) -> int:
    """How many bytes one write may have; 0: one line each."""
    if isinstance(sink, File):
        return _FILE_BYTES
    if isinstance(sink, Stream):
        try:
            stream = sink.stream()
            if stream is not None:
                return _FILE_BYTES if stat.S_ISREG(os.fstat(stream.fileno()).st_mode) else _PIPE_BYTES
        except (OSError, ValueError, AttributeError):
            return 0
    return 0
