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
from discreet._redaction.encoded import percent_runs, runs
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
_ORACLE = re.compile("sqlplus|impdp|expdp|sqlldr|rman").search
_CELL = re.compile(r"\w[ \t]{0,40}\|[ \t]{0,8}\S").search


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
        if self._open:
            return True
        verdict = self._in_clear(text)
        if verdict:
            return True
        if "%" in text and any(self._in_clear(meaning) for meaning, _ in percent_runs(text)):
            return True
        return verdict is None and any(self._in_clear(meaning) for _, _, meaning in runs(text))

    def _in_clear(self, text: str) -> bool | None:
        """As it is written, not decoded. None: nothing, but there are runs that may be encoded text."""
        if _separated(text) and names_a_secret(text, self._kind_of, self._innocent_names):
            return True
        table = text.encode("ascii", "replace").translate(_KINDS)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if _numbered(shapes):
            return True
        if ("-" in shapes and _optioned(shapes)) or _telling(text):
            return True
        long = table.translate(_RUNS).decode("ascii")
        start = long.find(_RUN)
        verdict: bool | None = False
        while start >= 0:
            end = long.find(".", start + 16)
            if end < 0:
                end = len(text)
            run = text[start:end]
            if run.strip(_HEXADECIMAL):
                if _anchored()(text[max(0, start - _BESIDE) : end + _BESIDE]):
                    return True
                verdict = None
            elif "-" not in run:
                before = text[max(0, start - 16) : start].lower()
                if "key" in before or "token" in before or "secret" in before:
                    return True
                verdict = None
            start = long.find(_RUN, end)
        return verdict


def _separated(text: str) -> bool:
    return "=" in text or ":" in text or ">" in text or "%3" in text or ("," in text and ("'" in text or '"' in text))


def _numbered(shapes: str) -> bool:
    """Digits grouped as on a card, in a social security number or, after two capitals, in a bank account."""
    if "0000" not in shapes and "XX00" not in shapes:
        return False
    return (
        "0000000000000" in shapes
        or "XX00" in shapes
        or ("0000 0000" in shapes and ("0000 0000 0" in shapes or "0000 000000 " in shapes))
        or ("00-0000" in shapes and ("0000-0000-0" in shapes or "0000-000000-" in shapes or "000-00-0000" in shapes))
    )


def _optioned(shapes: str) -> bool:
    return " -" in shapes or ".-" in shapes or shapes[0] == "-"


def _telling(text: str) -> bool:
    """Words and signs that start the rules of detectors.json which need neither a separator nor a long run."""
    low = text.lower()
    if "pass" in low or "bearer" in low or "basic" in low or "pwd" in low or " code" in low or "otp" in low:
        return True
    quoted = "'" in text or '"' in text
    if "auth" in low and (quoted or "AUTH" in text or "_auth" in low or "masterauth" in low):
        return True
    if quoted and "(" in text and ("insert " in low or "crypt(" in low):
        return True
    if " cv" in low or "identified" in low or "configure set" in low or ("|" in text and _CELL(text) is not None):
        return True
    if "=" in text and ("sig=" in low or "signature=" in low or "security-token=" in low):
        return True
    if ("=" in text or "+" in text) and any(anchor in text for anchor in _inner_anchors()):
        return True
    if "%" in text and "%3d" in low and ("sig%" in low or "signature%" in low):
        return True
    if "/" in text and ("net user" in low or ("@" in text and _ORACLE(low) is not None)):
        return True
    if ":" not in text:
        return False
    if "@" in text and ("://" in text or ":thin:" in text or ":oci" in text):
        return True
    if "://" in text and ("hook" in low or "otpauth" in low or "alias set" in low):
        return True
    return "/user:" in low or "/p:" in low or "/pass" in low
