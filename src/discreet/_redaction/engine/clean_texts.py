"""Step 3, redact: what the prefilter remembers of clean texts, so that it need not judge the same again.

Words: logs repeat theirs. A text is cut into its words, and only words that were never met before are searched for the
keywords that rules start at; a search of the whole text for each keyword would cost ten times as much.

Shapes: a service says the same thing with other numbers all day. A text whose digits cannot matter to any rule is
remembered with all its digits replaced by 0; the next text of that shape costs one lookup in a dict.

Lines: two errors from one place differ in their message and in nothing else. A line that holds no secret, and that no
line above or below can turn into one, is remembered with its keywords; of the next text that has it, only the other
lines are judged. What takes more than one line to see (signs, keywords) is looked for in the whole text each time.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.detectors import CHARACTER_CLASSES, Detector, detectors, may_hold_number
from discreet._redaction.engine.encoded import may_hold_written_quotes
from discreet._redaction.names import name_rules

if TYPE_CHECKING:
    from collections.abc import Callable

_ZEROS = str.maketrans("0123456789", "0000000000")
DIGITLESS = bytes(ord("0") if chr(code) in "0123456789" else code for code in range(256))
LONGEST_SHAPE = 1024
RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
RUN = "x" * 16
"""A run of token characters. No token that detectors.json recognises by its form has a shorter one."""

INTRODUCED = 16
"""A word so many characters before a run of hexadecimal digits may introduce it."""

_SEEN_ONCE, CLEAN, _DIGITS_MATTER = 1, 2, 3
"""What is known of a shape: met once, clean whatever the digits are, or the digits matter."""

_MOST_SHAPES = 4096
_LETTERS = bytes(code | 32 if chr(code).isalpha() and code < 128 else 32 for code in range(256))
_MOST_WORDS = 16_384
_LONGEST_WORD = 40  # longer ones are no words, and would fill the memory


class KnownWords:
    """Remembers words without a keyword. Safe to share between threads: to forget a word costs only time."""

    def __init__(self) -> None:
        self._keywords = tuple(name_rules().keywords)
        self._harmless: set[bytes] = set()

    def keywords_in(self, text: str, encoded: bytes) -> frozenset[str]:
        """The keywords in a text. `encoded` is the text in ASCII, with other characters replaced."""
        if not text.isascii():
            low = text.lower()
            return frozenset(part for part in self._keywords if part in low)
        words = encoded.translate(_LETTERS).split()
        if self._harmless.issuperset(words):
            return frozenset()
        new = set(words) - self._harmless
        together = b" ".join(new).decode()
        parts = [part for part in self._keywords if part in together]  # one search for all of them, as most hold none
        if parts:
            new = {word for word in new if not any(part in word.decode() for part in parts)}
        if len(self._harmless) + len(new) > _MOST_WORDS:
            self._harmless = set()
        if len(new) <= _MOST_WORDS:
            self._harmless.update(word for word in new if len(word) <= _LONGEST_WORD)
        return frozenset(parts)


class KnownShapes:
    """Shapes of texts that were found clean. Safe to share between threads: to forget one costs only time.

    A shape is a text in ASCII with 0 for each digit.
    """

    def __init__(self, words: KnownWords) -> None:
        self._words = words
        self.known: dict[bytes, int] = {}

    def met(self, text: str, shape: bytes) -> None:
        """A clean text had this shape. If that happens again, it pays to find out whether its digits matter."""
        state = self.known.get(shape)
        if state is None:
            if len(self.known) >= _MOST_SHAPES:
                self.known = {}
            self.known[shape] = _SEEN_ONCE
        elif state == _SEEN_ONCE:
            clean = not self._words.keywords_in(text, shape) and _digits_do_not_matter(text, shape)
            self.known[shape] = CLEAN if clean else _DIGITS_MATTER


def _digits_do_not_matter(text: str, shape: bytes) -> bool:
    """Whether a clean text without keywords would be clean with any other digits too."""
    if "%" in text or may_hold_written_quotes(text):
        return False
    table = text.encode("ascii").translate(CHARACTER_CLASSES)
    if may_hold_number(table.decode("ascii")) or RUN in table.translate(RUNS).decode("ascii"):
        return False
    low = shape.decode("ascii").lower()
    return not any(anchor in low and near in low for anchor, near in _anchors_with_digits())


@cache
def _anchors_with_digits() -> tuple[tuple[str, str], ...]:
    """Anchors and the words that must be near, where either has digits: in lower case, each digit replaced by 0."""
    return tuple(
        (anchor.lower().translate(_ZEROS), near.lower().translate(_ZEROS))
        for rule in detectors()
        if rule.structure
        for anchor in rule.anchors
        for near in rule.near or ("",)
        if any(char.isdigit() for char in anchor + near)
    )


Keywords = frozenset[str]

_FEWEST_LINE_BREAKS = 4  # texts with fewer are judged as a whole
_MOST_LINES = 4096
_LONGEST_LINE = 256  # longer ones are data, and would fill the memory
_CARD = "0" * 13  # so many digits are a card number if a word on the line before says so
_HEXADECIMAL_RUN = lazy_pattern(r"(?<![\w\-])[0-9a-f\-]{16,}(?![\w\-])")
_TAG = lazy_pattern(r"<[\w.]{1,80}>")
_OVER_LINES = ("\\s", "[^", "\\W", "\\D", "\\n", "\\r", "(?s")
_MET_ONCE: Keywords = frozenset(("seen once",))
_NEEDS_CONTEXT: Keywords = frozenset(("needs context",))
"""What is known of a line: it was met once and not judged yet; or it cannot be judged without the lines around it."""


@cache
def _spanning() -> tuple[tuple[Detector, ...], tuple[Detector, ...]]:
    """Rules of form that may need two lines: because of what they match, or of a word that has to be near."""
    forms = [rule for rule in detectors() if not rule.structure]
    over = tuple(rule for rule in forms if any(part in rule.source for part in _OVER_LINES))
    return over, tuple(rule.anywhere() for rule in forms if rule.near)


class KnownLines:
    """Lines that were met before. Safe to share between threads: to forget a line costs only time.

    `keywords_of` gives the keywords of a text; `may_hold` says whether a text, taken by itself, may hold a secret.
    """

    def __init__(self, keywords_of: Callable[[str], Keywords], may_hold: Callable[[str], bool]) -> None:
        self._keywords_of = keywords_of
        self._may_hold = may_hold
        self._known: dict[str, Keywords] = {}

    def keywords_in(self, text: str) -> Keywords | None:
        """The keywords of a text in ASCII whose every line is clean by itself; None if that is not known."""
        if text.count("\n") < _FEWEST_LINE_BREAKS or not text.isascii():
            return None
        known = self._known
        lines = text.split("\n")
        new: list[str] = []
        met_once: list[str] = []
        keywords: Keywords = frozenset()
        for line in lines:
            state = known.get(line)
            if state is None:
                new.append(line)
            elif state is _NEEDS_CONTEXT:
                return None
            elif state is _MET_ONCE:
                met_once.append(line)
            elif state:
                keywords |= state
        if len(new) * 4 > len(lines):  # judging them one by one would cost more than judging the text
            for line in new:
                self._note(line, _MET_ONCE)
            return None
        for line in (*new, *met_once):
            words = self._keywords_if_clean(line)
            self._note(line, _NEEDS_CONTEXT if words is None else words)
            if words is None:
                return None
            keywords |= words
        return keywords

    def _note(self, line: str, state: Keywords) -> None:
        if len(line) <= _LONGEST_LINE:
            if len(self._known) >= _MOST_LINES:
                self._known.clear()
            self._known[line] = state

    def _keywords_if_clean(self, line: str) -> Keywords | None:
        """The keywords of a line that holds no secret, whatever lines stand around it; None if it may hold one."""
        if may_hold_written_quotes(line) or self._may_hold(line):
            return None
        tag = line.rfind("<")
        if tag >= 0 and _TAG.match(line, tag) is None:
            return None  # a tag begins here that can end on another line
        shapes = line.encode("ascii").translate(CHARACTER_CLASSES)
        if _CARD in shapes.decode("ascii"):
            return None
        if RUN in shapes.translate(RUNS).decode("ascii") and _needs_another(line):
            return None
        return self._keywords_of(line)


def _needs_another(line: str) -> bool:
    """Whether a word on the line before may turn a run into a secret, or a rule that needs two lines starts here."""
    run = _HEXADECIMAL_RUN.search(line)
    if run is not None and run.start() < INTRODUCED:
        return True
    low = line.lower()
    over, near = _spanning()
    return any(anchor in (low if rule.fold else line) for rule in over for anchor in rule.anchors) or any(
        rule.find(line, low, anchor) for rule in near for anchor in rule.anchors
    )
