"""Lines on disk that a crash may have torn: each in a frame with its length, a checksum and a sequence number.

The sequence number shows which frames are from an earlier use of the same place, and how many are missing.
"""

from __future__ import annotations

import os
import struct
from binascii import crc32
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = struct.Struct("<IIQ")  # length of the line, checksum of sequence and line, sequence (from 1)
FRAME = HEADER.size
"""Bytes that a frame has beside its line."""


class Reading(NamedTuple):
    """The frames that could be read."""

    sequences: list[int]
    lines: list[bytes]
    missing: int
    """Frames that must have been there: gaps in the sequence numbers."""
    end: int
    """Where the last whole frame ends. What stands behind it was torn, or never written."""
    ends: Sequence[int] = ()
    """Where the frame of each line ends."""


def contents(fd: int) -> bytes:
    """Everything in an open file. Raises `OSError`."""
    parts: list[bytes] = []
    at = 0
    while part := os.pread(fd, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def pack(line: bytes, sequence: int) -> bytes:
    """One frame. Sequence numbers begin at 1, because an unwritten place reads as 0."""
    return HEADER.pack(len(line), crc32(line, sequence & 0xFFFFFFFF), sequence) + line


def read(data: bytes, start: int = 0, after: int = 0, align: int = 1) -> Reading:
    """Every whole frame of `data` from `start` with a sequence number above `after`; torn ones are skipped.

    Frames begin at multiples of `align`.
    """
    sequences: list[int] = []
    lines: list[bytes] = []
    ends: list[int] = []
    at = end = start
    last, missing, size = after, 0, len(data)
    unpack = HEADER.unpack_from
    while at + FRAME <= size:
        length, checksum, sequence = unpack(data, at)
        stop = at + FRAME + length
        # A sequence number that is far ahead belongs to no frame: `data` has no room for so many.
        if 0 < sequence <= last + size and stop <= size:
            line = data[at + FRAME : stop]
            if crc32(line, sequence & 0xFFFFFFFF) == checksum:
                at = end = stop + -stop % align
                if sequence > last:
                    missing += sequence - last - 1
                    last = sequence
                    sequences.append(sequence)
                    lines.append(line)
                    ends.append(end)
                continue
        at += align
    return Reading(sequences, lines, missing, end, ends)
