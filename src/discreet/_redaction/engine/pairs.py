r"""Step 3, redact: names in a text, and where their values begin and end.

`k=v`, `k: v`, `'k': v`, `"k": "v"`, `\"k\": \"v\"`, `<k>v</k>`, `('k', 'v')`, `k%3Dv`, `--k v`; and names that
stand where a value does: `"name": "k", "value": "v"`.

The separators are the anchors. The name is read backwards from the separator, and its verdict decides whether the
value is looked at. No regular expression can consult a verdict half-way, so this is code; which names count is data
(names.json).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_mixed
from discreet._redaction.engine.columns import find_in_columns
from discreet._redaction.engine.enclosed_values import enclosed_value
from discreet._redaction.engine.layouts import (
    find_annotated,
    find_listed,
    find_prefixed_key_lines,
    find_shown_items,
    find_tuples,
    find_userinfo,
)
from discreet._redaction.engine.names_in_text import MOST_BEFORE, NAME_FIELDS, name_before
from discreet._redaction.engine.secret_values import Span, secret_parts
from discreet._redaction.engine.sentences import find_in_sentences
from discreet._redaction.engine.unquoted_values import BARE, unquoted_value

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


_LEAD = lazy_pattern(
    r"[=>]{0,2}(?:\*\*[ \t])?[ \t]{0,64}(?:(?:[|>][+\-]?[ \t]{0,4})?\r?\n[ \t]{1,16})?(?:!![a-z]{2,8}[ \t])?[bu]?"
)
_OPENING = lazy_pattern(r"""(\\{1,8}["'])|(["'`])|([\[({])|([\u201c\u201e\u00ab\u2018])""")
_HERE_DOCUMENT = lazy_pattern(r"<<[\-~]?['\"]?[A-Z_]{2,20}")
_NEXT_PAIR = {
    "=": lazy_pattern(r"[A-Za-z_][\w.\-]{1,40}=[^=\s]"),
    ":": lazy_pattern(r"[A-Z][A-Za-z]{1,40}:[A-Za-z\[{&]|[A-Za-z_]\w{1,40}=[\"']"),
}
_MAPPING = lazy_pattern(r"""["']?[\w.\-/]{1,80}["']?[ ]?[:=](?:\s|\Z)""")
_PERCENT = lazy_pattern(r"""(?:%22|%27|%20|\+){0,3}(.{1,4096}?)(?:%2[267CcDd]|%7[Dd]|[&\s"'<>;]|\Z)""", re.DOTALL)
_LINE = lazy_pattern(r"(?:[^\r\n\\]|\\[^rn])+")
_TAG = lazy_pattern(r"[^<]+")
_INNER_TAG = lazy_pattern(r"\s{0,24}<(?:value|string|plaintext|content)>", re.IGNORECASE)
_CDATA = "<![CDATA["
_CELL = lazy_pattern(r"""[ \t]{0,8}([^\s|│"'`]{3,512})[ \t]{0,64}(?:[|│\r\n]|\Z)""")
_PRIVATE_KEY = lazy_pattern(r"""[ ]?["'`\\]{0,5}-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY""")
_ANNOTATION = lazy_pattern(
    r"(?:str|bytes|string|String|SecretStr|SecretBytes|int|Any|Final|"
    r"(?:Optional|Union|Final|ClassVar|Annotated)\[[\w.\[\], |]{1,64}\])"
    r"(?: ?\| ?None)?[ \t]{0,4}=[ \t]{0,4}"
)
_WRAPPED = lazy_pattern(
    r"(?:[NEUBRFnebruxf]{1,2}|[A-Za-z_][\w.]{0,40}\(|string\(\d{1,6}\) |\[\][a-z]{3,9}[({])[bu]?(?=[\"'])|"
    r"(?:Some|Just|Optional)\((?=[^\s()\"']{4,256}\))"
)
_GETTER = lazy_pattern(r"[\w.]{0,40}(?:get|env|prompt|input|read|load|fetch)[\w.]{0,20}\(", re.IGNORECASE)


def pair_value(text: str, position: int, sign: str, kind: str, name: str, begin: int = -1) -> tuple[list[Span], int]:
    """The secret parts of the value that starts after a separator, and where to go on reading.

    `begin` is where the name starts, if it stands right before the separator.
    """
    if sign == ":" and text[position : position + 1] == ":":
        return [], position + 1  # a scope, as in Token::Kind
    if sign in _ENDS:
        return _ENDS[sign](text, position, kind)
    start, sign = _value_start(text, position, sign)
    if start < 0:
        return [], position
    if start >= len(text) or _begins_nothing(text, position, start, sign):
        return [], start
    if begin > 0 and text[start] == text[begin - 1] and text[start] in "\"'" and text[begin + len(name)] != text[start]:
        return [], start + 1  # the quote that ends what the name stands in: prompt="Password: "
    if sign == ">":
        return _element(text, start, kind)
    if sign == "t":
        return _cell_of_markup(text, start, kind)
    opening = _OPENING.match(text, start)
    if opening is None:
        return ([], start) if sign == "," else unquoted_value(text, start, sign, kind, name, begin)
    return enclosed_value(text, opening, sign, kind)


def _element(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """What an element of XML holds."""
    if text.startswith(_CDATA, start):
        start += len(_CDATA)
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end
        return secret_parts(text, start, end, kind), end
    inner = _INNER_TAG.match(text, start)
    return _span(text, _TAG, start if inner is None else inner.end(), kind)


def _value_start(text: str, position: int, sign: str) -> tuple[int, str]:
    """Past white space, the rest of the separator, a type annotation, and what wraps a literal."""
    lead = _LEAD.match(text, position)
    start = lead.end() if lead is not None else position
    if start > position and text[start - 1] in "bu" and text[start : start + 1] not in ("'", '"', "\\"):
        start -= 1  # a value that begins with b, not a bytes literal
    if sign == ":":
        annotation = _ANNOTATION.match(text, start)
        if annotation is not None:
            start, sign = annotation.end(), "="
    elif sign == "-" and text.startswith("pass:", start):  # openssl: the password itself follows
        start += 5
    if _GETTER.match(text, start):
        return -1, sign  # code that fetches the value
    wrapped = _WRAPPED.match(text, start)
    return (start if wrapped is None else wrapped.end()), sign  # PASSWORD('x'), SecretStr('x'), N'x'


def _begins_nothing(text: str, position: int, start: int, sign: str) -> bool:
    """Whether there is no value: the next pair follows, or what has a rule of its own."""
    if _PRIVATE_KEY.match(text, start) or _HERE_DOCUMENT.match(text, start):
        return True
    if sign == "-" and text.startswith(("env:", "file:", "fd:"), start):  # where openssl takes it from
        return True
    if start == position:
        return False
    if "\n" in text[position:start]:
        return _MAPPING.match(text, start) is not None
    following = _NEXT_PAIR.get(sign)
    return following is not None and following.match(text, start) is not None


def _cell_of_markup(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The next cell of a table, unless it is one word, as in the header of a table."""
    matched = _TAG.match(text, start)
    value = matched.group().strip() if matched is not None else ""
    if len(value) < 4 or (not any(map(str.isdigit, value)) and not looks_mixed(value)):
        return [], start
    start = text.index(value, start)
    return secret_parts(text, start, start + len(value), kind), start + len(value)


def _cell(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The next cell of a table, unless it is a word, as in the header of a table."""
    cell = _CELL.match(text, start)
    if cell is None or not (any(char.isdigit() for char in cell.group(1)) or looks_mixed(cell.group(1))):
        return [], start
    return secret_parts(text, *cell.span(1), kind), cell.end(1)


def _span(text: str, pattern: re.Pattern[str], start: int, kind: str) -> tuple[list[Span], int]:
    matched = pattern.match(text, start)
    if matched is None:
        return [], start
    return secret_parts(text, start, matched.end(), kind), matched.end()


def _percent(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    matched = _PERCENT.match(text, start)
    if matched is None:
        return _span(text, BARE, start, kind)
    return secret_parts(text, *matched.span(1), kind), matched.end(1)


def _line(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    return _span(text, _LINE, start, kind)


_ENDS = {"%": _percent, "\n": _line, "|": _cell, "│": _cell}
"""Values whose separator says how they end."""
