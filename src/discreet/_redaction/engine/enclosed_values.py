"""Step 3, redact: values between quotes, brackets and braces, and what of them is secret."""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_generated
from discreet._redaction.engine.secret_values import Span, secret_parts

_CLOSING = {"\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u2018": "\u2019"}
_LAST_ITEM = lazy_pattern(r"[ ]{0,2}(?:[)\]]|,[ ]?(?:\d|[Tt]rue|[Ff]alse)[ ]?\))")
_OBJECT = lazy_pattern(r"""\{\s{0,8}\\?["']?[\w.\-]{1,64}\\?["']?\s{0,4}:""")
_MASKED = lazy_pattern(
    r"(?:[A-Z][A-Z_ ]{2,40}|filtered|redacted|protected|masked|hidden|removed|"
    r"secret|omitted|sensitive|private|scrubbed|stripped)\]",
    re.IGNORECASE,
)
_CHANGE = lazy_pattern(
    r"""[ \t]{0,4}(?:->|=>|→|,[ ]?["'](?:new|after|new_?[vV]alue)["']:)[ \t]{0,4}["']([^"'\n]{1,1024})["']"""
)
_QUOTED = {
    '"': lazy_pattern(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL),
    "'": lazy_pattern(r"[^'\\]*(?:\\.[^'\\]*)*", re.DOTALL),
    "`": lazy_pattern(r"[^`]*"),
}
_COOKIE_ITEM = lazy_pattern(r"""[\s,]{0,8}["'][\w.\-]{1,80}["']:\s{0,4}["']([^"'\\]{0,4096})["']""")
_ROUND = lazy_pattern(r"([^\s()\"',=]{4,256})\)")
_HISTORY = lazy_pattern(
    r"""[\s,]{0,16}\\?["'](?:old|new|from|to|before|after|previous|current|value|plain|oldValue|newValue|old_value|new_value)\\?["']:"""
    r"""\s{0,4}\\?["']([^"'\\]{0,4096})\\?["']"""
)
_BESIDE = lazy_pattern(
    r"""[\s,]{0,16}\\?["'][\w.\-]{1,80}\\?["']:\s{0,4}(?:true|false|null|\d{1,12}|\\?["'][^"'\\]{0,64}\\?["'])"""
)
_MOST_BESIDE = 12
_BRACED = lazy_pattern(r"\{([^\s{}:=\"',][^\s{}:=\"',]{2,128})\}")
_INNER = lazy_pattern(
    r"(?:password|pwd|pw|pass|key|secret|token|sig)\s{0,2}[=:]|://[^\s/?#\"'<>@:]{0,256}:[^\s\"'<>@]{1,512}@",
    re.IGNORECASE,
)
_LIST_ITEM = lazy_pattern(
    r"""[\s,]{0,24}(?:[bu]?"([^"\\]*(?:\\.[^"\\]*)*)"|[bu]?'([^'\\]*(?:\\.[^'\\]*)*)'|([^\s"',\[\]{}()]+))"""
)


def enclosed_value(text: str, opening: re.Match[str], sign: str, kind: str) -> tuple[list[Span], int]:
    """The secret parts of a value that begins with a quote or a bracket, and where to go on reading."""
    start = opening.end()
    escaped, quote, bracket, curled = opening.groups()
    if curled:
        end = text.find(_CLOSING[curled], start)
        end = len(text) if end < 0 else end
        return secret_parts(text, start, end, kind), end
    if escaped:
        return _escaped(text, start, escaped, kind)
    return _quoted(text, start, quote, sign, kind) if quote else _bracketed(text, start, bracket, sign, kind)


def _escaped(text: str, start: int, quote: str, kind: str) -> tuple[list[Span], int]:
    """Between quotes with backslashes before them."""
    end = text.find(quote, start)
    while end > 0 and text[end - 1] == "\\":  # one more backslash: a quote within the value
        end = text.find(quote, end + 1)
    end = len(text) if end < 0 else end
    if kind == "connection-string" and _INNER.search(text, start, end):
        return [], start
    return secret_parts(text, start, end, kind), end + len(quote)


def _quoted(text: str, start: int, quote: str, sign: str, kind: str) -> tuple[list[Span], int]:
    matched = _QUOTED[quote].match(text, start)
    end = matched.end() if matched else len(text)
    if quote == "`" and " " in text[start:end]:
        return [], end + 1  # a command
    if sign == "," and _LAST_ITEM.match(text, end + 1) is None:
        return [], start  # words in a list, not a pair
    if text.startswith("{", start) and _OBJECT.match(text, start, end):
        return [], start  # an object: its own names are judged
    if kind == "connection-string" and _INNER.search(text, start, end):
        return [], start  # its parts have names of their own, or are a URL
    return _changed(text, start, end, kind)


def _bracketed(text: str, start: int, bracket: str, sign: str, kind: str) -> tuple[list[Span], int]:
    if bracket == "[":
        return ([], start) if _MASKED.match(text, start) else _items(text, start, kind)
    if bracket == "(":
        alone = _ROUND.match(text, start)
        if alone is None or not looks_generated(alone.group(1)):
            return [], start
        return secret_parts(text, *alone.span(1), kind), alone.end(1)
    found, end = _cookies(text, start) if kind == "cookie" else _history(text, start, kind)
    braced = _BRACED.match(text, start - 1) if sign == "=" and not found else None
    if braced is not None:  # ODBC: PWD={a;b}
        return secret_parts(text, *braced.span(1), kind), braced.end()
    return found, end  # of any other object, its own names are judged


def _changed(text: str, start: int, end: int, kind: str) -> tuple[list[Span], int]:
    """A quoted value, and the one that replaces it in a plan: "a" -> "b"."""
    found = secret_parts(text, start, end, kind)
    change = _CHANGE.match(text, end + 1)
    if change is None:
        return found, end + 1
    return found + secret_parts(text, *change.span(1), kind), change.end()


def _history(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The values of `{"old": "...", "new": "..."}` under a sensitive name."""
    found: list[Span] = []
    end = start
    for _ in range(_MOST_BESIDE):
        item = _HISTORY.match(text, start)
        if item is not None:
            found += secret_parts(text, *item.span(1), kind)
            end = item.end()
        else:
            item = _BESIDE.match(text, start)
            if item is None:
                break
        start = item.end()
    return found, end


def _cookies(text: str, start: int) -> tuple[list[Span], int]:
    """The values of `{'session': '...', 'theme': '...'}`, whatever their names."""
    found: list[Span] = []
    item = _COOKIE_ITEM.match(text, start)
    while item is not None:
        found += secret_parts(text, *item.span(1), "cookie")
        start = item.end()
        item = _COOKIE_ITEM.match(text, start)
    return found, start


def _items(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    found: list[Span] = []
    item = _LIST_ITEM.match(text, start)
    while item is not None:
        group = item.lastindex or 0
        found += secret_parts(text, *item.span(group), kind)
        start = item.end()
        item = _LIST_ITEM.match(text, start)
    return found, start
