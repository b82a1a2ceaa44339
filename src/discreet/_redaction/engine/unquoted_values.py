"""Step 3, redact: where an unquoted value ends: before white space, a quote, the next field or closing punctuation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_generated, looks_mixed
from discreet._redaction.engine.secret_values import PARAMETER_SCHEME, SCHEME, Span, secret_parts
from discreet._redaction.names import name_rules

if TYPE_CHECKING:
    import re

BARE = lazy_pattern(r"""(?:[^\s"'<>;,&\\`\x00]|\\(?!x00)[^nrt"'\\])+""")
_TO_END_OF_LINE = lazy_pattern(r"""(?:[^\r\n'\\]|\\[^nrt'])+""")
_COOKIES = lazy_pattern(r"""(?:[^\s"'<>;\\]|\\[^nrt"'])+(?:;[ \t]{0,2}(?:[^\s"'<>;\\]|\\[^nrt"'])+)*""")
_NEXT_FIELD = lazy_pattern(r"[,;|][ ]?[\w.\-]{1,64}[=:]|&[\w.\-%\[\]]{0,64}=|&[a-z]{2,6};")
_BRACKETS = lazy_pattern(r"\]\[|\)\(|\}\{|\]\(|[\])}],[ \w]")
_AFTER_SEMICOLON = lazy_pattern(r";([^\s;:='\"<>,&\\/$.][^\s;:='\"<>,&\\/]{1,64})(?:[\s;'\"]|\Z)")
_PHRASE = lazy_pattern(r"[a-zA-Z]{3,12}(?:[ ,]{1,2}[a-z]{3,12}){2,23}")
_NEXT_WORD = lazy_pattern(r"[.,;:!?]?[ \t]{1,2}([a-zA-Z][\w.\-]{0,40})([=:]?)")
_UNKNOWN_SCHEME = lazy_pattern(r"""[A-Za-z][\w\-]{1,30}[ ]{1,2}([^\s"'<>\[\](){},;]{12,})""")
_DONE = frozenset((
    "get", "list", "read", "write", "create", "update", "delete", "patch", "watch", "view", "use", "rotate", "manage",
    "admin", "export", "import", "describe", "put", "revoke", "decrypt", "encrypt", "sign", "verify", "exec", "edit",
))  # fmt: skip
"""What a permission allows to do with a secret."""
_PART = lazy_pattern(r"[A-Za-z][\w.]{1,40}(?: [A-Za-z]{2,16})?=[^;\s]{1,256};")
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


def _to(text: str, pattern: re.Pattern[str], start: int, kind: str) -> tuple[list[Span], int]:
    matched = pattern.match(text, start)
    if matched is None:
        return [], start
    end = _within_brackets(text, start, matched.end())
    return secret_parts(text, start, end, kind), end


def unquoted_value(text: str, start: int, sign: str, kind: str, name: str, begin: int) -> tuple[list[Span], int]:
    """The secret parts of an unquoted value, and where it ends; its name begins at `begin`."""
    if kind in ("cookie", "signature"):
        return _to(text, _COOKIES, start, kind)
    if kind == "authorization":
        start += text[start : start + 1] == "+"  # a blank in a query
        credentials = _credentials(text, start, name)
        if credentials is not None:
            return credentials
    if kind == "mnemonic" and _PHRASE.match(text, start):
        return _to(text, _PHRASE, start, kind)
    code = _end_of_code(text, start) if sign in "=:" else -1
    if code >= 0:
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
    if PARAMETER_SCHEME.match(text, start):
        return _to(text, _TO_END_OF_LINE, start, "authorization")
    scheme = SCHEME.match(text, start)
    if scheme is not None:
        end = _bare_end(text, scheme.end())
        return secret_parts(text, start, end, "authorization"), end
    unknown = _UNKNOWN_SCHEME.match(text, start) if name.lower().endswith("authorization") else None
    if unknown is None or not looks_mixed(unknown.group(1)):
        return None
    end = _bare_end(text, unknown.start(1))
    return secret_parts(text, unknown.start(1), end, "authorization"), end


def _end_of_code(text: str, start: int) -> int:
    """The end of code that stands for a value (a call, an expression); -1 if there is no code."""
    call = _CALL.match(text, start)
    if call is not None:
        return call.end()
    expression = _EXPRESSION.match(text, start)
    return expression.end() if expression is not None and _fetches(expression.group()) else -1


def _fetches(expression: str) -> bool:
    """Whether code of names, dots and brackets calls something or takes an item of something."""
    return ("()" in expression or "['" in expression or '["' in expression or ")." in expression) and (
        "." in expression or "::" in expression or "->" in expression
    )


def _bare_end(text: str, start: int) -> int:
    """The end of an unquoted value: before white space, a quote, the next field, or closing punctuation."""
    end = start
    while True:
        run = BARE.match(text, end)
        if run is not None:
            end = run.end()
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


def _within_brackets(text: str, start: int, end: int, closing: str = ")]}") -> int:
    """The end of the value without closing brackets whose opening ones stand before it."""
    for _ in range(_MOST_CLOSING):
        last = text[end - 1] if end > start else ""
        if (
            not last
            or last not in closing
            or (last in ")]}" and text.count(last, start, end) <= text.count("([{"[")]}".index(last)], start, end))
        ):
            break
        end -= 1
    return end


def _in_table(text: str, start: int, begin: int, end: int) -> int:
    """The end of a value in a row of fields: between bars, or between semicolons, where values may hold blanks."""
    bar = text.find("|", start, end)
    if bar > start and ("|" in text[max(0, begin - 128) : begin] or _NEXT_FIELD.match(text, bar)):
        return bar
    if begin > 0 and text[begin - 1] == ";":
        spaced = _SPACED.match(text, end)
        if spaced is not None:
            return spaced.end() - 1
    return end


def _whole_line(text: str, start: int, end: int, begin: int) -> int:
    """The end of the line, if nothing else stands on it: then a quote or a comma belongs to the value."""
    if begin < 0 or text[end : end + 1] in ("", " ", "\n", "\r", "\t", "\\", "|"):
        return end
    line = text.rfind("\n", max(0, begin - 64), begin) + 1
    if (line == 0 and begin > 64) or _ALONE.fullmatch(text, line, begin) is None:
        return end
    rest = _REST.match(text, end)
    if rest is None or _NEXT_FIELD.search(text, end, rest.end()) or text[rest.end() - 1] in "\"'`>)]},;&":
        return end
    return rest.end()


def _is_prose(text: str, value: str, end: int, sign: str, kind: str, name: str) -> bool:
    """A lone English word, or the first word of a sentence, says something about a secret."""
    if name.lower() == "pass" and (
        _SCORE.match(value) or (value.isdigit() and len(value) < 6) or value.lower().startswith("test")
    ):
        return True  # pass: 12, fail: 0
    if value.isdigit() and len(value) < 3:
        return True  # how many, or an enumeration's number
    if sign == ":" and value in _DONE and text[end - len(value) - 1] == ":":
        return True  # a permission: action=secret:list
    if sign == "=" or not value.isalpha() or not (value.islower() or value[1:].islower()):
        return False
    if kind in ("token", "otp", "authorization"):
        return True
    following = _NEXT_WORD.match(text, end)
    return following is not None and (not following.group(2) or following.group(1).lower() in name_rules().status_words)
