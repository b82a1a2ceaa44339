r"""Step 3, redact: names in text, and where their values are.

`k=v`, `k: v`, `'k': v`, `"k": "v"`, `\"k\": \"v\"`, `<k>v</k>`, `('k', 'v')`, `k%3Dv`, `--k v`,
`"name": "k", "value": "v"`. The separators are the anchors; the name is read backwards from there and its verdict
decides whether the value is looked at. No regular expression can consult a verdict half-way, so this is code; which
names count is data (keys.json).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._redaction.extent import pair_value
from discreet._redaction.keys import key_words
from discreet._redaction.values import secret_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._redaction.values import Span

    KindOf = Callable[[str], "str | None"]

_MOST_BEFORE = 96
_SEPARATOR = re.compile(r"[=:>,|│]|%3[DdAa]")
_SIGNS = ("=", ":", ">", ",", "%3D", "%3d", "%3A", "%3a")
# These two read backwards: `"password` comes as `drowssap"`.
_NAME = re.compile(r"""[ \t]{0,24}\]?(?:["'`]\\{0,4}|22%|\*{1,2})?(\w[\w.\-]{0,80})(.{0,14})""", re.DOTALL)
_QUOTED_NAME = re.compile(r"""[ \t]?["']\\{0,4}(\w[\w.\-]{0,80})["']\\{0,4}[bu]?[(\[]""")
_PLAIN_NAME = re.compile(r"(\w[\w.\-]{0,40})([ \t\n,;&?(\[{|:])")
_REMEMBERED = 4096
_OPTION = re.compile(r"""--?([A-Za-z][\w.\-]{2,63})(?:[ \t]{1,4}|["'][ \t]?,[ \t]{0,2})[^\s|&;<>=\-,:.]""")
_NAME_FIELDS = frozenset(("name", "key", "header", "param", "field", "variable", "k", "attribute"))
_CARRIERS = _NAME_FIELDS | {"value"}
_NAMED = re.compile(
    r"""[ \t]{0,4}\\{0,4}["']?([\w.\-]{1,80})\\{0,4}["']?[ \t]{0,4},?[ \t\r\n]{0,24}"""
    r"""\\{0,4}["']?(?:[vV]alue|VALUE|val|v)\\{0,4}["']?[ \t]{0,4}[:=]"""
)
# Of a form: Content-Disposition: form-data; name="password". And <entry key="password">.
_PART = re.compile(r"""["']([\w.\-\[\]]{1,80})["'](?:\r?\n|\\r\\n){2}""")
_REVERSED = re.compile(
    r"""[ ]?["']([^"'\\]{1,512})["'],?[ ]?["']?(?:name|key)["']?[ ]?[:=][ ]?["']([\w.\-]{1,80})["']""", re.IGNORECASE
)
_ELEMENT = re.compile(r"""["']([\w.\-]{1,80})["'][^<>]{0,80}>(?:\s{0,24}<value>)?""")
_NEXT_ELEMENT = re.compile(r"([\w.\-]{1,80})</\w{1,20}>\s{0,24}<(?:string|value|val|data|integer)>")
_TAG_NAME = re.compile(r"<(?:\w{1,40}:)?([\w.\-]{1,80})[\s>]")
_CELL = re.compile(r"[ \t]{0,64}(\w[\w.\-]{0,80})[ \t]{0,8}(?:[|│\n]|\Z)")
_SECOND_WORDS = frozenset(("key", "keys", "code", "phrase", "string", "number"))
_WORD_AHEAD = re.compile(r" (\w{2,13})")
_NEVER_BEFORE = frozenset("=:>,;<{}()/\\\n&?!@#.|")
_IN_MARKER = ":DETCADER["


def pairs(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the secret parts of values whose names `kind_of` calls sensitive, in order."""
    found: list[Span] = []
    floor = 0
    for separator in _SEPARATOR.finditer(text):
        start, end = separator.span()
        if start < floor:
            continue
        sign = "%" if separator.group()[0] == "%" else text[start]
        name = _name_before(text, start, sign)
        if name is None:
            continue
        if name.lower() in _CARRIERS:
            turned = _REVERSED.match(text, end) if sign in "=:" and name.lower() == "value" else None
            kind = kind_of(turned.group(2)) if turned is not None else None
            if turned is not None and kind is not None:  # {"value": "...", "name": "password"}
                found += secret_parts(text, *turned.span(1), kind)
                floor = turned.end()
                continue
            carried = _carried(text, end, sign)
            if carried is None:
                continue
            name, end, sign = carried
        kind = kind_of(name)
        if kind is not None:
            if sign == ">" and text[start - 1] == "-":
                sign = ":"
            spans, floor = pair_value(text, end, sign, kind, name)
            found += spans
    if "-" in text:
        found += _options(text, kind_of)
    return found


def _carried(text: str, end: int, sign: str) -> tuple[str, int, str] | None:
    """The name that stands as a value, where its own value begins, and what separates the two."""
    if sign == ">":
        named = _NEXT_ELEMENT.match(text, end)  # <key>password</key><string>
        return None if named is None else (named.group(1), named.end(), ">")
    if sign not in "=:":
        return None
    for pattern, following in ((_NAMED, ":"), (_PART, "\n"), (_ELEMENT, ">")):
        named = pattern.match(text, end)
        if named is not None:
            return named.group(1), named.end(), following
    return None


def names_a_secret(text: str, kind_of: KindOf, innocent: set[str]) -> bool:
    """Whether any name before a separator is sensitive: the cheap question that `pairs` answers in full.

    `innocent` remembers names (backwards, as they are read) that stood alone and were found innocent.
    """
    for sign in _SIGNS:
        position = text.find(sign)
        while position >= 0:
            quick = _PLAIN_NAME.match(text[max(0, position - 43) : position][::-1])
            if quick is None or quick.group(1) not in innocent:
                name = _name_before(text, position, sign)
                if name is not None and (kind_of(name) is not None or name.lower() in _NAME_FIELDS):
                    return True
                if quick is not None and name is not None and _is_settled(name, quick.group(2)):
                    if len(innocent) >= _REMEMBERED:
                        innocent.clear()
                    innocent.add(quick.group(1))
            position = text.find(sign, position + 1)
    return False


def _is_settled(name: str, ahead: str) -> bool:
    """Whether the verdict holds wherever the name stands: no word before it and no resource path can change it."""
    return name.isdigit() or (ahead != ":" and name.lower() not in _SECOND_WORDS)


def _name_before(text: str, position: int, sign: str) -> str | None:
    if position == 0:
        return None
    previous = text[position - 1]
    if previous in _NEVER_BEFORE or (sign == "," and previous not in "\"' "):
        return None
    if sign == ":" and text[position + 1 : position + 3] == "//":
        return None  # the scheme of a URL
    if sign == ">" and text[position - 1] == "-":
        position, sign = position - 1, ":"  # an arrow
    if sign == ">":
        opening = text.rfind("<", max(0, position - 160), position)
        tag = _TAG_NAME.match(text, opening) if opening >= 0 else None
        return tag.group(1) if tag else None
    backwards = text[max(0, position - _MOST_BEFORE) : position][::-1]
    if sign in "|│":
        cell = _CELL.match(backwards)
        return cell.group(1)[::-1] if cell else None
    if sign == ",":
        quoted = _QUOTED_NAME.match(backwards)
        return quoted.group(1)[::-1] if quoted else None
    before = _NAME.match(backwards)
    if before is None:
        return None
    name, ahead = before.group(1)[::-1], before.group(2)
    if ahead.startswith(_IN_MARKER) and "]" in before.group()[:5]:
        return None
    if ahead[:2] == "//" and sign == ":":
        return None  # the user in a URL
    if ahead[:1] == ":" and sign == ":" and "arn:" in text[max(0, position - 128) : position]:
        return None  # a resource name, whose parts stand between colons
    return _whole_name(name, ahead)


def _whole_name(name: str, ahead: str) -> str:
    """The name without what an escape or a prefix has glued to it, or with the word that belongs to it."""
    if ahead[:1] == "\\" and name[0] in "nrt":
        return name[1:]  # the letter of an escape: "a=1\\npassword=x"
    if ahead[:1] == "%":
        return name[2:]  # the digits of one: "%3Fpassword%3Dx"
    if name.startswith("-D"):
        return name[2:]  # a definition for a Java machine: "-Dpassword=x"
    if ahead[:1] == " " and name.lower() in _SECOND_WORDS:
        first = _WORD_AHEAD.match(ahead)
        phrase = f"{first.group(1)[::-1]} {name}" if first else name
        return phrase if phrase.lower() in key_words().pairs else name
    return name


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
