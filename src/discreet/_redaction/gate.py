"""Step 3, redact: the question asked of every text: can there be anything in it at all?

Most texts hold nothing, so a "no" must be cheap, and it must be right: whatever `find` would find, the gate lets through
(a test compares the two). A "yes" costs only time. The tests look for what every detector needs: a long run of token
characters that is not just a hexadecimal id, groups of digits, a name before a separator, or a telling word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from discreet._redaction.detectors import Detector, detectors
from discreet._redaction.pairs import names_a_secret


def _shapes() -> bytes:
    """Digits become 0, characters that tokens are made of x, the separators of digit groups stay."""
    table = bytearray(b"." * 256)
    for code in range(128):
        char = chr(code)
        if char.isdigit():
            table[code] = ord("0")
        elif char.isalpha():
            table[code] = ord("x")
    for char in b" -_":
        table[char] = char
    return bytes(table)


_SHAPES = _shapes()
_RUNS = bytes(ord("x") if chr(code) in "0x_-" else ord(".") for code in range(256))
_RUN = b"x" * 16  # no token that detectors.json recognises by its form has a shorter run
_HEXADECIMAL = "0123456789abcdef-"
_NUMBER_SHAPES = (
    b"0000000000",  # a card, or an account, in one piece
    b"0000-0000-0000",
    b"0000 0000 0000",
    b"0000 000000 ",
    b"0000-000000-",
    b"000-00-0000",
    b"xx00 ",
    b"xx00xxxx0",
    b"xx00x0000",
)
_WORDS = ("bearer", "basic ", "identified ", "://hooks", "private key", "password", "passwd", "vault")
_SPECIAL = re.compile(r"--|\s-[a-zA-Z]|%3[dD]|%20")


@cache
def _anchor_search() -> Callable[[str], object]:
    """Any anchor that a token's form starts with."""
    anchors = {anchor for rule in detectors() if not rule.structure for anchor in rule.anchors if len(anchor) > 1}
    return re.compile("|".join(sorted(map(re.escape, anchors)))).search


class Gate:
    """Answers for one policy: `kind_of` judges names; `extra` are the user's detectors."""

    def __init__(self, kind_of: Callable[[str], str | None], extra: tuple[Detector, ...] = ()) -> None:
        self._kind_of = kind_of
        self._extra = extra
        self._anchored: Callable[[str], object] | None = None

    def may_hold_secret(self, text: str) -> bool:
        """False only if `find` would find nothing."""
        if self._extra:
            return True
        shapes = text.encode("ascii", "replace").translate(_SHAPES)
        for shape in _NUMBER_SHAPES:
            if shape in shapes:
                return True
        if ("=" in text or ":" in text or ">" in text or "'," in text or '",' in text) and names_a_secret(text, self._kind_of):
            return True
        if "@" in text and "://" in text:
            return True
        low = text.lower()
        for word in _WORDS:
            if word in low:
                return True
        if "-" in text and _SPECIAL.search(text):
            return True
        runs = shapes.translate(_RUNS)
        start = runs.find(_RUN)
        while start >= 0:
            end = runs.find(b".", start + 16)
            if end < 0:
                end = len(text)
            if text[start:end].strip(_HEXADECIMAL) and self._tokens(text[max(0, start - 90) : end + 90]):
                return True
            start = runs.find(_RUN, end)
        return False

    def _tokens(self, text: str) -> bool:
        if self._anchored is None:
            self._anchored = _anchor_search()
        return self._anchored(text) is not None
