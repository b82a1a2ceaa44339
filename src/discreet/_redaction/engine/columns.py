"""Step 3, redact: secrets in columns whose names stand elsewhere: in the header of a table, or in an SQL statement.

Tables are CSV, Markdown, psql's, and aligned text. Of SQL, `INSERT INTO users (name, password) VALUES ('bob', '...')`;
and parameters that a database layer logs apart from their statement, where only the position says which is which:
`VALUES (%s, %s)` and then `('bob', '...')`, `["bob", "..."]`, `$1 = 'bob', $2 = '...'`,
`Parameters: bob(String), ...(String)`, `binding parameter [2] as [VARCHAR] - [...]`.
"""

from __future__ import annotations

import re
from itertools import islice

from discreet._base.lazy_pattern import end_of_match, lazy_pattern, matches_in_a_row
from discreet._redaction.engine.secret_values import (
    KindOf,
    Span,
    ascii_lower,
    is_harmless,
    looks_generated,
    looks_random,
    secret_parts,
)
from discreet._redaction.names import name_rules

_LINE = lazy_pattern(r"[^\n]+")
_MOST_ROWS = 200
_MOST_CELLS = 64
_LONGEST_HEADER = 1024
_NAME = lazy_pattern(r"""["'*`]{0,3}([A-Za-z_][\w.\- ]{0,40})["'*`]{0,3}""")
_RULE = lazy_pattern(r"[\s|+\-=:─│┼├┤┌┐└┘┬┴╞═╪╡╭╮╰╯║╔╗╚╝╠╣╬]+")
_SIGNS = ("|", "│", "║", "\t", ",", ";")
_CELL = {sign: lazy_pattern(rf"[^{sign}]*") for sign in _SIGNS} | {
    sign: lazy_pattern(rf'[ ]?"(?:[^"]|"")*"[ ]?|[^{sign}"]*') for sign in (",", ";")
}
_GAP = lazy_pattern(r"\S+(?: \S+)*")


def find_in_columns(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the cells in the columns whose header names a secret."""
    low = ascii_lower(text)
    parts = [part for part in name_rules().words["header_keywords"] if part in low] if "\n" in text else []
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
        if not any(kinds):
            continue
        above = lines[number - 2] if number > 1 else None
        # Below a row with as many cells, this line is another row, not a header.
        if above is None or _RULE.fullmatch(text, *above) or len(_cells(text, *above, sign)) != len(kinds):
            number = _rows(text, lines, number, sign, kinds, found)
    return found


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
    for start, end in lines[number : number + _MOST_ROWS]:
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
    cells: list[tuple[int, int]] = []
    position = start
    while len(cells) <= _MOST_CELLS:
        matched = _CELL[sign].match(text, position, end)
        last = matched.end() if matched is not None else position
        if last >= end or text[last] != sign:
            return [*cells, (position, end)]
        cells.append((position, last))
        position = last + 1
    return cells


def _cell(text: str, first: int, last: int, kind: str, sign: str) -> list[Span]:
    value = text[first:last].strip()
    first = text.index(value, first)
    if len(value) > 2 and value[0] == value[-1] and value[0] in "\"'`":
        value, first = value[1:-1], first + 1
    if (sign == "" and not looks_random(value)) or (value.isdigit() and kind in ("token", "secret-key", "api-key")):
        return []
    return secret_parts(text, first, first + len(value), kind)


_INSERT = lazy_pattern(
    r"insert\s{1,4}(?:ignore\s{1,4})?into\s{1,4}[^\s()]{1,200}\s{0,4}\(([^()]{1,4000})\)\s{0,8}"
    r"(?:output\s{1,4}[^()]{1,200})?values\s{0,8}\(",
    re.IGNORECASE,
)
_VALUE = lazy_pattern(
    r"""\s{0,8}(?:[ENen]?\\?'((?:[^'\\]|''|\\[^'])*)\\?'|\\?"([^"\\]*)\\?"|(?:\w{1,32}\([^()]{0,256}\)|[^,()]*))\s{0,8}([,)])"""
)
_NEXT_ROW = lazy_pattern(r"\s{0,8},\s{0,8}\(")
_UPDATE = lazy_pattern(
    r"update\s{1,4}[^\s=]{1,200}\s{1,4}set\s{1,4}([^\n;]{1,2000})|select\s[^\n]{1,1000}?\swhere\s([^\n;]{1,1000})",
    re.IGNORECASE,
)
_ASSIGNED = lazy_pattern(r"([\w.]{1,80})[\"'`]?\s{0,4}=\s{0,4}(?:%s|%\(\w{1,40}\)s|\?|\$\d{1,3}|:\w{1,40})")
_PLACEHOLDERS = lazy_pattern(
    r"\s{0,8}(?:(?:%s|%\(\w{1,40}\)s|\?|\$\d{1,3}|:\w{1,40}|@\w{1,40})\s{0,8},?\s{0,8}){1,64}\)"
)


def find_in_sql(text: str, low: str, kind_of: KindOf) -> list[Span]:
    """Spans of the values of columns whose names are sensitive."""
    found: list[Span] = []
    for anchor, pattern in (("insert ", _INSERT), ("update ", _UPDATE), ("select ", _UPDATE)):
        position = low.find(anchor)
        while position >= 0:
            statement = pattern.match(text, position)
            if statement is not None and pattern is _INSERT:
                position = _inserted(text, statement, kind_of, found) - 1
            elif statement is not None:
                assigned = list(_ASSIGNED.finditer(text, *statement.span(statement.lastindex or 0)))
                position = assigned[-1].end() if assigned else statement.end()
                kinds = [kind_of(name.group(1)) for name in assigned]
                if any(kinds):
                    position = _parameters(text, position, kinds, found)
            position = low.find(anchor, position + 1)
    return found


def _inserted(text: str, statement: re.Match[str], kind_of: KindOf, found: list[Span]) -> int:
    """Adds the spans of the values of an INSERT; returns where to go on reading."""
    kinds = [kind_of(name.strip(" \t\r\n\"'`[]\\")) for name in statement.group(1).split(",")]
    values = statement.end()
    placeholders = end_of_match(_PLACEHOLDERS, text, values)
    if placeholders > values:
        return _parameters(text, placeholders, kinds, found) if any(kinds) else statement.start() + 1
    position, column = values, 0
    while (value := _VALUE.match(text, position)) is not None:
        position = value.end()
        group = 1 if value.group(1) is not None else 2
        kind = kinds[column] if column < len(kinds) else None
        if kind is not None and value.group(group):
            found += secret_parts(text, *value.span(group), kind)
        column += 1
        if value.group(3) == ")":
            position, column = end_of_match(_NEXT_ROW, text, position), 0
            if position == value.end():
                break
    return position


_REACH = 700
_OPEN = lazy_pattern(r"[(\[]")
_MOST_TRIES = 24
_NUMBERED = lazy_pattern(
    r"\$(\d{1,3}) = '((?:[^'\\]|''){1,2000})'|"
    r"parameter [\[(](\d{1,3})(?:\]| ?:)[^\n]{0,64}?(?:- |<- ?)\[([^\]\n]{0,2000})\]"
)
_TYPED = lazy_pattern(r"Parameters: ")
_TYPED_VALUE = lazy_pattern(
    r"([^\n]{0,512}?)\((?:String|Integer|Long|Boolean|Timestamp|LocalDateTime|Date|BigDecimal|Double|Short)\)(?:, )?|"
    r"null(?:, )?"
)
_PARAMETER = lazy_pattern(
    r"""\s{0,8}(?:[bBuN]?\\?'((?:[^'\\\n]|\\[^'])*)\\?'|\\?"([^"\\\n]*)\\?"|"""
    r"""\w[\w.]{0,40}\([^()\n]{0,200}\)|[\w.+\-: ]{1,64})\s{0,8}([,)\]])"""
)
_NAMED_VALUE = lazy_pattern(r"""\[\s{0,4}\[\s{0,4}["']\w{1,64}["'],""")
_MORE = lazy_pattern(r"\s{0,8},\s{0,8}[(\[]")


def _parameters(text: str, position: int, kinds: list[str | None], found: list[Span]) -> int:
    """Adds the spans of the parameters after a statement; returns where to go on reading."""
    end = min(len(text), position + _REACH)
    last = 0
    for value in _NUMBERED.finditer(text, position, end):
        group = 2 if value.group(1) else 4
        number = int(value.group(group - 1)) - 1
        kind = kinds[number] if 0 <= number < len(kinds) else None
        if kind is not None and not is_harmless(value.group(group), kind):
            found.append((*value.span(group), kind))
        last = value.end()
    if last:
        return last
    typed = _TYPED.search(text, position, end)
    if typed is not None:
        position = typed.end()
        for kind, value in zip(kinds, matches_in_a_row(_TYPED_VALUE, text, position), strict=False):
            if kind is not None and value.group(1) and not is_harmless(value.group(1), kind):
                found.append((*value.span(1), kind))
            position = value.end()
        return position
    for number, opening in enumerate(islice(_OPEN.finditer(text, position, end), _MOST_TRIES)):
        if number == 0 and _NAMED_VALUE.match(text, opening.start()):
            break  # [["name", "bob"], ["password", "..."]]: pairs
        row = _row(text, opening.end(), kinds)
        after = 0
        while row is not None:
            spans, after = row
            found += spans
            start = end_of_match(_MORE, text, after)
            row = _row(text, start, kinds) if start > after else None
        if after:
            return after
    return position


def _row(text: str, position: int, kinds: list[str | None]) -> tuple[list[Span], int] | None:
    """The secrets of one row of values, and where it ends; None if it has not as many values as there are columns."""
    found: list[Span] = []
    for number, kind in enumerate(kinds):
        value = _PARAMETER.match(text, position)
        if value is None:
            return None
        position = value.end()
        group = 1 if value.group(1) is not None else 2
        if kind is not None and value.group(group):
            found += secret_parts(text, *value.span(group), kind)
        if (value.group(3) != ",") != (number == len(kinds) - 1):
            return None
    return found, position
