"""Step 3, redact: where the value after a name begins and ends.

A value without quotes ends before white space, a quote, the next field or closing punctuation.
"""

from __future__ import annotations

import re
from itertools import islice

from discreet._base.lazy_pattern import end_of_match, lazy_pattern, matches_in_a_row
from discreet._redaction.engine.secret_values import Span, looks_generated, looks_mixed, secret_parts
from discreet._redaction.names import any_of, name_rules

_LEAD = lazy_pattern(
    r"[=>]{0,2}(?:\*\*[ \t])?[ \t]{0,64}(?:(?:[|>][+\-]?[ \t]{0,4})?\r?\n[ \t]{1,16})?(?:!![a-z]{2,8}[ \t])?[bu]?"
)
_OPENING = lazy_pattern(r"""(\\{1,8}["'])|(["'`])|([\[({])|([\u201c\u201e\u00ab\u2018])""")
_OTHER_RULE = lazy_pattern(r"""<<[\-~]?['"]?[A-Z_]{2,20}|[ ]?["'`\\]{0,5}-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY""")
_NEXT_PAIR = {
    "=": lazy_pattern(r"[A-Za-z_][\w.\-]{1,40}=[^=\s]"),
    ":": lazy_pattern(r"[A-Z][A-Za-z]{1,40}:[A-Za-z\[{&]|[A-Za-z_]\w{1,40}=[\"']"),
}
_MAPPING = lazy_pattern(r"""["']?[\w.\-/]{1,80}["']?[ ]?[:=](?:\s|\Z)""")
_PERCENT = lazy_pattern(r"""(?:%22|%27|%20|\+){0,3}(.{1,4096}?)(?:%2[267CcDd]|%7[Dd]|[&\s"'<>;]|\Z)""", re.DOTALL)
_LINE = lazy_pattern(r"(?:[^\r\n\\]|\\[^rn])+")
_TAG = lazy_pattern(r"[^<]+")
_INNER_TAG = lazy_pattern(r"\s{0,24}<(?:value|string|plaintext|content)>", re.IGNORECASE)
_CDATA = lazy_pattern(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_CELL = lazy_pattern(r"""[ \t]{0,8}([^\s|│"'`]{3,512})[ \t]{0,64}(?:[|│\r\n]|\Z)""")
_WRAPPED = lazy_pattern(
    r"(?:[NEUBRFnebruxf]{1,2}|[A-Za-z_][\w.]{0,40}\(|string\(\d{1,6}\) |\[\][a-z]{3,9}[({])[bu]?(?=[\"'])|"
    r"(?:Some|Just|Optional)\((?=[^\s()\"']{4,256}\))"
)
_GETTER = lazy_pattern(r"[\w.]{0,40}(?:get|env|prompt|input|read|load|fetch)[\w.]{0,20}\(", re.IGNORECASE)
_BARE = lazy_pattern(r"""(?:[^\s"'<>;,&\\`\x00]|\\(?!x00)[^nrt"'\\])+""")
_TO_END_OF_LINE = lazy_pattern(r"""(?:[^\r\n'\\]|\\[^nrt'])+""")
_COOKIES = lazy_pattern(r"""(?:[^\s"'<>;\\]|\\[^nrt"'])+(?:;[ \t]{0,2}(?:[^\s"'<>;\\]|\\[^nrt"'])+)*""")
_NEXT_FIELD = lazy_pattern(r"[,;|][ ]?[\w.\-]{1,64}[=:]|&[\w.\-%\[\]]{0,64}=|&[a-z]{2,6};")
_BRACKETS = lazy_pattern(r"\]\[|\)\(|\}\{|\]\(|[\])}],[ \w]")
_AFTER_SEMICOLON = lazy_pattern(r";([^\s;:='\"<>,&\\/$.][^\s;:='\"<>,&\\/]{1,64})(?:[\s;'\"]|\Z)")
_PHRASE = lazy_pattern(r"[a-zA-Z]{3,12}(?:[ ,]{1,2}[a-z]{3,12}){2,23}")
_NEXT_WORD = lazy_pattern(r"[.,;:!?]?[ \t]{1,2}([a-zA-Z][\w.\-]{0,40})([=:]?)")
_UNKNOWN_SCHEME = lazy_pattern(r"""[A-Za-z][\w\-]{1,30}[ ]{1,2}([^\s"'<>\[\](){},;]{12,})""")
_PART = lazy_pattern(r"[A-Za-z][\w.]{1,40}(?: [A-Za-z]{2,16})?=[^;\s]{1,256};")
_CLOSING = ")]}"
_MOST_CLOSING = 16
_ALONE = lazy_pattern(r"(?:[ \t]|export |set |setx |[-\[+])*")
_CALL = lazy_pattern(r"[A-Za-z_][A-Za-z_.]{2,64}\([^()\n]{0,200}(?:\([^()\n]{0,100}\)[^()\n]{0,100}){0,3}\)?")
_EXPRESSION = lazy_pattern(
    r"""\$?[A-Za-z_]\w{1,40}(?:(?:\.|::|->)[A-Za-z_]\w{0,40}|\([^()\n]{0,100}\)|\[["']?[\w\-]{0,64}["']?\]|\?){1,8}"""
    r"""(?:[;,)}]{1,3}(?:\s|\Z)|\s|\Z)"""
)
_SCORE = lazy_pattern(r"\d{1,9}(?:/\d{1,9}|%|\.\d)\Z")
_REST = lazy_pattern(r"[^\s\\]{1,256}(?=\r?\n|\Z)")
_SPACED = lazy_pattern(r"(?: [^\s;=:\"'{}]{1,64}){1,12};")


def pair_value(text: str, position: int, sign: str, kind: str, name: str, begin: int = -1) -> tuple[list[Span], int]:
    """The secret parts of the value that starts after a separator, and where to go on reading.

    `begin` is where the name starts, if it stands right before the separator.
    """
    if sign == ":" and text[position : position + 1] == ":":
        return [], position + 1  # a scope, as in Token::Kind
    if sign == "%":
        found = _matched(text, _PERCENT, position, kind, 1)
        return found if found[1] > position else _matched(text, _BARE, position, kind)
    if sign == "\n":
        return _matched(text, _LINE, position, kind)
    if sign in "|│":
        return _cell(text, position, kind)
    start, sign = _value_start(text, position, sign)
    if start < 0:
        return [], position
    if start >= len(text) or _begins_nothing(text, position, start, sign):
        return [], start
    if begin > 0 and text[start] == text[begin - 1] and text[start] in "\"'" and text[begin + len(name)] != text[start]:
        return [], start + 1  # the quote that ends what the name stands in: prompt="Password: "
    if sign == ">":
        if text.startswith("<![CDATA[", start):
            return _matched(text, _CDATA, start, kind, 1)
        return _matched(text, _TAG, end_of_match(_INNER_TAG, text, start), kind)
    if sign == "t":
        return _cell_of_markup(text, start, kind)
    opening = _OPENING.match(text, start)
    if opening is None:
        return ([], start) if sign == "," else _unquoted(text, start, sign, kind, name, begin)
    return _enclosed(text, opening, sign, kind)


def _matched(
    text: str, pattern: re.Pattern[str], start: int, kind: str, group: int = 0, closing: str = ""
) -> tuple[list[Span], int]:
    """The value that the pattern matches here, and where it ends: before brackets in `closing` that open outside."""
    matched = pattern.match(text, start)
    if matched is None:
        return [], start
    first, end = matched.span(group)
    end = _within_brackets(text, start, end, closing)
    return secret_parts(text, first, end, kind), end


def _value_start(text: str, position: int, sign: str) -> tuple[int, str]:
    """Past white space, the rest of the separator, a type annotation, and what wraps a literal."""
    start = end_of_match(_LEAD, text, position)
    if start > position and text[start - 1] in "bu" and text[start : start + 1] not in ("'", '"', "\\"):
        start -= 1  # a value that begins with b, not a bytes literal
    if sign == ":":
        annotation = any_of("annotations").match(text, start)
        if annotation is not None:
            start, sign = annotation.end(), "="
    elif sign == "-" and text.startswith("pass:", start):  # openssl: the password itself follows
        start += 5
    if _GETTER.match(text, start):
        return -1, sign  # code that fetches the value
    return end_of_match(_WRAPPED, text, start), sign  # PASSWORD('x'), SecretStr('x'), N'x'


def _begins_nothing(text: str, position: int, start: int, sign: str) -> bool:
    """Whether there is no value: the next pair follows, or what has a rule of its own."""
    if _OTHER_RULE.match(text, start) or (sign == "-" and text.startswith(("env:", "file:", "fd:"), start)):
        return True  # the last three say where openssl takes it from
    if start == position:
        return False
    following = _MAPPING if "\n" in text[position:start] else _NEXT_PAIR.get(sign)
    return following is not None and following.match(text, start) is not None


def _cell_of_markup(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The next cell of a table, unless it is one word, as in the header of a table."""
    value = text[start : end_of_match(_TAG, text, start)].strip()
    if len(value) < 4 or not (any(map(str.isdigit, value)) or looks_mixed(value)):
        return [], start
    start = text.index(value, start)
    return secret_parts(text, start, start + len(value), kind), start + len(value)


def _cell(text: str, start: int, kind: str) -> tuple[list[Span], int]:
    """The next cell of a table, unless it is a word, as in the header of a table."""
    cell = _CELL.match(text, start)
    if cell is None or not (any(map(str.isdigit, cell.group(1))) or looks_mixed(cell.group(1))):
        return [], start
    return secret_parts(text, *cell.span(1), kind), cell.end(1)


def _unquoted(text: str, start: int, sign: str, kind: str, name: str, begin: int) -> tuple[list[Span], int]:
    """The secret parts of an unquoted value, and where it ends; its name begins at `begin`."""
    if kind in ("cookie", "signature"):
        return _matched(text, _COOKIES, start, kind, closing=_CLOSING)
    if kind == "authorization":
        start += text[start : start + 1] == "+"  # a blank in a query
        credentials = _credentials(text, start, name)
        if credentials is not None:
            return credentials
    if kind == "mnemonic" and _PHRASE.match(text, start):
        return _matched(text, _PHRASE, start, kind, closing=_CLOSING)
    code = _end_of_code(text, start) if sign in "=:" else start
    if code > start:
        return [], code
    if kind == "connection-string" and _PART.match(text, start):
        return [], start  # its parts have names of their own
    end = _whole_line(text, start, _in_table(text, start, begin, _bare_end(text, start)), begin)
    value = text[start:end]
    if text[end : end + 1] == "<" and value.isalpha() and value.istitle():
        return [], end  # a generic type
    if sign == "-" and value.isdigit() and len(value) < 3:
        return [], end
    if sign != "-" and _is_prose(text, value, end, sign, kind, name):
        return [], end
    return secret_parts(text, start, end, kind), end


def _credentials(text: str, start: int, name: str) -> tuple[list[Span], int] | None:
    """What follows the scheme of an Authorization header, if there is one."""
    if any_of("parameter_schemes").match(text, start):
        return _matched(text, _TO_END_OF_LINE, start, "authorization", closing=_CLOSING)
    credentials = end_of_match(any_of("schemes", re.IGNORECASE), text, start)
    if credentials == start:
        unknown = _UNKNOWN_SCHEME.match(text, start) if name.lower().endswith("authorization") else None
        if unknown is None or not looks_mixed(unknown.group(1)):
            return None
        start = credentials = unknown.start(1)
    end = _bare_end(text, credentials)
    return secret_parts(text, start, end, "authorization"), end


def _end_of_code(text: str, start: int) -> int:
    """The end of code that stands for a value (a call, an expression); `start` if there is no code."""
    end = end_of_match(_CALL, text, start)
    if end > start:
        return end
    end = end_of_match(_EXPRESSION, text, start)
    expression = text[start:end]  # names, dots and brackets: does it call something or take an item of something?
    fetches = any(sign in expression for sign in ("()", "['", '["', ").")) and any(
        sign in expression for sign in (".", "::", "->")
    )
    return end if fetches else start


def _bare_end(text: str, start: int) -> int:
    """The end of an unquoted value: before white space, a quote, the next field, or closing punctuation."""
    end = start
    while True:
        end = end_of_match(_BARE, text, end)
        if end < len(text) and text[end] == ";":
            rest = _AFTER_SEMICOLON.match(text, end) if end > start else None
            if rest is None or not looks_generated(rest.group(1)):
                break
            end = rest.end(1)
            continue
        if end >= len(text) or text[end] not in ",&" or _NEXT_FIELD.match(text, end):
            break
        end += 1
    cut = _BRACKETS.search(text, start, end + 2)
    if cut is not None and cut.start() < end:
        end = cut.start()
    return _within_brackets(text, start, end, ".,:)]}&")


def _within_brackets(text: str, start: int, end: int, closing: str) -> int:
    """The end of the value without closing brackets whose opening ones stand before it."""
    for _ in range(_MOST_CLOSING):
        last = text[end - 1] if end > start else ""
        opening = {")": "(", "]": "[", "}": "{"}.get(last)
        if not last or last not in closing:
            break
        if opening and text.count(last, start, end) <= text.count(opening, start, end):
            break
        end -= 1
    return end


def _in_table(text: str, start: int, begin: int, end: int) -> int:
    """The end of a value in a row of fields: between bars, or between semicolons, where values may hold blanks."""
    bar = text.find("|", start, end)
    if bar > start and ("|" in text[max(0, begin - 128) : begin] or _NEXT_FIELD.match(text, bar)):
        return bar
    if begin > 0 and text[begin - 1] == ";":
        spaced = end_of_match(_SPACED, text, end)
        return spaced - 1 if spaced > end else end
    return end


def _whole_line(text: str, start: int, end: int, begin: int) -> int:
    """The end of the line, if nothing else stands on it: then a quote or a comma belongs to the value."""
    if begin < 0 or text[end : end + 1] in ("", " ", "\n", "\r", "\t", "\\", "|"):
        return end
    line = text.rfind("\n", max(0, begin - 64), begin) + 1
    if (line == 0 and begin > 64) or _ALONE.fullmatch(text, line, begin) is None:
        return end
    last = end_of_match(_REST, text, end)
    if _NEXT_FIELD.search(text, end, last) or text[last - 1] in "\"'`>)]},;&":
        return end
    return last


def _is_prose(text: str, value: str, end: int, sign: str, kind: str, name: str) -> bool:
    """A lone English word, or the first word of a sentence, says something about a secret."""
    if name.lower() == "pass" and (
        _SCORE.match(value) or (value.isdigit() and len(value) < 6) or value.lower().startswith("test")
    ):
        return True  # pass: 12, fail: 0
    if value.isdigit() and len(value) < 3:
        return True  # how many, or an enumeration's number
    if sign == ":" and value in name_rules().words["permissions"] and text[end - len(value) - 1] == ":":
        return True  # a permission: action=secret:list
    if sign == "=" or not value.isalpha() or not (value.islower() or value[1:].islower()):
        return False
    if kind in ("token", "otp", "authorization"):
        return True
    following = _NEXT_WORD.match(text, end)
    status_words = name_rules().words["status_words"]
    return following is not None and (not following.group(2) or following.group(1).lower() in status_words)


_CLOSING_QUOTES = {"\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u2018": "\u2019"}
_LAST_ITEM = lazy_pattern(r"[ ]{0,2}(?:[)\]]|,[ ]?(?:\d|[Tt]rue|[Ff]alse)[ ]?\))")
_OBJECT = lazy_pattern(r"""\{\s{0,8}\\?["']?[\w.\-]{1,64}\\?["']?\s{0,4}:""")
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
_HISTORY_OR_OTHER = lazy_pattern(
    r"""[\s,]{0,16}\\?["'](?:old|new|from|to|before|after|previous|current|value|plain|oldValue|newValue|old_value|new_value)\\?["']:"""
    r"""\s{0,4}\\?["']([^"'\\]{0,4096})\\?["']|"""
    r"""[\s,]{0,16}\\?["'][\w.\-]{1,80}\\?["']:\s{0,4}(?:true|false|null|\d{1,12}|\\?["'][^"'\\]{0,64}\\?["'])"""
)
_MOST_BESIDE = 12
_BRACED = lazy_pattern(r"\{([^\s{}:=\"',][^\s{}:=\"',]{2,128})\}")
_LIST_ITEM = lazy_pattern(
    r"""[\s,]{0,24}(?:[bu]?"([^"\\]*(?:\\.[^"\\]*)*)"|[bu]?'([^'\\]*(?:\\.[^'\\]*)*)'|([^\s"',\[\]{}()]+))"""
)


def _enclosed(text: str, opening: re.Match[str], sign: str, kind: str) -> tuple[list[Span], int]:
    """The secret parts of a value that begins with a quote or a bracket, and where to go on reading."""
    start = opening.end()
    escaped, quote, bracket, curled = opening.groups()
    if curled or escaped:
        end = text.find(escaped or _CLOSING_QUOTES[curled], start)
        while escaped and end > 0 and text[end - 1] == "\\":  # one more backslash: a quote within the value
            end = text.find(escaped, end + 1)
        end = len(text) if end < 0 else end
        if escaped and _has_named_parts(text, start, end, kind):
            return [], start
        return secret_parts(text, start, end, kind), end + len(escaped or "")
    return _quoted(text, start, quote, sign, kind) if quote else _bracketed(text, start, bracket, sign, kind)


def _quoted(text: str, start: int, quote: str, sign: str, kind: str) -> tuple[list[Span], int]:
    end = end_of_match(_QUOTED[quote], text, start)
    if quote == "`" and " " in text[start:end]:
        return [], end + 1  # a command
    if sign == "," and _LAST_ITEM.match(text, end + 1) is None:
        return [], start  # words in a list, not a pair
    if _OBJECT.match(text, start, end) or _has_named_parts(text, start, end, kind):
        return [], start  # an object
    found = secret_parts(text, start, end, kind)
    change = _CHANGE.match(text, end + 1)
    if change is None:
        return found, end + 1
    return found + secret_parts(text, *change.span(1), kind), change.end()  # "a" -> "b" in a plan


def _bracketed(text: str, start: int, bracket: str, sign: str, kind: str) -> tuple[list[Span], int]:
    if bracket == "[":
        return ([], start) if any_of("masked_by_others").match(text, start) else _items(text, start, kind, _LIST_ITEM)
    if bracket == "(":
        alone = _ROUND.match(text, start)
        if alone is None or not looks_generated(alone.group(1)):
            return [], start
        return secret_parts(text, *alone.span(1), kind), alone.end(1)
    pattern, most = (_COOKIE_ITEM, None) if kind == "cookie" else (_HISTORY_OR_OTHER, _MOST_BESIDE)
    found, end = _items(text, start, kind, pattern, most)
    braced = _BRACED.match(text, start - 1) if sign == "=" and not found else None
    if braced is not None:  # ODBC: PWD={a;b}
        return secret_parts(text, *braced.span(1), kind), braced.end()
    return found, end  # of any other object, its own names are judged


def _items(
    text: str, start: int, kind: str, pattern: re.Pattern[str], most: int | None = None
) -> tuple[list[Span], int]:
    """The items of a list; the values of `{'session': '...', 'theme': '...'}`; of `{"old": "...", "new": "..."}`."""
    found: list[Span] = []
    for item in islice(matches_in_a_row(pattern, text, start), most):
        if item.lastindex is not None:
            found += secret_parts(text, *item.span(item.lastindex), kind)
            start = item.end()
    return found, start


def _has_named_parts(text: str, start: int, end: int, kind: str) -> bool:
    """Whether it is a URL, or parts that have names of their own."""
    return kind == "connection-string" and any_of("named_parts").search(text, start, end) is not None
