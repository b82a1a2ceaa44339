"""Step 3, redact: all rules on one text: where its secrets are, and the text without them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from operator import itemgetter

from discreet._redaction.engine.columns import find_in_sql
from discreet._redaction.engine.detectors import Anchors, Detector, detectors, find_numbers
from discreet._redaction.engine.encoded import decoded_percent_runs, decoded_runs, texts_with_plain_quotes
from discreet._redaction.engine.pairs import find_pairs
from discreet._redaction.engine.secret_values import MARKER, KindOf, Span, ascii_lower, is_harmless


@cache
def _anchors() -> Anchors:
    return Anchors(detectors())


def find_secrets(text: str, kind_of: KindOf, extra: tuple[Detector, ...] = ()) -> list[Span]:
    """Spans (start, end, kind) of the secrets in `text`, in order, without overlap."""
    spans = _ranked(text, kind_of, extra)
    for start, end, meaning in decoded_runs(text):
        inner = _ranked(meaning, kind_of, extra)
        if inner:
            spans.append((start, end, *min(inner, key=itemgetter(2))[2:]))
    for meaning, places in (*decoded_percent_runs(text), *texts_with_plain_quotes(text)):
        spans += [
            (places[start], places[end], rank, kind) for start, end, rank, kind in _ranked(meaning, kind_of, extra)
        ]
    return merge_overlaps(spans, text) if spans else []


def _ranked(text: str, kind_of: KindOf, extra: tuple[Detector, ...]) -> list[tuple[int, int, int, str]]:
    """Spans (start, end, rank, kind) of secrets that are not encoded. A kind of lower rank is more specific."""
    low = ascii_lower(text)
    spans = [(start, end, 1, kind) for start, end, kind in find_numbers(text)]
    users = [(anchor, detector) for detector in extra for anchor in detector.anchors]
    for anchor, detector in _anchors().found_in(text, low) + users:
        spans += [
            (start, end, int(detector.structure), detector.kind)
            for start, end in detector.find(text, low, anchor)
            if not is_harmless(text[start:end], "password")
        ]
    spans += [(start, end, 2, kind) for start, end, kind in find_pairs(text, kind_of)]
    if "insert " in low or "update " in low or "select " in low:
        spans += [(start, end, 2, kind) for start, end, kind in find_in_sql(text, low, kind_of)]
    return spans


def merge_overlaps(spans: list[tuple[int, int, int, str]], text: str) -> list[Span]:
    """Overlapping spans become one; the most specific kind names it. Existing markers are left as they are."""
    if "[REDACTED:" in text:
        markers = [marker.span() for marker in MARKER.finditer(text)]
        spans = [piece for span in spans for piece in _outside(span, markers)]
    spans.sort()
    merged: list[Span] = []
    best = 0
    for start, end, rank, kind in spans:
        if start >= end:
            continue
        if merged and start < merged[-1][1]:
            first, last, name = merged[-1]
            if rank < best:
                best, name = rank, kind
            merged[-1] = (first, max(last, end), name)
        else:
            merged.append((start, end, kind))
            best = rank
    return merged


def _outside(span: tuple[int, int, int, str], markers: list[tuple[int, int]]) -> list[tuple[int, int, int, str]]:
    start, end, rank, kind = span
    pieces: list[tuple[int, int, int, str]] = []
    for index in range(max(0, bisect_right(markers, (start, start)) - 1), len(markers)):
        first, last = markers[index]
        if first >= end:
            break
        if last <= start:
            continue
        if rank < 2 or first < start or last > end:
            return []  # no secret cuts a marker in two, and a form that includes one has been masked before
        if start < first:
            pieces.append((start, first, rank, kind))
        start = last
    if start < end:
        pieces.append((start, end, rank, kind))
    return pieces
