"""CLEANDOC."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.account_numbers import KINDS, numbered
from discreet._redaction.engine.detectors import Detector, detectors
from discreet._redaction.engine.encoded import may_be_quoted

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITLESS = bytes(ord("0") if chr(code) in "0123456789" else code for code in range(256))
LONGEST_SHAPE = 1024
RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
RUN = "x" * 16
"""Of token characters; no token that detectors.json recognises by its form has a shorter run."""

INTRODUCED = 16
"""How far before a run of hexadecimal digits a word may introduce it."""

NEW, ONCE, CLEAN, TELLING = 0, 1, 2, 3
"""Not met, met once, clean whatever the digits, or the digits matter."""

_MOST_SHAPES = 4096


class Shapes:
    """Shapes of texts that were found clean. Safe to share between threads: to lose one costs only time."""

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}

    def note(self, shape: bytes, state: int) -> None:
        """What is known of a shape now."""
        if len(self.known) >= _MOST_SHAPES:
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


Told = frozenset[str]

FEWEST = 4
"""Texts with fewer line breaks are judged as they are."""

_MOST_LINES = 4096
_LONGEST_LINE = 256  # longer ones are data, and would fill the memory
_CARD = "0" * 13  # digits that a word on the line before can make a card
_HEXADECIMAL_RUN = lazy_pattern(r"(?<![\w\-])[0-9a-f\-]{16,}(?![\w\-])")
_TAG = lazy_pattern(r"<[\w.]{1,80}>")
_OVER_LINES = ("\\s", "[^", "\\W", "\\D", "\\n", "\\r", "(?s")
_ONCE: Told = frozenset(("once",))
_TELLING: Told = frozenset(("telling",))
"""Met once and not judged yet; or not to be judged apart from the lines around it."""


@cache
def _spanning() -> tuple[tuple[Detector, ...], tuple[Detector, ...]]:
    """Rules of form that may need two lines: by what they match, or by a word that has to be near."""
    forms = [rule for rule in detectors() if not rule.structure]
    over = tuple(rule for rule in forms if any(part in rule.source for part in _OVER_LINES))
    return over, tuple(rule.anywhere() for rule in forms if rule.near)


class Lines:
    """What is known of lines. Safe to share between threads: to lose a verdict costs only time.

    `told` gives the telling words of a text; `judged` is whether a text, taken by itself, may hold a secret.
    """

    def __init__(self, told: Callable[[str], Told], judged: Callable[[str], bool]) -> None:
        self._told = told
        self._judged = judged
        self._known: dict[str, Told] = {}

    def told(self, text: str) -> Told | None:
        """The telling words of a text in ASCII of which every line is clean by itself; None if that is not known."""
        known = self._known
        lines = text.split("\n")
        unmet: list[str] = []
        met_once: list[str] = []
        told: Told = frozenset()
        for line in lines:
            state = known.get(line)
            if state is None:
                unmet.append(line)
            elif state is _TELLING:
                return None
            elif state is _ONCE:
                met_once.append(line)
            elif state:
                told |= state
        if len(unmet) * 4 > len(lines):  # to judge them one by one would cost more than to judge the text
            for line in unmet:
                self._note(line, _ONCE)
            return None
        for line in (*unmet, *met_once):
            words = self._settled(line)
            self._note(line, _TELLING if words is None else words)
            if words is None:
                return None
            told |= words
        return told

    def _note(self, line: str, state: Told) -> None:
        if len(line) <= _LONGEST_LINE:
            if len(self._known) >= _MOST_LINES:
                self._known.clear()
            self._known[line] = state

    def _settled(self, line: str) -> Told | None:
        """Its telling words, if it holds nothing by itself or together with whatever lines are around it."""
        if may_be_quoted(line) or self._judged(line) or not _is_closed(line):
            return None
        shapes = line.encode("ascii").translate(KINDS)
        if _CARD in shapes.decode("ascii"):
            return None
        if RUN in shapes.translate(RUNS).decode("ascii") and _needs_another(line):
            return None
        return self._told(line)


def _needs_another(line: str) -> bool:
    """Whether a word on the line before may make a secret of a run, or a rule that needs two lines starts here."""
    run = _HEXADECIMAL_RUN.search(line)
    if run is not None and run.start() < INTRODUCED:
        return True
    low = line.lower()
    over, near = _spanning()
    return any(anchor in (low if rule.fold else line) for rule in over for anchor in rule.anchors) or any(
        rule.find(line, low, anchor) for rule in near for anchor in rule.anchors
    )


def _is_closed(line: str) -> bool:
    """Whether no tag that begins here can end on another line."""
    last = line.rfind("<")
    return last < 0 or _TAG.match(line, last) is not None
