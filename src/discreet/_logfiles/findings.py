"""Existing logs: where secrets are in a line, found by comparing it before and after redaction."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from discreet._redaction.engine.secret_values import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from discreet._logfiles.json_line import Change
    from discreet._redaction.engine.secret_values import Span

ALLOW = "discreet:allow"
"""Nothing is reported in a line, or a group of lines that belong together, that contains this."""

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.|[^\\]", re.DOTALL)


class Finding(NamedTuple):
    """The place of a secret, without its value. Lines and columns are counted from 1, columns in characters."""

    kind: str
    line: int
    column: int
    end_line: int
    end_column: int
    masked: str
    """A hash of the line with its secrets masked. It stays the same when the line moves, and contains no secret."""

    def moved(self, lines: int) -> Finding:
        """The same finding, so many lines further down."""
        return self._replace(line=self.line + lines, end_line=self.end_line + lines)


def findings(text: str, spans: Sequence[Span], line: int, masked: str) -> Iterator[Finding]:
    """A finding for each span of `text`, which begins at `line`; `masked` is the text after redaction."""
    digest = blake2b(masked.strip().encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    for start, end, kind in spans:
        column = start - (text.rfind("\n", 0, start) + 1) + 1
        end_column = end - (text.rfind("\n", 0, end) + 1) + 1
        yield Finding(
            kind,
            line + text.count("\n", 0, start),
            column,
            line + text.count("\n", 0, end),
            end_column,
            digest,
        )


def change_spans(line: str, offset: int, change: Change) -> Iterator[Span]:
    """The secrets in a value that redaction changed, as places in the line. `offset` is where its JSON begins."""
    token_start, token_end = offset + change.start, offset + change.end
    if isinstance(change.before, str) and isinstance(change.after, str):
        token = line[token_start:token_end]
        for start, end, kind in _replaced_places(change.before, change.after):
            first, last = _in_token(token, start, end)
            yield token_start + first, token_start + last, kind
    else:
        for _, _, kind in _replaced_places("", str(change.after))[:1]:
            yield token_start, token_end, kind


def _replaced_places(before: str, after: str) -> list[Span]:
    """Start, end and kind of each part of `before` that became a marker in `after`."""
    found: list[Span] = []
    markers = list(MARKER.finditer(after))
    position = markers[0].start() if markers else 0  # up to the first marker both texts are the same
    for index, marker in enumerate(markers):
        start = marker.end()
        following = after[start : markers[index + 1].start()] if index + 1 < len(markers) else after[start:]
        if before.startswith(marker.group(), position):  # this marker was there before redaction
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


def _in_token(token: str, start: int, end: int) -> tuple[int, int]:
    """Where characters `start` to `end` of a JSON string are in its token, which begins with a quotation mark."""
    if "\\" not in token:
        return start + 1, end + 1
    places: list[int] = []
    half = False
    for piece in _ESCAPE.finditer(token, 1, len(token) - 1):
        code = int(piece[1] or "0", 16)
        if half and 0xDC00 <= code <= 0xDFFF:  # the second half of a character
            half = False
            continue
        half = 0xD800 <= code <= 0xDBFF
        places.append(piece.start())
    places.append(len(token) - 1)
    last = len(places) - 1
    return places[min(start, last)], places[min(end, last)]
