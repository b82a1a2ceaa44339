"""Step 3, redact: secrets that the layout of a text marks.

Lists below what they are called ("recovery codes:", cloud-init's `chpasswd`), what an interpreter shows of an item,
private keys with a prefix on each line, `user:password@host` without a scheme, tuples and maps of Erlang and Elixir
(`{default_pass, <<"...">>}`, `{:api_key, "..."}`), PHP's `s:8:"password";s:12:"..."` and, of a session,
`password|s:12:"..."`, and values that a traceback draws below names in a line of source:

check(user, password)
│     │     └ 'the value of password'
│     └ 'bob'
"""

from __future__ import annotations

from itertools import islice

from discreet._base.lazy_pattern import lazy_pattern, matches_in_a_row
from discreet._redaction.engine.secret_values import (
    KindOf,
    Spans,
    ascii_lower,
    is_harmless,
    looks_generated,
    looks_random,
    secret_parts,
)
from discreet._redaction.names import any_of


def find_in_layouts(text: str, kind_of: KindOf) -> Spans:
    """Spans of what any of the layouts below marks as a secret."""
    yield from _listed(text)
    if "[" in text and "]\n" in text:
        yield from find_shown_items(text, kind_of)
    if _CORNER in text:
        yield from _annotated(text, kind_of)
    if "-" in text:
        yield from _prefixed_key_lines(text)
    yield from _named(text, kind_of)
    yield from find_userinfo(text)


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


def find_shown_items(text: str, kind_of: KindOf | None) -> Spans:
    """Spans of the items that an interpreter shows. Without `kind_of`, every name counts as sensitive."""
    for item in _SHOWN_ITEM.finditer(text):
        kind = "secret" if kind_of is None else kind_of(item.group(1))
        if kind is not None and not is_harmless(item.group(2), kind):
            yield *item.span(2), kind


def _listed(text: str) -> Spans:
    """Spans of recovery codes, and of the passwords in lines of `user:password`."""
    for called in any_of("codes").finditer(text) if " codes" in ascii_lower(text) else ():
        for code in islice(matches_in_a_row(_CODE, text, called.end()), _MOST_CODES):
            value = code.group(1)
            long_number = value.replace("-", "").isdigit() and len(value) > 5
            if not (looks_generated(value) or long_number) or is_harmless(value, "otp"):
                break
            yield *code.span(1), "otp"
    for called in _ACCOUNTS.finditer(text) if "chpasswd:" in text else ():
        for line in islice(matches_in_a_row(_LINE, text, called.end()), _MOST_LINES):
            account = _ACCOUNT.fullmatch(text, *line.span(1))
            if account is not None and not is_harmless(account.group(1), "password"):
                yield *account.span(1), "password"


_CORNER = "└"
_MOST_LINES_ABOVE = 32
_NAME = lazy_pattern(r"\w+")
_DRAWN = lazy_pattern(r"[ \t│└├─>]*[│└]")
_VALUE = lazy_pattern(r"""└[─>]{0,3} ?(?:[bu]?'([^'\n]*)'|[bu]?"([^"\n]*)"|([^\n<>]+))""")


def _annotated(text: str, kind_of: KindOf) -> Spans:
    """Spans of the values that a traceback draws below sensitive names."""
    position = text.find(_CORNER)
    while position >= 0:
        start = text.rfind("\n", max(0, position - 512), position) + 1
        name = _name_above(text, start, position - start)
        kind = kind_of(name) if name else None
        value = _VALUE.match(text, position) if kind is not None else None
        if kind is not None and value is not None:
            yield from secret_parts(text, *value.span(value.lastindex or 0), kind)
        position = text.find(_CORNER, position + 1)


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
            names = _NAME.finditer(text, start, end)
            return next((name.group() for name in names if name.start() <= start + column < name.end()), None)
    return None


_KEY_BEGINS = lazy_pattern(r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[ \t]{0,8}\r?\n")
_KEY_LINE = lazy_pattern(r"([^\n]{1,200}?[ \t|\"'>:])([A-Za-z0-9+/=]{1,120})[ \t\"',]{0,8}\r?(?:\n|\Z)")
_FULL_KEY_LINE = 32


def _prefixed_key_lines(text: str) -> Spans:
    """Spans of the key's lines, without what stands before them. Keys without a prefix are a rule of detectors.json."""
    begin = _KEY_BEGINS.search(text)
    while begin is not None:
        position = begin.end()
        for count, line in enumerate(matches_in_a_row(_KEY_LINE, text, position)):
            full = len(line.group(2)) >= _FULL_KEY_LINE
            if not count and not (full and line.group(1).strip()):
                break
            yield *line.span(2), "private-key"
            position = line.end()
            if not full:
                break
        begin = _KEY_BEGINS.search(text, position)


_TUPLE = lazy_pattern(
    r"""\{[ ]?[:']?([A-Za-z_][\w.\-]{0,80})'?,[ ]{0,2}(?:<<)?\\{0,2}"([^"\\]{1,1024})|"""
    r"""<<\\{0,2}"([\w.\-]{1,80})\\{0,2}">>[ ]?(?:,|=>)[ ]?(?:<<)?\\{0,2}"([^"\\]{1,1024})"""
)


_SERIALIZED = lazy_pattern(r"""(?:"([\w.\-]{1,80})\\?";|\b([\w.\-]{1,80})\|)s:\d{1,6}:\\?"([^"\\]{1,4096})""")


def holds_tuple(text: str) -> bool:
    """Whether a name and a value stand in some tuple, or in some map."""
    return _TUPLE.search(text) is not None


def _named(text: str, kind_of: KindOf) -> Spans:
    """Spans of the values in tuples and maps, and in what PHP serialized, whose names are sensitive."""
    for sign, pattern in (("{", _TUPLE), ("s:", _SERIALIZED)):
        for pair in pattern.finditer(text) if sign in text else ():
            value = pair.lastindex or 0
            kind = kind_of(pair.group(1) or pair.group(value - 1))
            if kind is not None:
                yield from secret_parts(text, *pair.span(value), kind)


_MOST = 300
_BACK = lazy_pattern(r"""([^\s"'@<>]{3,256}?):([\w.\-+%]{1,64})(?=[\s"'=(,\[`]|\Z)""")
_DRIVER = lazy_pattern(r"@(?:tcp|tcp6|udp|unix|cloudsql\w{0,8})\(")
_ADDRESSES = frozenset(("sip", "sips", "mailto", "xmpp", "acct", "email", "mail", "to", "from", "cc", "user", "npm"))
_HOST = lazy_pattern(r"@[A-Za-z0-9][\w.\-]{1,253}:\d{2,5}(?:[\s/\"',;)?]|\Z)")


def find_userinfo(text: str) -> Spans:
    """Spans of the passwords in `user:password@host`."""
    floor = 0
    position = text.find("@")
    while position >= 0:
        driver = _DRIVER.match(text, position) is not None
        back = None
        if driver or _HOST.match(text, position) is not None:
            back = _BACK.match(text[max(floor, position - _MOST) : position][::-1])
        if back is not None and back.group(2)[::-1].lower() not in _ADDRESSES:
            value = back.group(1)[::-1]
            if "//" not in value and (driver or looks_random(value)) and not is_harmless(value, "password"):
                yield position - len(value), position, "url-password"
        floor = position + 1
        position = text.find("@", floor)
