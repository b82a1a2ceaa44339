"""Step 3, redact: the name before a separator, which is read backwards from the separator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.names import name_rules

if TYPE_CHECKING:
    from discreet._redaction.names import KindOf

MOST_BEFORE = 96
# These two read backwards: `"password` comes as `drowssap"`.
_NAME = lazy_pattern(r"""[ \t]{0,24}\]?(?:["'`]\\{0,4}|22%|\*{1,2})?(\w[\w.\-]{0,80})(.{0,14})""", re.DOTALL)
_QUOTED_NAME = lazy_pattern(r"""[ \t]?["']\\{0,4}(\w[\w.\-]{0,80})["']\\{0,4}[bu]?[ \t]{0,2}[(\[]""")
# A separator read backwards, and the name before it if that stands alone; of a tag, the name stands further away.
_ALONE = r"""(?:\]?["']?(\w[\w.\-]{0,40})(?=[ \t\n,;&?(\[{|:"']|\Z))?"""
_SIGN_AND_NAME = lazy_pattern(
    r"""[=:>,](?:(?<=,)(?=["' ])|(?<!,)(?![=:>,;<{}()/\\\n&?!@#.|]))(?:(?<=>)|""" + _ALONE + ")"
)
_PERCENT_AND_NAME = lazy_pattern("[DdAa]3%" + _ALONE)
_REMEMBERED = 4096
_TAG_NAME = lazy_pattern(r"<(?:\w{1,40}:)?([\w.\-]{1,80})[\s>]")
_CELL = lazy_pattern(r"[ \t]{0,64}(\w[\w.\-]{0,80})[ \t]{0,8}(?:[|│\n]|\Z)")
_SECOND_WORDS = frozenset(
    ("key", "keys", "code", "phrase", "string", "str", "number", "token", "hex", "base64", "pem", "content", "material")
)
_FOLDER_AHEAD = lazy_pattern(r"/(\w{2,13})")
_WORD_AHEAD = lazy_pattern(r" (\w{2,13})")
_NEVER_BEFORE = frozenset("=:>,;<{}()/\\\n&?!@#.|")
_WRITTEN = frozenset(("hex", "base64", "pem"))
_TYPES = frozenset(("string", "str"))
_TYPES_BACK = frozenset(name[::-1] for name in _TYPES)
_IN_MARKER = ":DETCADER["
NAME_FIELDS = frozenset((
    "name", "key", "header", "param", "field", "variable", "k", "attribute", "td", "th", "dt", "b", "strong",
    "path", "setting", "property", "option", "col", "column",
))  # fmt: skip
"""Names of fields whose value is a name: in `name=password value=...` the secret comes after `value`."""


def any_name_is_sensitive(text: str, kind_of: KindOf, harmless: set[str]) -> bool:
    """Whether any name before a separator is sensitive: a cheap form of what `find_pairs` finds out.

    `harmless` remembers names (backwards, as they are read) that stood alone and were found harmless.
    """
    back = text[::-1]
    if _any_sensitive(text, back, _SIGN_AND_NAME, 1, kind_of, harmless):
        return True
    return "%3" in text and _any_sensitive(text, back, _PERCENT_AND_NAME, 3, kind_of, harmless)


def _any_sensitive(
    text: str, back: str, signs: re.Pattern[str], length: int, kind_of: KindOf, harmless: set[str]
) -> bool:
    for found in signs.finditer(back):
        known = found[1]
        if known in harmless or (known is not None and known.isdigit() and kind_of(known[::-1]) is None):
            continue
        start = found.start()
        name = name_before(text, len(text) - start - length, "%" if length > 1 else back[start])
        if name is not None:
            if kind_of(name) is not None or name.lower() in NAME_FIELDS:
                return True
            if (
                known is not None
                and known not in _TYPES_BACK
                and _is_settled(name, back[found.end() : found.end() + 1])
            ):
                if len(harmless) >= _REMEMBERED:
                    harmless.clear()
                harmless.add(known)
    return False


def _is_settled(name: str, ahead: str) -> bool:
    """Whether the verdict holds wherever the name stands: no word before it and no resource path can change it."""
    return name.isdigit() or (ahead != ":" and name.rpartition(" ")[2].lower() not in _SECOND_WORDS)


def name_before(text: str, position: int, sign: str) -> str | None:
    """The name that a separator at this position belongs to, if any."""
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
    backwards = text[max(0, position - MOST_BEFORE) : position][::-1]
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
    """The name without the rest of an escape or a prefix before it, or with the word that belongs to it."""
    if ahead[:1] == "\\" and name[0] in "nrt":
        return name[1:]  # the letter of an escape: "a=1\\npassword=x"
    if ahead[:1] == "%":
        return name[2:]  # the digits of one: "%3Fpassword%3Dx"
    if name.startswith("-D"):
        return name[2:]  # a definition for a Java machine: "-Dpassword=x"
    if ahead[:1] == " " and name.lower() in _SECOND_WORDS:
        return _with_first_word(name, ahead)
    folder = _FOLDER_AHEAD.match(ahead)
    if folder is not None:
        parent = folder.group(1)[::-1]
        if parent.lower() in ("user", "username", "login") and ahead[folder.end() : folder.end() + 1] != "/":
            return "credentials"  # user/password: bob/...
        if parent.lower() in name_rules().stop_before:
            return f"{parent} {name}"  # checksum/secret
    return name


def _with_first_word(name: str, ahead: str) -> str:
    """`api key` rather than `key`."""
    before = _WORD_AHEAD.match(ahead)
    if before is None:
        return name
    rules = name_rules()
    first = before.group(1)[::-1]
    phrase = f"{first} {name}"
    if name.lower() in _WRITTEN:  # private key hex
        second = _WORD_AHEAD.match(ahead, before.end())
        return phrase if second is None else f"{second.group(1)[::-1]} {phrase}"
    if phrase.lower() in rules.pairs or first.lower() in rules.stop_before or first.lower() in rules.stop_before_last:
        return phrase  # also of what is none, such as a public key
    return first if name in _TYPES else name  # Go: var password string = "..."
