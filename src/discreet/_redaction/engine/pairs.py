r"""Step 3, redact: names in text, and where their values are.

`k=v`, `k: v`, `'k': v`, `"k": "v"`, `\"k\": \"v\"`, `<k>v</k>`, `('k', 'v')`, `k%3Dv`, `--k v`,
`"name": "k", "value": "v"`. The separators are the anchors; the name is read backwards from there and its verdict
decides whether the value is looked at. No regular expression can consult a verdict half-way, so this is code; which
names count is data (names.json).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.annotated import annotated
from discreet._redaction.engine.carried import CARRIERS, carried, serialized, turned
from discreet._redaction.engine.columns import columns
from discreet._redaction.engine.extent import pair_value
from discreet._redaction.engine.listed import listed, shown
from discreet._redaction.engine.named import MOST_BEFORE, name_before
from discreet._redaction.engine.pem import prefixed_lines
from discreet._redaction.engine.sentences import sentences
from discreet._redaction.engine.tuples import tuples
from discreet._redaction.engine.userinfo import userinfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._redaction.engine.values import Span

    KindOf = Callable[[str], "str | None"]

_LONGEST_ELEMENT = 16_384
_SEPARATOR = lazy_pattern(r"[=:>,|│]|%3[DdAa]|<-")
_OPTION = lazy_pattern(r"""--?([A-Za-z][\w.\-]{2,63})(?:[ \t]{1,4}[^\s|&;<>=\-,:.]|["'][ \t]?,[ \t]{0,2}["'])""")


def pairs(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the secret parts of values whose names `kind_of` calls sensitive."""
    found: list[Span] = []
    floor = 0
    for separator in _SEPARATOR.finditer(text):
        start, end = separator.span()
        if start >= floor:
            spans, floor = _pair(text, start, end, kind_of)
            found += spans
    if "-" in text:
        found += _options(text, kind_of) + prefixed_lines(text)
    if "└" in text:
        found += annotated(text, kind_of)
    if "{" in text:
        found += tuples(text, kind_of)
    if "[" in text and "]\n" in text:
        found += shown(text, kind_of)
    found += listed(text)
    return found + serialized(text, kind_of) + sentences(text, kind_of) + columns(text, kind_of) + userinfo(text)


def _pair(text: str, start: int, end: int, kind_of: KindOf) -> tuple[list[Span], int]:
    """What the separator at `start` makes of its two sides, and where to go on reading."""
    sign = "%" if text[start] == "%" else "=" if text[start] == "<" else text[start]
    name = name_before(text, start, sign)
    if name is None:
        return [], end
    if name.lower() in CARRIERS:
        before = turned(text, end, kind_of) if sign in "=:" and name.lower() == "value" else None
        if before is not None:
            return before
        named = carried(text, end, sign)
        if named is not None:
            name, end, sign = named
    kind = kind_of(name)
    if kind is None:
        return [], start + 1
    if sign == ">" and text[start - 1] == "-":
        sign = ":"
    if sign == ">" and text.find("</", end, end + _LONGEST_ELEMENT) < 0:
        return [], end  # <password>, a placeholder
    begin = text.rfind(name, max(0, start - MOST_BEFORE), start) if sign in "=:" else -1
    return pair_value(text, end, sign, kind, name, begin)


def _options(text: str, kind_of: KindOf) -> list[Span]:
    """`--password x`, `-token x` and, in lists of arguments, `'--password', 'x'`."""
    found: list[Span] = []
    position = text.find("-")
    while position >= 0:
        following = position + 1
        if position == 0 or text[position - 1] in " \t\n\"'[(,":
            option = _OPTION.match(text, position)
            if option is not None:
                following = option.end() - 1
                kind = kind_of(option.group(1))
                if kind is not None:
                    spans, following = pair_value(text, following, "-", kind, option.group(1))
                    found += spans
        position = text.find("-", max(following, position + 1))
    return found
