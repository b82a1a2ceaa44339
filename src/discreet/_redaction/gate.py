"""Step 3, redact: the question asked of every text: can there be anything in it at all?

Most texts hold nothing, so a "no" must be cheap, and it must be right: whatever `find` would find, the gate lets
through (a test compares the two). A "yes" costs only time. The tests look for what every rule needs: a name before a
separator, digits in groups, a telling word, or a long run of token characters that is not just a hexadecimal id.
Substring searches and byte tables are used because, on short texts, they cost a tenth of a regular expression.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from discreet._redaction.detectors import Detector, detectors
from discreet._redaction.pairs import names_a_secret

if TYPE_CHECKING:
    from collections.abc import Callable

_table = bytearray(b"." * 256)
for _code in range(128):
    _char = chr(_code)
    if _char.isalnum():
        _table[_code] = ord("0" if _char.isdigit() else "X" if _char.isupper() else "x")
    elif _char in " -_":
        _table[_code] = _code
_KINDS = bytes(_table)
"""Digits become 0, letters X and x; the separators of digit groups stay; anything else is a dot."""

_RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
_RUN = "x" * 16  # no token that detectors.json recognises by its form has a shorter run
_BESIDE = 90  # the farthest that a token's anchor is from its longest run
_HEXADECIMAL = "0123456789abcdef-"
_FEWEST_DIGITS = 9


@cache
def _inner_anchors() -> tuple[str, ...]:
    """Anchors in the middle of padded base64, whose slashes and pluses break it into short runs."""
    return tuple(anchor for rule in detectors() if rule.lead and "+/]" in rule.source for anchor in rule.anchors)


@cache
def _anchored() -> Callable[[str], object]:
    """Searches for any anchor that a token's form starts with."""
    rules = [rule for rule in detectors() if not rule.structure]
    exact = {re.escape(anchor) for rule in rules if not rule.fold for anchor in rule.anchors}
    folded = {f"(?i:{re.escape(anchor)})" for rule in rules if rule.fold for anchor in rule.anchors}
    return re.compile("|".join(sorted(exact) + sorted(folded))).search


class Gate:
    """Answers for one policy: `kind_of` judges names; with detectors of the user's own, every text passes."""

    def __init__(self, kind_of: Callable[[str], str | None], extra: tuple[Detector, ...] = ()) -> None:
        self._kind_of = kind_of
        self._open = bool(extra)
        self._innocent_names: set[str] = set()

    def may_hold_secret(self, text: str) -> bool:
        """False only if `find` would find nothing."""
        if self._open or (_separated(text) and names_a_secret(text, self._kind_of, self._innocent_names)):
            return True
        table = text.encode("ascii", "replace").translate(_KINDS)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if shapes.count("0") >= _FEWEST_DIGITS and _numbered(shapes):
            return True
        if ("-" in shapes and _optioned(shapes)) or _telling(text):
            return True
        runs = table.translate(_RUNS).decode("ascii")
        start = runs.find(_RUN)
        while start >= 0:
            end = runs.find(".", start + 16)
            if end < 0:
                end = len(text)
            if text[start:end].strip(_HEXADECIMAL) and _anchored()(text[max(0, start - _BESIDE) : end + _BESIDE]):
                return True
            start = runs.find(_RUN, end)
        return False


def _separated(text: str) -> bool:
    return "=" in text or ":" in text or ">" in text or "%3" in text or ("," in text and ("'" in text or '"' in text))


def _numbered(shapes: str) -> bool:
    """Digits grouped as on a card, in a social security number or, after two capitals, in a bank account."""
    return (
        "0000000000000" in shapes
        or "0000 0000 0" in shapes
        or "0000-0000-0" in shapes
        or "0000 000000 " in shapes
        or "0000-000000-" in shapes
        or "000-00-0000" in shapes
        or "XX00" in shapes
    )


def _optioned(shapes: str) -> bool:
    return " -" in shapes or ".-" in shapes or "--" in shapes or shapes[0] == "-"


def _telling(text: str) -> bool:
    low = text.lower()
    if "pass" in low or "bearer" in low or "basic" in low or "identified" in low:
        return True
    if ":" in text and "/user:" in low:
        return True
    if "@" in text and ("://" in text or ":thin:" in text or ":oci" in text or "sqlplus" in low):
        return True
    if "://" in text and ("hook" in low or "otpauth" in low):
        return True
    return "=" in text and any(anchor in text for anchor in _inner_anchors())
