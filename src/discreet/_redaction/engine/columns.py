"""Step 3, redact: secrets in columns whose names stand in a header: CSV, Markdown, psql, aligned text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_generated, looks_random
from discreet._redaction.engine.detectors import ascii_lower
from discreet._redaction.engine.secret_values import Span, is_harmless, secret_parts

if TYPE_CHECKING:
    from discreet._redaction.names import KindOf

HEADER_KEYWORDS = frozenset((
    "pass", "pwd", "secret", "token", "key", "cred", "cookie", "cv", "ssn", "otp", "iban", "senha", "wort", "contrase",
    "mnemonic", "verif",
))  # fmt: skip
"""A header has one of these, as a part of some name."""
_LINE = lazy_pattern(r"[^\n]+")
_MOST_ROWS = 200
_MOST_CELLS = 64
_LONGEST_HEADER = 1024
_NAME = lazy_pattern(r"""["'*`]{0,3}([A-Za-z_][\w.\- ]{0,40})["'*`]{0,3}""")
_RULE = lazy_pattern(r"[\s|+\-=:─│┼├┤┌┐└┘┬┴╞═╪╡╭╮╰╯║╔╗╚╝╠╣╬]+")
_SIGNS = ("|", "│", "║", "\t", ",", ";")
_QUOTED_OR_PLAIN = {sign: lazy_pattern(rf'(?:[ ]?"(?:[^"]|"")*"[ ]?|[^{re.escape(sign)}"]*)') for sign in (",", ";")}
_GAP = lazy_pattern(r"\S+(?: \S+)*")


def find_in_columns(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the cells in the columns whose header names a secret."""
    low = ascii_lower(text)
    parts = [part for part in HEADER_KEYWORDS if part in low] if "\n" in text else []
    if not parts:
        return []
    found: list[Span] = []
    lines = [line.span() for line in _LINE.finditer(text)]
    number = 0
    while number < len(lines) - 1:
        start, end = lines[number]
        number += 1
        if end - start > _LONGEST_HEADER or all(low.find(part, start, end) < 0 for part in parts):
            continue
        sign = next((sign for sign in _SIGNS if sign in text[start:end]), "")
        kinds = _kinds_of_header(text, start, end, sign, kind_of)
        if any(kinds) and not _is_row(text, lines, number - 2, sign, len(kinds)):
            number = _rows(text, lines, number, sign, kinds, found)
    return found


def _is_row(text: str, lines: list[tuple[int, int]], number: int, sign: str, count: int) -> bool:
    """Whether this line has as many cells: then the line after it is another row, not a header."""
    if number < 0:
        return False
    start, end = lines[number]
    return _RULE.fullmatch(text, start, end) is None and len(_cells(text, start, end, sign)) == count


def _kinds_of_header(text: str, start: int, end: int, sign: str, kind_of: KindOf) -> list[str | None]:
    """The kind of each column, if the line is the header of a table."""
    kinds: list[str | None] = []
    cells = _cells(text, start, end, sign)
    if len(cells) < 2 or len(cells) > _MOST_CELLS:
        return []
    for first, last in cells:
        cell = text[first:last].strip()
        if not kinds:
            cell = cell.rpartition(": ")[2] if sign in (",", ";") else cell if sign == "" else cell.rpartition(" ")[2]
        name = _NAME.fullmatch(cell)
        if kinds and cell and (name is None or looks_generated(cell)):
            return []
        kinds.append(kind_of(name.group(1).strip()) if name is not None else None)
    return kinds


def _rows(
    text: str, lines: list[tuple[int, int]], number: int, sign: str, kinds: list[str | None], found: list[Span]
) -> int:
    """The cells of the rows from this line on; returns the number of the first line that is no row."""
    for _ in range(_MOST_ROWS):
        if number >= len(lines):
            break
        start, end = lines[number]
        if _RULE.fullmatch(text, start, end):
            number += 1
            continue
        cells = _cells(text, start, end, sign)
        if sign == "" and len(cells) == len(kinds) + 1:
            cells = cells[1:]  # numbered rows
        if len(cells) != len(kinds):
            break
        for (first, last), kind in zip(cells, kinds, strict=True):
            if kind is not None:
                found += _cell(text, first, last, kind, sign)
        number += 1
    return number


def _cells(text: str, start: int, end: int, sign: str) -> list[tuple[int, int]]:
    if sign == "":
        return [match.span() for match in _GAP.finditer(text, start, end)]
    quoted = _QUOTED_OR_PLAIN.get(sign)
    cells: list[tuple[int, int]] = []
    position = start
    while len(cells) <= _MOST_CELLS:
        last = -1
        if quoted is not None:
            matched = quoted.match(text, position, end)
            last = matched.end() if matched is not None else position
        else:
            last = text.find(sign, position, end)
        if last < 0 or last >= end or text[last] != sign:
            cells.append((position, end))
            break
        cells.append((position, last))
        position = last + 1
    return cells


def _cell(text: str, first: int, last: int, kind: str, sign: str) -> list[Span]:
    value = text[first:last].strip()
    if not value:
        return []
    first = text.index(value, first)
    last = first + len(value)
    if value[0] == value[-1] and value[0] in "\"'`" and len(value) > 2:
        first, last = first + 1, last - 1
    value = text[first:last]
    if sign == "" and not looks_random(value):
        return []
    if (value.isdigit() and kind in ("token", "secret-key", "api-key")) or is_harmless(value, kind):
        return []
    return secret_parts(text, first, last, kind)
