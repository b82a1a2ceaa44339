"""Step 3, redact: secrets in SQL, where names and values stand apart.

`INSERT INTO users (name, password) VALUES ('bob', '...')`; and parameters that a database layer logs apart from their
statement, where only the position says which is which: `VALUES (%s, %s)` and then `('bob', '...')`, `["bob", "..."]`,
`$1 = 'bob', $2 = '...'`, `Parameters: bob(String), ...(String)`, `binding parameter [2] as [VARCHAR] - [...]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.secret_values import Span, is_harmless, secret_parts

if TYPE_CHECKING:
    from discreet._redaction.names import KindOf

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
    position = low.find("insert ")
    while position >= 0:
        statement = _INSERT.match(text, position)
        if statement is not None:
            kinds = [kind_of(name.strip(" \t\r\n\"'`[]\\")) for name in statement.group(1).split(",")]
            placeholders = _PLACEHOLDERS.match(text, statement.end())
            if placeholders is None:
                position = _rows(text, statement.end(), kinds, found) - 1
            elif any(kinds):
                position = parameters(text, placeholders.end(), kinds, found) - 1
        position = low.find("insert ", position + 1)
    for anchor in ("update ", "select "):
        position = low.find(anchor)
        while position >= 0:
            statement = _UPDATE.match(text, position)
            if statement is not None:
                assigned = list(_ASSIGNED.finditer(text, *statement.span(statement.lastindex or 0)))
                position = assigned[-1].end() if assigned else statement.end()
                kinds = [kind_of(name.group(1)) for name in assigned]
                if any(kinds):
                    position = parameters(text, position, kinds, found)
            position = low.find(anchor, position + 1)
    return found


def _rows(text: str, position: int, kinds: list[str | None], found: list[Span]) -> int:
    """The values of all rows from the first one's first value on; returns where they end."""
    column = 0
    while True:
        value = _VALUE.match(text, position)
        if value is None:
            return position
        position = value.end()
        group = 1 if value.group(1) is not None else 2
        kind = kinds[column] if column < len(kinds) else None
        if kind is not None and value.group(group):
            found += secret_parts(text, *value.span(group), kind)
        column += 1
        if value.group(3) == ")":
            row = _NEXT_ROW.match(text, position)
            if row is None:
                return position
            position, column = row.end(), 0


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
_NAMED = lazy_pattern(r"""\[\s{0,4}\[\s{0,4}["']\w{1,64}["'],""")
_MORE = lazy_pattern(r"\s{0,8},\s{0,8}[(\[]")


def parameters(text: str, position: int, kinds: list[str | None], found: list[Span]) -> int:
    """Adds the spans of the parameters after a statement; returns where to go on reading."""
    end = min(len(text), position + _REACH)
    last = _numbered(text, position, end, kinds, found)
    if last:
        return last
    typed = _TYPED.search(text, position, end)
    if typed is not None:
        return _typed(text, typed.end(), kinds, found)
    opening = _OPEN.search(text, position, end)
    if opening is not None and _NAMED.match(text, opening.start()):
        return position  # [["name", "bob"], ["password", "..."]]: pairs
    for _ in range(_MOST_TRIES):
        if opening is None:
            break
        spans, after = _row(text, opening.end(), kinds)
        if after:
            while spans is not None:
                found += spans
                more = _MORE.match(text, after)
                if more is None:
                    return after
                spans, following = _row(text, more.end(), kinds)
                after = following or after
            return after
        opening = _OPEN.search(text, opening.end(), end)
    return position


def _row(text: str, position: int, kinds: list[str | None]) -> tuple[list[Span] | None, int]:
    """The secrets of one row of values, and where it ends; zero if it has not as many values as there are columns."""
    found: list[Span] = []
    for number, kind in enumerate(kinds):
        value = _PARAMETER.match(text, position)
        if value is None:
            return None, 0
        position = value.end()
        group = 1 if value.group(1) is not None else 2
        if kind is not None and value.group(group):
            found += secret_parts(text, *value.span(group), kind)
        closed = value.group(3) != ","
        if closed != (number == len(kinds) - 1):
            return None, 0
    return found, position


def _numbered(text: str, position: int, end: int, kinds: list[str | None], found: list[Span]) -> int:
    last = 0
    for value in _NUMBERED.finditer(text, position, end):
        group = 2 if value.group(1) else 4
        number = int(value.group(group - 1)) - 1
        kind = kinds[number] if 0 <= number < len(kinds) else None
        if kind is not None and not is_harmless(value.group(group), kind):
            found.append((*value.span(group), kind))
        last = value.end()
    return last


def _typed(text: str, position: int, kinds: list[str | None], found: list[Span]) -> int:
    for kind in kinds:
        value = _TYPED_VALUE.match(text, position)
        if value is None:
            break
        if kind is not None and value.group(1) and not is_harmless(value.group(1), kind):
            found.append((*value.span(1), kind))
        position = value.end()
    return position
