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

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.account_numbers import KINDS, numbered, numbers
from discreet._redaction.engine.clean_texts import (
    CLEAN,
    DIGITLESS,
    FEWEST,
    INTRODUCED,
    LONGEST_SHAPE,
    NEW,
    ONCE,
    RUN,
    RUNS,
    TELLING,
    Lines,
    Shapes,
    are_digits_harmless,
)
from discreet._redaction.engine.columns import HEADS, columns
from discreet._redaction.engine.detectors import Anchors, Detector, detectors, lowered
from discreet._redaction.engine.encoded import may_be_quoted, percent_runs, quoted_texts, runs
from discreet._redaction.engine.layouts import shown
from discreet._redaction.engine.names_in_text import names_a_secret
from discreet._redaction.engine.pairs import holds_tuple, userinfo
from discreet._redaction.engine.sentences import INTRODUCING, sentences
from discreet._redaction.engine.telling_words import Words, tells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HEXADECIMAL = "0123456789abcdef-"
_GLUE = (".", ":", "*")  # between the prefix of a token and its hexadecimal part
_SUBMITTED = lazy_pattern(r"\]:(?:\d{2,5}|submission) [^\s:]{1,128}:")
_PORT = lazy_pattern(r":(?:5432|5433|6432|\*):")
_HASHED = lazy_pattern(
    r"\$(?:[1-9PHS]|g?y|2[abxy]|[a-z]{2,6}\d?)\$|\$argon2|\$pbkdf2|\$bcrypt|(?:sha\d{1,3}|-\d{1,3}|argon2|scrypt|:\d{1,8})\$"
)
_SCHEMED = lazy_pattern(r"\{(?:s?sha\d{0,3}|smd5|crypt|pbkdf2[a-z0-9\-]{0,12}|argon2)\}", re.IGNORECASE)
_CELL = lazy_pattern(r"\w[ \t]{0,40}\|[ \t]{0,8}\S")


@cache
def _inner_anchors() -> tuple[str, ...]:
    """Anchors in the middle of padded base64, whose slashes and pluses break it into short runs."""
    return tuple(anchor for rule in detectors() if rule.lead and "+/]" in rule.source for anchor in rule.anchors)


@cache
def _forms() -> Anchors:
    """The anchors of what is recognised by its own form."""
    return Anchors(rule for rule in detectors() if not rule.structure)


class Gate:
    """Answers for one policy: `kind_of` judges names; `extra` and `names` are the user's own rules and key names."""

    def __init__(
        self, kind_of: Callable[[str], str | None], extra: tuple[Detector, ...] = (), names: Iterable[str] = ()
    ) -> None:
        self._kind_of = kind_of
        self._names_have_digits = any(char.isdigit() for name in names for char in name)
        self._searches = tuple(re.compile(detector.source).search for detector in extra)
        self.sees_line_ends = any(sign in detector.source for detector in extra for sign in ("^", "$", r"\A", r"\Z"))
        """Whether a user's pattern may tell a text from the same text between two lines."""
        self._innocent_names: set[str] = set()
        self._words = Words()
        self._shapes = Shapes()
        self._lines = Lines(self._words.told_by, self._judged)

    def may_hold_secret(self, text: str, *, joined: bool = False) -> bool:
        """False only if `find` would find nothing. Lines of `joined` texts are not worth remembering."""
        if not joined and not self._searches and text.count("\n") >= FEWEST and text.isascii():
            told = self._lines.told(text)
            if told is not None:
                return _signed(text) or (bool(told) and (tells(told, text, text.lower()) or self._worded(told, text)))
        if len(text) > LONGEST_SHAPE or not text.isascii() or self._names_have_digits:
            return self._judged(text)
        shape = text.encode("ascii").translate(DIGITLESS)
        state = self._shapes.known.get(shape, NEW)
        if state == CLEAN:
            return False
        if self._judged(text):
            return True
        if state == NEW:
            self._shapes.note(shape, ONCE)
        elif state == ONCE:  # a shape that comes again is worth the question
            plain = not (self._searches or self._words.told(text, shape))
            self._shapes.note(shape, CLEAN if plain and are_digits_harmless(text, shape) else TELLING)
        return False

    def _judged(self, text: str) -> bool:
        verdict = self._in_clear(text)
        if verdict:
            return True
        if "%" in text and any(self._in_clear(meaning) for meaning, _ in percent_runs(text)):
            return True
        if may_be_quoted(text) and any(self._in_clear(meaning) for meaning, _ in quoted_texts(text)):
            return True
        return verdict is None and any(self._in_clear(meaning) for _, _, meaning in runs(text))

    def _in_clear(self, text: str) -> bool | None:
        """As it is written, not decoded. None: nothing, but there are runs that may be encoded text."""
        if _separated(text) and names_a_secret(text, self._kind_of, self._innocent_names):
            return True
        if self._searches and any(search(text) is not None for search in self._searches):
            return True
        encoded = text.encode("ascii", "replace")
        table = encoded.translate(KINDS)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if numbered(shapes) and numbers(text):
            return True
        if ("-" in shapes and _optioned(shapes)) or _signed(text) or _keyed(text):
            return True
        told = self._words.told(text, encoded)
        if (told or not text.isascii()) and (tells(told, text, text.lower()) or self._worded(told, text)):
            return True
        long = table.translate(RUNS).decode("ascii")
        return RUN in long and _of_form(text, long)

    def _worded(self, told: frozenset[str], text: str) -> bool:
        """Secrets that a table's head or the words of a sentence introduce."""
        if "\n" in text and not told.isdisjoint(HEADS) and columns(text, self._kind_of):
            return True
        return (not text.isascii() or not told.isdisjoint(INTRODUCING)) and bool(sentences(text, self._kind_of))


def _separated(text: str) -> bool:
    if "=" in text or ":" in text or ">" in text:
        return True
    return ("," in text and ("'" in text or '"' in text)) or ("%" in text and "%3" in text)


_OPTIONS = (" -x", " -X", " --", ".-x", ".-X", ".--")


def _optioned(shapes: str) -> bool:
    if shapes[0] == "-":
        return True
    if " -" in shapes or ".-" in shapes:
        for sign in _OPTIONS:
            if sign in shapes:
                return True
    return False


def _of_form(text: str, long: str) -> bool | None:
    """Whether a run of token characters has the form of a secret; None: it may be encoded text."""
    start = long.find(RUN)
    verdict: bool | None = False
    formed: bool | None = None  # not looked for yet
    while start >= 0:
        end = long.find(".", start + 16)
        if end < 0:
            end = len(text)
        run = text[start:end]
        if run.strip(_HEXADECIMAL):
            if formed is None:
                formed = _formed(text)
            if formed:
                return True
            verdict = None
        elif _is_introduced(run, text[max(0, start - INTRODUCED) : start]):
            return True
        elif "-" not in run:
            verdict = None
        start = long.find(RUN, end)
    return verdict


def _is_introduced(run: str, before: str) -> bool:
    """Whether a hexadecimal run may be a part of a token, rather than a mere id."""
    if run.startswith("fc-") or (before[-1:] in _GLUE and (before[-2:-1].isalnum() or before[-2:-1] == "*")):
        return True
    low = before.lower()
    return "-" not in run and ("key" in low or "token" in low or "secret" in low)


def _formed(text: str) -> bool:
    """Whether it holds something that is recognised by its own form."""
    low = lowered(text)
    return any(detector.find(text, low, anchor) for anchor, detector in _forms().standing_in(text, low))


def _keyed(text: str) -> bool:
    """Whether it may hold a key in padded base64 with an anchor in its middle."""
    return ("=" in text or "+" in text) and any(anchor in text for anchor in _inner_anchors())


def _signed(text: str) -> bool:
    """Signs that start rules of detectors.json without any word."""
    if "@" in text and ":" in text and ("://" in text or ":thin:" in text or ":oci" in text or userinfo(text)):
        return True
    if "|" in text and (_CELL.search(text) is not None or "|s:" in text):
        return True
    if "<" in text and ("<<<" in text or "<-" in text):
        return True
    if "$" in text and _HASHED.search(text) is not None:
        return True
    if "[" in text and ("[+] " in text or ("]\n" in text and shown(text, None))):
        return True
    if "{" in text and (holds_tuple(text) or _SCHEMED.search(text) is not None):
        return True
    if "\t" in text and ("\tTRUE\t" in text or "\tFALSE\t" in text):
        return True
    if "/" in text:
        low = text.lower()
        if "/p:" in low or "net user" in low or "log in " in low or ("@" in text and ".py" in low):
            return True
    if "*" in text and (" * " in text or ":*:" in text):
        return True
    if "└" in text:
        return True
    return ":" in text and (
        _PORT.search(text) is not None or (";s:" in text) or ("]:" in text and _SUBMITTED.search(text) is not None)
    )
