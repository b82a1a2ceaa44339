"""Step 3, redact: secrets that the layout of a text marks.

Lists below what they are called ("recovery codes:", cloud-init's `chpasswd`), what an interpreter shows of an item,
private keys with a prefix on each line, `user:password@host` without a scheme, tuples and maps of Erlang and Elixir
(`{default_pass, <<"...">>}`, `{:api_key, "..."}`), and values that a traceback draws below names in a line of source:

check(user, password)
│     │     └ 'the value of password'
│     └ 'bob'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import looks_generated, looks_random
from discreet._redaction.engine.secret_values import Span, is_harmless, secret_parts

if TYPE_CHECKING:
    from discreet._redaction.engine.secret_values import Span
    from discreet._redaction.names import KindOf

_CODES = lazy_pattern(
    r"(?:recovery|backup|scratch|emergency|rescue|one[- ]time|single[- ]use|2fa|mfa|otp|login) codes"
    r"(?: (?:for|of) [^\s:]{1,64})?"
    r"(?:(?: (?:are|is|were))?(?: now)?[ \t]{0,4}[:=]| (?:are|were)(?=\s)|[ \t]{0,4}(?=\r?\n))",
    re.IGNORECASE,
)
_CODE = lazy_pattern(
    r"""(?:[\s,;|"'\[(*•\-]|\d{1,2}[.)][ \t]|\\n){1,24}"""
    r"""([A-Za-z0-9]{3,12}(?:-[A-Za-z0-9]{3,12}){0,4})(?=[\s,;|"'\]).\\]|\Z)"""
)
_MOST_CODES = 50
_ACCOUNTS = lazy_pattern(r"chpasswd:[ \t]{0,4}\r?\n")
_LINE = lazy_pattern(r"[ \t]{1,32}(?:-[ \t])?([^\n]{0,400})(?:\n|\Z)")
_ACCOUNT = lazy_pattern(r"""["']?[a-z_][\w.\-]{0,31}:([^\s"']{3,256})["']?[ \t\r]{0,8}""")
_MOST_LINES = 100


_SHOWN_ITEM = lazy_pattern(
    r"""[\w)\]]\[["']([\w.\-]{1,80})["']\]\n(?:(?:Out)?\[\d{1,4}\]:[ ]|=>[ ])?["']([^"'\n]{1,512})["'](?:\r?\n|\Z)"""
)


def find_shown_items(text: str, kind_of: KindOf | None) -> list[Span]:
    """Spans of the items that an interpreter shows. Without `kind_of`, every name counts as sensitive."""
    found: list[Span] = []
    for item in _SHOWN_ITEM.finditer(text):
        kind = "secret" if kind_of is None else kind_of(item.group(1))
        if kind is not None and not is_harmless(item.group(2), kind):
            found.append((*item.span(2), kind))
    return found


def find_listed(text: str) -> list[Span]:
    """Spans of recovery codes, and of the passwords in lines of `user:password`."""
    found: list[Span] = []
    if " codes" in text or " CODES" in text or " Codes" in text:
        for called in _CODES.finditer(text):
            found += _codes(text, called.end())
    if "chpasswd:" in text:
        for called in _ACCOUNTS.finditer(text):
            found += _accounts(text, called.end())
    return found


def _codes(text: str, position: int) -> list[Span]:
    found: list[Span] = []
    for _ in range(_MOST_CODES):
        code = _CODE.match(text, position)
        if code is None:
            break
        value = code.group(1)
        if not (looks_generated(value) or (value.replace("-", "").isdigit() and len(value) > 5)) or is_harmless(
            value, "otp"
        ):
            break
        found.append((*code.span(1), "otp"))
        position = code.end()
    return found


def _accounts(text: str, position: int) -> list[Span]:
    found: list[Span] = []
    for _ in range(_MOST_LINES):
        line = _LINE.match(text, position)
        if line is None:
            break
        account = _ACCOUNT.fullmatch(text, *line.span(1))
        if account is not None and not is_harmless(account.group(1), "password"):
            found.append((*account.span(1), "password"))
        position = line.end()
    return found


_CORNER = "└"
_MOST_LINES_ABOVE = 32
_NAME = lazy_pattern(r"\w+")
_DRAWN = lazy_pattern(r"[ \t│└├─>]*[│└]")
_VALUE = lazy_pattern(r"""└[─>]{0,3} ?(?:[bu]?'([^'\n]*)'|[bu]?"([^"\n]*)"|([^\n<>]+))""")


def find_annotated(text: str, kind_of: KindOf) -> list[Span]:
    """Spans of the values that belong to sensitive names."""
    found: list[Span] = []
    position = text.find(_CORNER)
    while position >= 0:
        start = text.rfind("\n", max(0, position - 512), position) + 1
        name = _name_above(text, start, position - start)
        kind = kind_of(name) if name else None
        value = _VALUE.match(text, position) if kind is not None else None
        if kind is not None and value is not None:
            found += secret_parts(text, *value.span(value.lastindex or 0), kind)
        position = text.find(_CORNER, position + 1)
    return found


def _name_above(text: str, start: int, column: int) -> str | None:
    """The name at this column of the line that is drawn below."""
    for _ in range(_MOST_LINES_ABOVE):
        if start == 0:
            return None
        end = start - 1
        start = text.rfind("\n", max(0, end - 512), end) + 1
        if start == 0 and end > 512:  # a line too long to be one that is drawn below
            return None
        if _DRAWN.match(text, start, end) is None:
            for name in _NAME.finditer(text, start, end):
                if name.start() <= start + column < name.end():
                    return name.group()
            return None
    return None


_KEY_BEGINS = lazy_pattern(r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[ \t]{0,8}\r?\n")
_KEY_LINE = lazy_pattern(r"([^\n]{1,200}?[ \t|\"'>:])([A-Za-z0-9+/=]{1,120})[ \t\"',]{0,8}\r?(?:\n|\Z)")
_FULL_KEY_LINE = 32


def find_prefixed_key_lines(text: str) -> list[Span]:
    """Spans of the key's lines, without what stands before them. Keys without a prefix are a rule of detectors.json."""
    found: list[Span] = []
    begin = _KEY_BEGINS.search(text)
    while begin is not None:
        position = begin.end()
        line = _KEY_LINE.match(text, position)
        if line is not None and line.group(1).strip() and len(line.group(2)) >= _FULL_KEY_LINE:
            while line is not None:
                found.append((*line.span(2), "private-key"))
                position = line.end()
                if len(line.group(2)) < _FULL_KEY_LINE:
                    break
                line = _KEY_LINE.match(text, position)
        begin = _KEY_BEGINS.search(text, position)
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
