"""Step 3, redact: secrets that stand in a list below or after what they are called.

"recovery codes:" and the codes, one a line or after each other; the `user:password` lines of cloud-init's `chpasswd`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checksums import generated
from discreet._redaction.engine.values import innocent

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._redaction.engine.values import Span

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


_SHOWN = lazy_pattern(
    r"""[\w)\]]\[["']([\w.\-]{1,80})["']\]\n(?:(?:Out)?\[\d{1,4}\]:[ ]|=>[ ])?["']([^"'\n]{1,512})["'](?:\r?\n|\Z)"""
)


def shown(text: str, kind_of: Callable[[str], str | None] | None) -> list[Span]:
    """Spans of what an interpreter shows of an item that was asked for; without `kind_of`, whatever it is called."""
    found: list[Span] = []
    for item in _SHOWN.finditer(text):
        kind = "secret" if kind_of is None else kind_of(item.group(1))
        if kind is not None and not innocent(item.group(2), kind):
            found.append((*item.span(2), kind))
    return found


def listed(text: str) -> list[Span]:
    """Spans of what is listed."""
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
        if not (generated(value) or (value.replace("-", "").isdigit() and len(value) > 5)) or innocent(value, "otp"):
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
        if account is not None and not innocent(account.group(1), "password"):
            found.append((*account.span(1), "password"))
        position = line.end()
    return found
