"""Step 3, redact: where the value of a name in text begins and ends."""

from __future__ import annotations

import re

from discreet._redaction.checksums import generated, mixed
from discreet._redaction.keys import key_words
from discreet._redaction.values import PARAMETER_SCHEME, SCHEME, Span, secret_parts

_LEAD = re.compile(
    r"[=>]{0,2}(?:\*\*[ \t])?[ \t]{0,8}(?:(?:[|>][+\-]?[ \t]{0,4})?\r?\n[ \t]{1,16})?(?:!![a-z]{2,8}[ \t])?[bu]?"
)
_OPENING = re.compile(r"""(\\{1,8}["'])|(["'`])|([\[({])""")
_QUOTED = {
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL),
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*", re.DOTALL),
    "`": re.compile(r"[^`]*"),
}
_BARE = re.compile(r"""(?:[^\s"'<>;,&\\`]|\\[^nrt"'\\])+""")
_PERCENT = re.compile(r"""(?:%22|%27|%20|\+){0,3}(.{1,4096}?)(?:%2[267CcDd]|%7[Dd]|[&\s"'<>;]|\Z)""", re.DOTALL)
_TO_END_OF_LINE = re.compile(r"""(?:[^\r\n'\\]|\\[^nrt'])+""")
_COOKIES = re.compile(r"""(?:[^\s"'<>;\\]|\\[^nrt"'])+(?:;[ \t]{0,2}(?:[^\s"'<>;\\]|\\[^nrt"'])+)*""")
_COOKIE_ITEM = re.compile(r"""[\s,]{0,8}["'][\w.\-]{1,80}["']:\s{0,4}["']([^"'\\]{0,4096})["']""")
_LINE = re.compile(r"(?:[^\r\n\\]|\\[^rn])+")
_TAG = re.compile(r"[^<]+")
_CDATA = "<![CDATA["
_NEXT_FIELD = re.compile(r",[\w.\-]{1,64}[=:]|&[\w.\-%\[\]]{0,64}=|&[a-z]{2,6};")
_BRACKETS = re.compile(r"\]\[|\)\(|\}\{|\]\(|[\])}],[ \w]")
_CELL = re.compile(r"""[ \t]{0,8}([^\s|│"'`]{3,512})[ \t]{0,64}(?:[|│\r\n]|\Z)""")
_BRACED = re.compile(r"\{([^\s{}:=\"',][^\s{}:=\"',]{2,128})\}")
_AFTER_SEMICOLON = re.compile(r";([^\s;:='\"<>,&\\/$.][^\s;:='\"<>,&\\/]{1,64})(?:[\s;'\"]|\Z)")
_PRIVATE_KEY = re.compile(r"""[ ]?["'`\\]{0,5}-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY""")
_INNER = re.compile(
    r"(?:password|pwd|pw|pass|key|secret|token|sig)\s{0,2}[=:]|://[^\s/?#\"'<>@:]{0,256}:[^\s\"'<>@]{1,512}@",
    re.IGNORECASE,
)
_MOST_CLOSING = 16
_ANNOTATION = re.compile(
    r"(?:str|bytes|string|String|SecretStr|SecretBytes|int|Any|Final|"
    r"(?:Optional|Union|Final|ClassVar|Annotated)\[[\w.\[\], |]{1,64}\])"
    r"(?: ?\| ?None)?[ \t]{0,4}=[ \t]{0,4}"
)
_WRAPPED = re.compile(r"(?:[NEUBRnebrux]{1,2}|[A-Za-z_][\w.]{0,40}\(|string\(\d{1,6}\) )[bu]?(?=[\"'])")
_PHRASE = re.compile(r"[a-zA-Z]{3,12}(?:[ ,]{1,2}[a-z]{3,12}){2,23}")
_NEXT_WORD = re.compile(r"[.,;:!?]?[ \t]{1,2}([a-zA-Z][\w.\-]{0,40})([=:]?)")
_GETTER = re.compile(r"[\w.]{0,40}(?:get|env|prompt|input|read|load|fetch)[\w.]{0,20}\(", re.IGNORECASE)
_LIST_ITEM = re.compile(
    r"""[\s,]{0,24}(?:[bu]?"([^"\\]*(?:\\.[^"\\]*)*)"|[bu]?'([^'\\]*(?:\\.[^'\\]*)*)'|([^\s"',\[\]{}()]+))"""
)


def pair_value(text: str, position: int, sign: str, kind: str, name: str) -> tuple[list[Span], int]:
    """The secret parts of the value that starts after a separator, and where to go on reading."""
    if sign == ":" and text[position : position + 1] == ":":
        return [], position + 1  # a scope, as in Token::Kind
    if sign == "%":
        return _percent(text, position, kind)
    if sign == "\n":
        return _span(text, _LINE, position, kind)
    if sign in "|│":
        return _cell(text, position, kind)
    if kind == "private-key" and _PRIVATE_KEY.match(text, position):
        return [], position  # its own form tells where it ends
    start, sign = _value_start(text, position, sign)
    if start < 0:
        return [], position
    if start >= len(text):
        return [], start
    if sign == ">":
        if text.startswith(_CDATA, start):
            start += len(_CDATA)
            end = text.find("]]>", start)
            end = len(text) if end < 0 else end
            return secret_parts(text, start, end, kind), end
        return _span(text, _TAG, start, kind)
    if sign == "-" and text.startswith(("env:", "file:", "fd:"), start):  # where openssl takes it from
        return [], start
    opening = _OPENING.match(text, start)
    if opening is None:
        return ([], start) if sign == "," else _bare(text, start, sign, kind, name)
    return _opened(text, opening, sign, kind)


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


def _opened(text: str, opening: re.Match[str], sign: str, kind: str) -> tuple[list[Span], int]:
    """A value between quotes, with or without backslashes before them, or a list."""
    start = opening.end()
    escaped, quote, bracket = opening.groups()
    if escaped:
        end = text.find(escaped, start)
        end = len(text) if end < 0 else end
        if kind == "connection-string" and _INNER.search(text, start, end):
            return [], start
        return secret_parts(text, start, end, kind), end + len(escaped)
    if quote:
        matched = _QUOTED[quote].match(text, start)
        end = matched.end() if matched else len(text)
        if sign == "," and text[end + 1 : end + 2] not in (")", "]"):
            return [], start  # words in a list, not a pair
        if kind == "connection-string" and _INNER.search(text, start, end):
            return [], start  # its parts have names of their own, or are a URL
        return secret_parts(text, start, end, kind), end + 1
    if bracket == "[":
        return _items(text, start, kind)
    if kind == "cookie" and bracket == "{":
        return _cookies(text, start)
    braced = _BRACED.match(text, start - 1) if sign == "=" and bracket == "{" else None
    if braced is not None:  # ODBC: PWD={a;b}
        return secret_parts(text, *braced.span(1), kind), braced.end()
    return [], start  # an object: its own names are judged


def _cell(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The next cell of a table, unless it is a word, as in a table's head."""
    cell = _CELL.match(text, start)
    if cell is None or not (any(char.isdigit() for char in cell.group(1)) or mixed(cell.group(1))):
        return [], start
    return secret_parts(text, *cell.span(1), kind), cell.end(1)


def _cookies(text: str, start: int) -> tuple[list[Span], int]:
    """The values of `{'session': '...', 'theme': '...'}`, whatever their names."""
    found: list[Span] = []
    item = _COOKIE_ITEM.match(text, start)
    while item is not None:
        found += secret_parts(text, *item.span(1), "cookie")
        start = item.end()
        item = _COOKIE_ITEM.match(text, start)
    return found, start


def _span(text: str, pattern: re.Pattern[str], start: int, kind: str) -> tuple[list[Span], int]:
    matched = pattern.match(text, start)
    if matched is None:
        return [], start
    return secret_parts(text, start, matched.end(), kind), matched.end()


def _percent(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    matched = _PERCENT.match(text, start)
    if matched is None:
        return _span(text, _BARE, start, kind)
    return secret_parts(text, *matched.span(1), kind), matched.end(1)


def _items(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    found: list[Span] = []
    item = _LIST_ITEM.match(text, start)
    while item is not None:
        group = item.lastindex or 0
        found += secret_parts(text, *item.span(group), kind)
        start = item.end()
        item = _LIST_ITEM.match(text, start)
    return found, start


def _bare(text: str, start: int, sign: str, kind: str, name: str) -> tuple[list[Span], int]:
    if kind == "cookie":
        return _span(text, _COOKIES, start, kind)
    if kind == "authorization":
        start += text[start : start + 1] == "+"  # a blank in a query
        scheme = SCHEME.match(text, start)
        if scheme is not None:
            if PARAMETER_SCHEME.match(text, start):
                return _span(text, _TO_END_OF_LINE, start, kind)
            end = _bare_end(text, scheme.end())
            return secret_parts(text, start, end, kind), end
    if kind == "mnemonic" and _PHRASE.match(text, start):
        return _span(text, _PHRASE, start, kind)
    end = _bare_end(text, start)
    value = text[start:end]
    if sign != "-" and _is_prose(text, value, end, sign, kind, name):
        return [], end
    return secret_parts(text, start, end, kind), end


def _bare_end(text: str, start: int) -> int:
    """The end of an unquoted value: before white space, a quote, the next field, or closing punctuation."""
    end = start
    while True:
        run = _BARE.match(text, end)
        if run is not None:
            end = run.end()
        if end < len(text) and text[end] == ";":
            rest = _AFTER_SEMICOLON.match(text, end) if end > start else None
            if rest is None or not generated(rest.group(1)):
                break
            end = rest.end(1)
            continue
        if end >= len(text) or text[end] not in ",&" or _NEXT_FIELD.match(text, end):
            break
        end += 1
    cut = _BRACKETS.search(text, start, end + 2)
    if cut is not None and cut.start() < end:
        end = cut.start()
    for _ in range(_MOST_CLOSING):
        last = text[end - 1] if end > start else ""
        if not last or last not in ".,:)]}&" or (last in ")]}" and text[start:end].count("([{"[")]}".index(last)])):
            break
        end -= 1
    return end


def _is_prose(text: str, value: str, end: int, sign: str, kind: str, name: str) -> bool:
    """A lone English word, or the first word of a sentence, says something about a secret."""
    if name.lower() == "pass" and ((value.isdigit() and len(value) < 6) or value.startswith("Test")):
        return True  # pass: 12, fail: 0
    if value.isdigit() and len(value) < 3:
        return True  # how many, or an enumeration's number
    if name.lower() == "auth" and value.isalpha() and value.isupper():
        return True  # auth:SIMPLE
    if sign == "=" or not value.isalpha() or not (value.islower() or value[1:].islower()):
        return False
    if kind in ("token", "otp", "authorization"):
        return True
    following = _NEXT_WORD.match(text, end)
    return following is not None and (not following.group(2) or following.group(1).lower() in key_words().status_words)
