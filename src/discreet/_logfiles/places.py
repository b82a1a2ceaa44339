"""Logs that were written already: where in a text its secrets were, told from the text before and after redaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._redaction.engine.secret_values import MARKER

if TYPE_CHECKING:
    from discreet._redaction.engine.secret_values import Span

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.|[^\\]", re.DOTALL)


def replaced_places(before: str, after: str) -> list[Span]:
    """Start, end and kind of each part of `before` that became a marker in `after`."""
    found: list[Span] = []
    markers = list(MARKER.finditer(after))
    position = markers[0].start() if markers else 0  # what stands before the first one is the same in both
    for index, marker in enumerate(markers):
        start = marker.end()
        following = after[start : markers[index + 1].start()] if index + 1 < len(markers) else after[start:]
        if before.startswith(marker.group(), position):  # it was there already
            position += len(marker.group()) + len(following)
            continue
        if index + 1 == len(markers):
            end = len(before) - len(following)
        else:
            end = before.find(following, position + 1) if following else position
            end = end if end >= 0 else position
        found.append((position, end, marker.group()[len("[REDACTED:") : -1]))
        position = end + len(following)
    return found


def in_token(token: str, start: int, end: int) -> tuple[int, int]:
    """Where characters `start` to `end` of a JSON string stand in its token, which begins with a quotation mark."""
    if "\\" not in token:
        return start + 1, end + 1
    places: list[int] = []
    half = False
    for piece in _ESCAPE.finditer(token, 1, len(token) - 1):
        code = int(piece[1] or "0", 16)
        if half and 0xDC00 <= code <= 0xDFFF:  # the second half of one character
            half = False
            continue
        half = 0xD800 <= code <= 0xDBFF
        places.append(piece.start())
    places.append(len(token) - 1)
    last = len(places) - 1
    return places[min(start, last)], places[min(end, last)]
