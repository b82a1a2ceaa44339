"""Step 3, redact: secrets under one layer of encoding: base64, hexadecimal, percent.

A run of base64 or hexadecimal characters is decoded and, if that gives text, judged like any text; when it holds a
secret the whole run is masked. Of percent-encoded text only the secret is: the rest stays as it was. One layer, so
that the work stays proportional to the text.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEWEST = 20
_FEWEST_HEXADECIMAL = 32
_RUN = re.compile(r"[A-Za-z0-9+/_\-]{20,}")
_PIECE = re.compile(r"[A-Za-z0-9_\-]{16}")  # the gate looks for no shorter one
_HEXADECIMAL = "0123456789abcdefABCDEF"
_PERCENT_RUN = re.compile(r"""[^\s"'<>\\%]*%[0-9A-Fa-f]{2}[^\s"'<>\\]*""")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_MOST = 65_536
"""Longer runs are pictures and archives."""


def runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and meaning of each run of base64 or hexadecimal that decodes to text."""
    for run in _RUN.finditer(text):
        start, end = run.span()
        meaning = decoded(run.group()) if end - start <= _MOST and _PIECE.search(text, start, end) else None
        if meaning is not None:
            while text[end : end + 1] == "=" and end < run.end() + 2:
                end += 1
            yield start, end, meaning


def decoded(run: str) -> str | None:
    """What a run of base64 or hexadecimal characters says, if that is ASCII text."""
    if not run.strip(_HEXADECIMAL):
        if len(run) < _FEWEST_HEXADECIMAL or len(run) % 2:
            return None
        return _readable(bytes.fromhex(run))
    if "-" in run or "_" in run:
        run = run.replace("-", "+").replace("_", "/")
    # A look at the beginning spares nearly every run the rest: of random bytes, few dozens are ASCII.
    if _readable(binascii.a2b_base64(run[:_FEWEST])) is None:
        return None
    whole = len(run) // 4 * 4
    rest = len(run) - whole
    return _readable(binascii.a2b_base64(run + "=" * (4 - rest) if rest > 1 else run[:whole]))


def _readable(data: bytes) -> str | None:
    if not data.isascii():
        return None
    text = data.decode("ascii")
    if text.isprintable() or text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return text
    return None


def percent_runs(text: str) -> Iterator[tuple[str, list[int]]]:
    """The meaning of each percent-encoded run, and where each of its characters starts (and the last one ends)."""
    if "%" not in text:
        return
    for run in _PERCENT_RUN.finditer(text):
        characters: list[str] = []
        places: list[int] = []
        position = run.start()
        for code in _PERCENT.finditer(text, *run.span()):
            first, last = code.span()
            characters.append(text[position:first])
            places.extend(range(position, first + 1))
            characters.append(chr(int(code.group(1), 16)))
            position = last
        characters.append(text[position : run.end()])
        places.extend(range(position, run.end() + 1))
        yield "".join(characters), places
