"""Step 3, redact: parameters that a database layer logs apart from their statement, told by their position.

`INSERT INTO users (name, password) VALUES (%s, %s)` and then `('bob', '...')`, `["bob", "..."]`,
`$1 = 'bob', $2 = '...'`, `Parameters: bob(String), ...(String)`, `binding parameter [2] as [VARCHAR] - [...]`.
"""

from __future__ import annotations

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.values import Span, innocent, secret_parts

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
_VALUE = lazy_pattern(
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
        value = _VALUE.match(text, position)
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
        if kind is not None and not innocent(value.group(group), kind):
            found.append((*value.span(group), kind))
        last = value.end()
    return last


def _typed(text: str, position: int, kinds: list[str | None], found: list[Span]) -> int:
    for kind in kinds:
        value = _TYPED_VALUE.match(text, position)
        if value is None:
            break
        if kind is not None and value.group(1) and not innocent(value.group(1), kind):
            found.append((*value.span(1), kind))
        position = value.end()
    return position
