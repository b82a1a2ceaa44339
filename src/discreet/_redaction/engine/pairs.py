r"""Step 3, redact: names in a text, and where their values are.

`k=v`, `k: v`, `'k': v`, `"k": "v"`, `\"k\": \"v\"`, `<k>v</k>`, `('k', 'v')`, `k%3Dv`, `--k v`; names that stand where
a value does (`"name": "k", "value": "v"`), tuples and maps of Erlang and Elixir, and `user:password@host`.

The separators are the anchors. The name is read backwards from the separator, and its verdict decides whether the
value is looked at. No regular expression can consult a verdict half-way, so this is code; which names count is data
(names.json).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_random
from discreet._redaction.engine.columns import find_in_columns
from discreet._redaction.engine.layouts import find_annotated, find_listed, find_prefixed_key_lines, find_shown_items
from discreet._redaction.engine.names_in_text import MOST_BEFORE, NAME_FIELDS, name_before
from discreet._redaction.engine.secret_values import Span, is_harmless, secret_parts
from discreet._redaction.engine.sentences import find_in_sentences
from discreet._redaction.engine.value_extent import pair_value

if TYPE_CHECKING:
    from discreet._redaction.engine.secret_values import Span
    from discreet._redaction.names import KindOf

_LONGEST_ELEMENT = 16_384
_SEPARATOR = lazy_pattern(r"[=:>,|│]|%3[DdAa]|<-")
_OPTION = lazy_pattern(r"""--?([A-Za-z][\w.\-]{2,63})(?:[ \t]{1,4}[^\s|&;<>=\-,:.]|["'][ \t]?,[ \t]{0,2}["'])""")


def find_pairs(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the secret parts of values whose names `kind_of` calls sensitive."""
    found: list[Span] = []
    floor = 0
    for separator in _SEPARATOR.finditer(text):
        start, end = separator.span()
        if start >= floor:
            spans, floor = _pair(text, start, end, kind_of)
            found += spans
    if "-" in text:
        found += _options(text, kind_of) + find_prefixed_key_lines(text)
    if "└" in text:
        found += find_annotated(text, kind_of)
    if "{" in text:
        found += find_tuples(text, kind_of)
    if "[" in text and "]\n" in text:
        found += find_shown_items(text, kind_of)
    found += find_listed(text)
    return (
        found
        + find_serialized(text, kind_of)
        + find_in_sentences(text, kind_of)
        + find_in_columns(text, kind_of)
        + find_userinfo(text)
    )


def _pair(text: str, start: int, end: int, kind_of: KindOf) -> tuple[list[Span], int]:
    """Spans of what belongs to the name before the separator at `start`, and where to go on reading."""
    sign = "%" if text[start] == "%" else "=" if text[start] == "<" else text[start]
    name = name_before(text, start, sign)
    if name is None:
        return [], end
    if name.lower() in NAME_HOLDERS:
        before = value_before_name(text, end, kind_of) if sign in "=:" and name.lower() == "value" else None
        if before is not None:
            return before
        named = name_in_value(text, end, sign)
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


NAME_HOLDERS = NAME_FIELDS | {"value"}
_NAMED = lazy_pattern(
    r"""[ \t]{0,4}\\{0,4}["']?/?([\w.\-\[\]]{1,80})\\{0,4}["']?[ \t]{0,4},?[ \t\r\n]{0,24}"""
    r"""(?:\w{2,12}="[^"<>]{0,64}"[ ]){0,3}"""
    r"""\\{0,4}["']?(?:[vV]alue|VALUE|val|v|content|old|"""
    r"""old_?[vV]alue|from|before|new|new_?[vV]alue|to|after|data)\\{0,4}["']?[ \t]{0,4}[:=]"""
)
_PART = lazy_pattern(r"""["']([\w.\-\[\]]{1,80})["'](?:\r?\n|\\r\\n){2}""")
_VALUE_FIRST = lazy_pattern(
    r"""[ ]?["']([^"'\\]{1,512})["'],?[ ]?["']?(?:name|key)["']?[ ]?[:=][ ]?["']([\w.\-]{1,80})["']""", re.IGNORECASE
)
_ELEMENT = lazy_pattern(r"""["']([\w.\-]{1,80})["'][^<>]{0,80}>(?:\s{0,24}<value>)?""")
_NEXT_ELEMENT = lazy_pattern(
    r"\s{0,8}([\w.\-]{1,80})\s{0,4}(?:(?:</\w{1,20}>\s{0,24}){1,3}<(?:(string|value|val|data|integer)|td|dd|code|input)\b[^<>]{0,80}>|"
    r":\s{0,4}</\w{1,20}>\s{0,4})\s{0,4}(?:<code>)?"
)
_NAMED_BY_COMMAND = lazy_pattern(r"([\w.\-]{1,80})(?:;[\w=;]{1,80})?(?:\]|::)")
_SERIALIZED = lazy_pattern(r"""(?:"([\w.\-]{1,80})\\?";|\b([\w.\-]{1,80})\|)s:\d{1,6}:\\?"([^"\\]{1,4096})""")


def name_in_value(text: str, end: int, sign: str) -> tuple[str, int, str] | None:
    """The name that stands as a value, where its own value begins, and what separates the two."""
    if sign == ">":
        named = _NEXT_ELEMENT.match(text, end)  # <key>password</key><string>
        return None if named is None else (named.group(1), named.end(), ">" if named.group(2) else "t")
    if sign not in "=:":
        return None
    for pattern, following in ((_NAMED, ":"), (_PART, "\n"), (_ELEMENT, ">"), (_NAMED_BY_COMMAND, "\n")):
        named = pattern.match(text, end)
        if named is not None:
            return named.group(1), named.end(), following
    return None


def value_before_name(text: str, end: int, kind_of: KindOf) -> tuple[list[Span], int] | None:
    """The spans of `"value": "...", "name": "password"`, where the name comes last, and where to go on reading."""
    named = _VALUE_FIRST.match(text, end)
    kind = kind_of(named.group(2)) if named is not None else None
    if named is None or kind is None:
        return None
    return secret_parts(text, *named.span(1), kind), named.end()


def find_serialized(text: str, kind_of: KindOf) -> list[Span]:
    """PHP's `s:8:"password";s:12:"..."` and, of a session, `password|s:12:"..."`."""
    found: list[Span] = []
    for item in _SERIALIZED.finditer(text) if "s:" in text else ():
        kind = kind_of(item.group(1) or item.group(2))
        if kind is not None:
            found += secret_parts(text, *item.span(3), kind)
    return found


_TUPLE = lazy_pattern(
    r"""\{[ ]?[:']?([A-Za-z_][\w.\-]{0,80})'?,[ ]{0,2}(?:<<)?\\{0,2}"([^"\\]{1,1024})|"""
    r"""<<\\{0,2}"([\w.\-]{1,80})\\{0,2}">>[ ]?(?:,|=>)[ ]?(?:<<)?\\{0,2}"([^"\\]{1,1024})"""
)


def holds_tuple(text: str) -> bool:
    """Whether a name and a value stand in some tuple, or in some map."""
    return _TUPLE.search(text) is not None


def find_tuples(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the values whose names are sensitive."""
    found: list[Span] = []
    for pair in _TUPLE.finditer(text):
        kind = kind_of(pair.group(1) or pair.group(3))
        if kind is not None:
            found += secret_parts(text, *pair.span(2 if pair.group(1) else 4), kind)
    return found


_MOST = 300
_BACK = lazy_pattern(r"""([^\s"'@<>]{3,256}?):([\w.\-+%]{1,64})(?=[\s"'=(,\[`]|\Z)""")
_DRIVER = lazy_pattern(r"@(?:tcp|tcp6|udp|unix|cloudsql\w{0,8})\(")
_ADDRESSES = frozenset(("sip", "sips", "mailto", "xmpp", "acct", "email", "mail", "to", "from", "cc", "user", "npm"))
_HOST = lazy_pattern(r"@[A-Za-z0-9][\w.\-]{1,253}:\d{2,5}(?:[\s/\"',;)?]|\Z)")


def find_userinfo(text: str) -> list[Span]:
    """Spans of the passwords."""
    found: list[Span] = []
    position = text.find("@")
    floor = 0
    while position >= 0:
        driver = _DRIVER.match(text, position) is not None
        if driver or _HOST.match(text, position) is not None:
            back = _BACK.match(text[max(floor, position - _MOST) : position][::-1])
            value = back.group(1)[::-1] if back is not None else ""
            if back is None or back.group(2)[::-1].lower() in _ADDRESSES:
                value = ""
            if value and "//" not in value and (driver or looks_random(value)) and not is_harmless(value, "password"):
                found.append((position - len(value), position, "url-password"))
        floor = position + 1
        position = text.find("@", floor)
    return found
