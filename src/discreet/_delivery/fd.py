"""Write a whole line to a file descriptor."""

from __future__ import annotations

import os
import select

PATIENCE = 1.0
"""Seconds a non-blocking descriptor may stay full before the record is given up."""


class TornLineError(OSError):
    """Part of a line was written and the rest could not be: the next line must start with a newline."""


def write_line(fd: int, line: bytes) -> None:
    """One `write` of one line; a rest that a pipe did not take at once follows. Raises `OSError`."""
    written = 0
    while written < len(line):
        try:
            written += os.write(fd, line[written:] if written else line)
        except BlockingIOError:
            if not _writable(fd):
                raise _failure(TimeoutError(None, "the reader is stalled"), written) from None
        except OSError as error:
            raise _failure(error, written) from error


def _writable(fd: int) -> bool:
    poll = getattr(select, "poll", None)  # select() cannot watch descriptors above 1023; Windows has nothing else
    if poll is None:
        return bool(select.select([], [fd], [], PATIENCE)[1])
    watch = poll()
    watch.register(fd, select.POLLOUT)
    return bool(watch.poll(PATIENCE * 1000))


def _failure(error: OSError, written: int) -> OSError:
    return TornLineError(error.errno, "the line was cut short") if written else error
