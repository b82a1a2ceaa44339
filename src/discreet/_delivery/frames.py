"""Lines on disk that a crash may have torn: each in a frame with its length, a checksum and a sequence number.

The sequence makes a frame of an earlier use of the same place recognisable, and tells how many are missing.
"""

from __future__ import annotations

import struct
from binascii import crc32
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = struct.Struct("<IIQ")  # length of the line, checksum of sequence and line, sequence (from 1)
FRAME = HEADER.size
"""Bytes that a record takes beside its line."""


class Reading(NamedTuple):
    """What could be read of some frames."""

    sequences: list[int]
    lines: list[bytes]
    missing: int
    """Frames that must have been there: gaps in the sequence."""
    end: int
    """Where the last whole frame ends. What stands behind it was torn, or never written."""
    ends: Sequence[int] = ()
    """Where the frame of each line ends."""


def pack(line: bytes, sequence: int) -> bytes:
    """One frame. Sequences begin at 1, because 0 is what an unwritten place shows."""
    return HEADER.pack(len(line), crc32(line, sequence & 0xFFFFFFFF), sequence) + line


def read(data: bytes, start: int = 0, after: int = 0, align: int = 1) -> Reading:
    """Every whole frame of `data` from `start` whose sequence is above `after`, past whatever is torn.

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
        # A sequence far ahead is no frame either: that many could not have stood here.
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
