"""Step 3, redact: names that stand where a value does: `{"name": "password", "value": "..."}` and its relatives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.named import NAME_FIELDS
from discreet._redaction.engine.values import Span, secret_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    KindOf = Callable[[str], "str | None"]

CARRIERS = NAME_FIELDS | {"value"}
_NAMED = lazy_pattern(
    r"""[ \t]{0,4}\\{0,4}["']?/?([\w.\-\[\]]{1,80})\\{0,4}["']?[ \t]{0,4},?[ \t\r\n]{0,24}"""
    r"""(?:\w{2,12}="[^"<>]{0,64}"[ ]){0,3}"""
    r"""\\{0,4}["']?(?:[vV]alue|VALUE|val|v|content|old|"""
    r"""old_?[vV]alue|from|before|new|new_?[vV]alue|to|after|data)\\{0,4}["']?[ \t]{0,4}[:=]"""
)
_PART = lazy_pattern(r"""["']([\w.\-\[\]]{1,80})["'](?:\r?\n|\\r\\n){2}""")
_REVERSED = lazy_pattern(
    r"""[ ]?["']([^"'\\]{1,512})["'],?[ ]?["']?(?:name|key)["']?[ ]?[:=][ ]?["']([\w.\-]{1,80})["']""", re.IGNORECASE
)
_ELEMENT = lazy_pattern(r"""["']([\w.\-]{1,80})["'][^<>]{0,80}>(?:\s{0,24}<value>)?""")
_NEXT_ELEMENT = lazy_pattern(
    r"\s{0,8}([\w.\-]{1,80})\s{0,4}(?:(?:</\w{1,20}>\s{0,24}){1,3}<(?:(string|value|val|data|integer)|td|dd|code|input)\b[^<>]{0,80}>|"
    r":\s{0,4}</\w{1,20}>\s{0,4})\s{0,4}(?:<code>)?"
)
_COMMANDED = lazy_pattern(r"([\w.\-]{1,80})(?:;[\w=;]{1,80})?(?:\]|::)")
_SERIALIZED = lazy_pattern(r"""(?:"([\w.\-]{1,80})\\?";|\b([\w.\-]{1,80})\|)s:\d{1,6}:\\?"([^"\\]{1,4096})""")


def carried(text: str, end: int, sign: str) -> tuple[str, int, str] | None:
    """The name that stands as a value, where its own value begins, and what separates the two."""
    if sign == ">":
        named = _NEXT_ELEMENT.match(text, end)  # <key>password</key><string>
        return None if named is None else (named.group(1), named.end(), ">" if named.group(2) else "t")
    if sign not in "=:":
        return None
    for pattern, following in ((_NAMED, ":"), (_PART, "\n"), (_ELEMENT, ">"), (_COMMANDED, "\n")):
        named = pattern.match(text, end)
        if named is not None:
            return named.group(1), named.end(), following
    return None


def turned(text: str, end: int, kind_of: KindOf) -> tuple[list[Span], int] | None:
    """Of `"value": "...", "name": "password"`, where the name comes last: the spans, and where to go on reading."""
    named = _REVERSED.match(text, end)
    kind = kind_of(named.group(2)) if named is not None else None
    if named is None or kind is None:
        return None
    return secret_parts(text, *named.span(1), kind), named.end()


def serialized(text: str, kind_of: KindOf) -> list[Span]:
    """PHP's `s:8:"password";s:12:"..."` and, of a session, `password|s:12:"..."`."""
    found: list[Span] = []
    for item in _SERIALIZED.finditer(text) if "s:" in text else ():
        kind = kind_of(item.group(1) or item.group(2))
        if kind is not None:
            found += secret_parts(text, *item.span(3), kind)
    return found
