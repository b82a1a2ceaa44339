"""Step 3, redact: clean texts that differ in nothing but their digits.

A service says the same thing with other numbers all day. A text whose digits cannot matter to any rule is remembered
with all of them made one, and the next of that shape costs one look.
"""

from __future__ import annotations

from functools import cache

from discreet._redaction.engine.detectors import detectors
from discreet._redaction.engine.encoded import may_be_quoted
from discreet._redaction.engine.numbers import KINDS, numbered

DIGITLESS = bytes(ord("0") if chr(code) in "0123456789" else code for code in range(256))
LONGEST_SHAPE = 1024
RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
RUN = "x" * 16
"""Of token characters; no token that detectors.json recognises by its form has a shorter run."""

INTRODUCED = 16
"""How far before a run of hexadecimal digits a word may introduce it."""

NEW, ONCE, CLEAN, TELLING = 0, 1, 2, 3
"""Not met, met once, clean whatever the digits, or the digits matter."""

_MOST = 4096


class Shapes:
    """Shapes of texts that were found clean. Safe to share between threads: to lose one costs only time."""

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}

    def note(self, shape: bytes, state: int) -> None:
        """What is known of a shape now."""
        if len(self.known) >= _MOST:
            self.known = {}
        self.known[shape] = state


def are_digits_harmless(text: str, shape: bytes) -> bool:
    """Whether no built-in rule would see anything in a clean text without telling words if its digits were others."""
    if "%" in text or may_be_quoted(text):
        return False
    table = text.encode("ascii").translate(KINDS)
    if numbered(table.decode("ascii")) or RUN in table.translate(RUNS).decode("ascii"):
        return False
    low = shape.decode("ascii").lower()
    return not any(anchor in low and near in low for anchor, near in _forms())


@cache
def _forms() -> tuple[tuple[str, str], ...]:
    """Anchors with the words that must be near, where either has digits: in lower case, all digits made one."""
    return tuple(
        (_made_one(anchor), _made_one(near))
        for rule in detectors()
        if rule.structure
        for anchor in rule.anchors
        for near in rule.near or ("",)
        if any(char.isdigit() for char in anchor + near)
    )


def _made_one(text: str) -> str:
    return text.lower().encode().translate(DIGITLESS).decode()
