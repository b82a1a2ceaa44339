r"""Step 3, redact: names in a text, each followed by its value.

`k=v`, `k: v`, `'k': v`, `"k": "v"`, `\"k\": \"v\"`, `<k>v</k>`, `('k', 'v')`, `k%3Dv`, `--k v`; and names that
stand where a value does: `"name": "k", "value": "v"`.

The separators are the anchors. The name is read backwards from the separator, and its verdict decides whether the
value is looked at. No regular expression can consult a verdict half-way, so this is code; which names count is data
(names.json).
"""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.columns import find_in_columns
from discreet._redaction.engine.layouts import find_in_layouts
from discreet._redaction.engine.pair_values import pair_value
from discreet._redaction.engine.secret_values import KindOf, Span, Spans, secret_parts
from discreet._redaction.engine.sentences import find_in_sentences
from discreet._redaction.names import name_rules

_LONGEST_ELEMENT = 16_384
_SEPARATOR = lazy_pattern(r"[=:>,|│]|%3[DdAa]|<-")
_OPTION = lazy_pattern(r"""--?([A-Za-z][\w.\-]{2,63})(?:[ \t]{1,4}[^\s|&;<>=\-,:.]|["'][ \t]?,[ \t]{0,2}["'])""")


def find_pairs(text: str, kind_of: KindOf) -> Spans:
    """Spans of the secret parts of values whose names `kind_of` calls sensitive."""
    floor = 0
    for separator in _SEPARATOR.finditer(text):
        start, end = separator.span()
        if start >= floor:
            spans, floor = _pair(text, start, end, kind_of)
            yield from spans
    yield from _options(text, kind_of)
    yield from find_in_layouts(text, kind_of)
    yield from find_in_sentences(text, kind_of)
    yield from find_in_columns(text, kind_of)


def _pair(text: str, start: int, end: int, kind_of: KindOf) -> tuple[list[Span], int]:
    """Spans of what belongs to the name before the separator at `start`, and where to go on reading."""
    sign = "%" if text[start] == "%" else "=" if text[start] == "<" else text[start]
    name = _name_before(text, start, sign)
    if name is None:
        return [], end
    low = name.lower()
    if low == "value" and sign in "=:":  # "value": "...", "name": "password"
        last = _VALUE_FIRST.match(text, end)
        kind = kind_of(last.group(2)) if last is not None else None
        if last is not None and kind is not None:
            return secret_parts(text, *last.span(1), kind), last.end()
    if low == "value" or low in name_rules().words["name_fields"]:
        name, end, sign = _name_in_value(text, end, sign) or (name, end, sign)
    kind = kind_of(name)
    if kind is None:
        return [], start + 1
    if sign == ">" and text[start - 1] == "-":
        sign = ":"
    if sign == ">" and text.find("</", end, end + _LONGEST_ELEMENT) < 0:
        return [], end  # <password>, a placeholder
    begin = text.rfind(name, max(0, start - _MOST_BEFORE), start) if sign in "=:" else -1
    return pair_value(text, end, sign, kind, name, begin)


def _options(text: str, kind_of: KindOf) -> Spans:
    """`--password x`, `-token x` and, in lists of arguments, `'--password', 'x'`."""
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
                    yield from spans
        position = text.find("-", max(following, position + 1))


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


def _name_in_value(text: str, end: int, sign: str) -> tuple[str, int, str] | None:
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


_MOST_BEFORE = 96
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
_NAME_CELL = lazy_pattern(r"[ \t]{0,64}(\w[\w.\-]{0,80})[ \t]{0,8}(?:[|│\n]|\Z)")
_FOLDER_AHEAD = lazy_pattern(r"/(\w{2,13})")
_WORD_AHEAD = lazy_pattern(r" (\w{2,13})")
_NEVER_BEFORE = frozenset("=:>,;<{}()/\\\n&?!@#.|")
_WRITTEN = frozenset(("hex", "base64", "pem"))
_TYPES = frozenset(("string", "str"))
_TYPES_BACK = frozenset(("gnirts", "rts"))
_IN_MARKER = ":DETCADER["


def any_name_is_sensitive(text: str, kind_of: KindOf, harmless: set[str]) -> bool:
    """Whether any name before a separator is sensitive: a cheap form of what `find_pairs` finds out.

    `harmless` remembers names (backwards, as they are read) that stood alone and were found harmless.
    """
    back = text[::-1]
    return _any_sensitive(text, back, _SIGN_AND_NAME, kind_of, harmless) or (
        "%3" in text and _any_sensitive(text, back, _PERCENT_AND_NAME, kind_of, harmless)
    )


def _any_sensitive(text: str, back: str, signs: re.Pattern[str], kind_of: KindOf, harmless: set[str]) -> bool:
    length, sign = (3, "%") if signs is _PERCENT_AND_NAME else (1, "")
    for found in signs.finditer(back):
        known = found[1]
        if known in harmless or (known is not None and known.isdigit() and kind_of(known[::-1]) is None):
            continue
        start, end = found.span()
        name = _name_before(text, len(text) - start - length, sign or back[start])
        if name is None:
            continue
        if kind_of(name) is not None or name.lower() in name_rules().words["name_fields"]:
            return True
        # Does the verdict hold wherever the name stands? No word before it and no resource path may change it.
        alone = back[end : end + 1] != ":" and name.rpartition(" ")[2].lower() not in name_rules().words["second_words"]
        if known is not None and known not in _TYPES_BACK and (alone or name.isdigit()):
            if len(harmless) >= _REMEMBERED:
                harmless.clear()
            harmless.add(known)
    return False


def _name_before(text: str, position: int, sign: str) -> str | None:
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
    backwards = text[max(0, position - _MOST_BEFORE) : position][::-1]
    if sign in "|│":
        cell = _NAME_CELL.match(backwards)
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
    if ahead[:1] == " " and name.lower() in name_rules().words["second_words"]:
        return _with_first_word(name, ahead)
    folder = _FOLDER_AHEAD.match(ahead)
    if folder is not None:
        parent = folder.group(1)[::-1]
        if parent.lower() in ("user", "username", "login") and ahead[folder.end() : folder.end() + 1] != "/":
            return "credentials"  # user/password: bob/...
        if parent.lower() in name_rules().words["stop_before"]:
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
    if (
        phrase.lower() in rules.pairs
        or first.lower() in rules.words["stop_before"]
        or first.lower() in rules.words["stop_before_last"]
    ):
        return phrase  # also of what is none, such as a public key
    return first if name in _TYPES else name  # Go: var password string = "..."
