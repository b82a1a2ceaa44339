r"""Step 3, redact: secrets under one layer of encoding: base64, hexadecimal, percent.

A run of base64 or hexadecimal characters is decoded. If that gives text, it is judged like any text, and if it holds a
secret the whole run is masked. Of percent-encoded text, and of text whose quotes are written as entities or escapes
(`&quot;`, `\u0022`, `""`), only the secret is masked. One layer is decoded, so that the work stays proportional to the
text; of percent signs, which redirects encode once more on each hop, three.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import end_of_match, lazy_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

_FEWEST = 20
_FEWEST_HEXADECIMAL = 32
_RUN = lazy_pattern(r"[A-Za-z0-9+/_\-]{20,}")
_PIECE = lazy_pattern(r"[A-Za-z0-9_\-]{16}")  # the prefilter looks for no shorter one
_HEXADECIMAL = "0123456789abcdefABCDEF"
_PERCENT_CODE = lazy_pattern("%[0-9A-Fa-f]{2}")
_BEFORE_CODE = lazy_pattern(r"""[^\s"'<>\\%]*""")
_AFTER_CODE = lazy_pattern(r"""[^\s"'<>\\]*""")
_PERCENT = lazy_pattern(
    r"%(?![A-Z][A-Z_][A-Z0-9_]{0,62}%(?![0-9A-Fa-f]{2}))(?:25){0,2}([0-9A-Fa-f]{2})"
)  # not Windows' %DB_PASSWORD%
_ESCAPE = lazy_pattern(
    r"&(?:quot|apos|amp|lt|gt|#0?3[49]|#[xX]2[27]);|\\{1,2}u00(?:22|27|26|3[A-Ea-e])|"
    r"\x1b\[[0-9;]{0,16}m|[\u201c-\u201f\u00ab\u00bb\u2018\u2019\uff1a\uff1d]"
)
_PLAIN = {"\uff1a": ":", "\uff1d": "=", "\u2018": "'", "\u2019": "'"}  # any other is a double quotation mark
_DOUBLED = lazy_pattern(r'""')
_MOST = 65_536
"""Longer runs are pictures and archives."""


def decoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and meaning of each run of base64 or hexadecimal that decodes to text."""
    for run in _RUN.finditer(text):
        start, end = run.span()
        meaning = decode(run.group()) if end - start <= _MOST and _PIECE.search(text, start, end) else None
        if meaning is not None:
            while text[end : end + 1] == "=" and end < run.end() + 2:
                end += 1
            yield start, end, meaning


def decode(run: str) -> str | None:
    """The decoded text of a run of base64 or hexadecimal characters, if it is ASCII text."""
    if not run.strip(_HEXADECIMAL):
        if len(run) < _FEWEST_HEXADECIMAL or len(run) % 2:
            return None
        return _readable(bytes.fromhex(run))
    run = run.replace("-", "+").replace("_", "/")
    # Random bytes are rarely ASCII, so the first 20 characters are enough to refuse nearly every run.
    if _readable(binascii.a2b_base64(run[:_FEWEST])) is None:
        return None
    whole = len(run) // 4 * 4
    rest = len(run) - whole
    return _readable(binascii.a2b_base64(run + "=" * (4 - rest) if rest > 1 else run[:whole]))


def _readable(data: bytes) -> str | None:
    if not data.isascii():
        return None
    text = data.decode("ascii")
    return text if text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else None


def decoded_percent_runs(text: str) -> Iterator[tuple[str, list[int]]]:
    """The meaning of each percent-encoded run, and where each of its characters starts (and the last one ends)."""
    floor = 0
    code = _PERCENT_CODE.search(text) if "%" in text else None
    while code is not None:
        # Read backwards from the code: a search for what may stand before it would read a long word from each letter.
        start = code.start() - end_of_match(_BEFORE_CODE, text[floor : code.start()][::-1])
        floor = end_of_match(_AFTER_CODE, text, code.end())
        yield _rewritten(text, start, floor, _PERCENT, lambda code: chr(int(code.group(1), 16)))
        code = _PERCENT_CODE.search(text, floor)


def may_hold_written_quotes(text: str) -> bool:
    """False only if `texts_with_plain_quotes` would yield nothing."""
    return (
        "&" in text
        or "\x1b" in text
        or not text.isascii()
        or ('"' in text and '""' in text)
        or ("\\" in text and "\\u00" in text)
    )


def texts_with_plain_quotes(text: str) -> Iterator[tuple[str, list[int]]]:
    """The text with plain quotes, if its own are entities, escapes, doubled or typographic; places as above."""
    if ("&" in text or "\x1b" in text or "\\u00" in text or not text.isascii()) and _ESCAPE.search(text) is not None:
        yield _rewritten(text, 0, len(text), _ESCAPE, _escape_character)
    if '{""' in text or ',""' in text:
        yield _rewritten(text, 0, len(text), _DOUBLED, lambda _: '"')


def _rewritten(
    text: str, start: int, end: int, pattern: re.Pattern[str], character: Callable[[re.Match[str]], str]
) -> tuple[str, list[int]]:
    characters: list[str] = []
    places: list[int] = []
    position = start
    for code in pattern.finditer(text, start, end):
        first, last = code.span()
        characters.append(text[position:first])
        places.extend(range(position, first + 1))
        characters.append(character(code))
        position = last
    characters.append(text[position:end])
    places.extend(range(position, end + 1))
    return "".join(characters), places


def _escape_character(code: re.Match[str]) -> str:
    written = code.group().lower()
    if written[0] == "\x1b":
        return " "  # a colour
    if written[0] == "\\":
        return chr(int(written[-2:], 16))
    if written[0] == "&":
        from html import unescape  # here, because it has a table of two thousand names, and few texts need it

        return unescape(written)
    return _PLAIN.get(written, '"')
