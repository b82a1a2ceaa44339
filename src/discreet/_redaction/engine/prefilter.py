"""Step 3, redact: the prefilter. It asks of every text: can there be a secret in it at all?

Most texts hold no secret, so a "no" has to be cheap, and it has to be right: wherever `find_secrets` finds something,
the prefilter says yes (a test compares the two). A wrong "yes" costs only time. The prefilter looks for what every rule
needs: a name before a separator, digits in groups, a keyword, or a long run of token characters that is not just a
hexadecimal id. It uses substring searches and byte tables, because on short texts they cost a tenth of a regular
expression.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.clean_texts import (
    CLEAN,
    DIGITLESS,
    INTRODUCED,
    LONGEST_SHAPE,
    RUN,
    RUNS,
    KnownLines,
    KnownShapes,
    KnownWords,
)
from discreet._redaction.engine.columns import find_in_columns
from discreet._redaction.engine.detectors import (
    CHARACTER_CLASSES,
    Anchors,
    Detector,
    detectors,
    find_numbers,
    may_hold_number,
)
from discreet._redaction.engine.encoded import (
    decoded_percent_runs,
    decoded_runs,
    may_hold_written_quotes,
    texts_with_plain_quotes,
)
from discreet._redaction.engine.layouts import find_shown_items, find_userinfo, holds_tuple
from discreet._redaction.engine.pairs import any_name_is_sensitive
from discreet._redaction.engine.secret_values import ascii_lower
from discreet._redaction.engine.sentences import find_in_sentences
from discreet._redaction.names import name_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from discreet._redaction.engine.secret_values import KindOf

_HEXADECIMAL = "0123456789abcdef-"
_AFTER_PREFIX = (".", ":", "*")  # between the prefix of a token and its hexadecimal part
_CALLED = ("login(", "auth(", "credential", "crypt")
_SUBMITTED = lazy_pattern(r"\]:(?:\d{2,5}|submission) [^\s:]{1,128}:")
_PORT = lazy_pattern(r":(?:5432|5433|6432|\*):")
_HASHED = lazy_pattern(
    r"\$(?:[1-9PHS]|g?y|2[abxy]|[a-z]{2,6}\d?)\$|\$argon2|\$pbkdf2|\$bcrypt|(?:sha\d{1,3}|-\d{1,3}|argon2|scrypt|:\d{1,8})\$"
)
_SCHEMED = lazy_pattern(r"\{(?:s?sha\d{0,3}|smd5|crypt|pbkdf2[a-z0-9\-]{0,12}|argon2)\}", re.IGNORECASE)
_CELL = lazy_pattern(r"\w[ \t]{0,40}\|[ \t]{0,8}\S")


@cache
def _inner_anchors() -> tuple[str, ...]:
    """Anchors that stand in the middle of padded base64: its slashes and pluses break it into short runs."""
    return tuple(anchor for rule in detectors() if rule.lead and "+/]" in rule.source for anchor in rule.anchors)


@cache
def _forms() -> Anchors:
    """The anchors of the rules that recognise a secret by its own form."""
    return Anchors(rule for rule in detectors() if not rule.structure)


class Prefilter:
    """Answers for one policy. `kind_of` judges names; `extra` and `names` are the user's own rules and names."""

    def __init__(self, kind_of: KindOf, extra: tuple[Detector, ...] = (), names: Iterable[str] = ()) -> None:
        self._kind_of = kind_of
        self._names_have_digits = any(char.isdigit() for name in names for char in name)
        self._searches = tuple(re.compile(detector.source).search for detector in extra)
        self.sees_line_ends = any(sign in detector.source for detector in extra for sign in ("^", "$", r"\A", r"\Z"))
        """Whether a user's pattern may tell a text from the same text between two lines."""
        self._harmless_names: set[str] = set()
        self._words = KnownWords()
        self._shapes = KnownShapes(self._words)
        self._lines = KnownLines(lambda line: self._words.keywords_in(line, line.encode("ascii")), self._may_hold)

    def may_hold_secret(self, text: str, *, joined: bool = False) -> bool:
        """False only if `find_secrets` would find nothing. Lines of `joined` texts are not worth remembering."""
        if not joined and not self._searches and "\n" in text:
            keywords = self._lines.keywords_in(text)
            if keywords is not None:
                return _has_sign(text) or (bool(keywords) and self._introduced_by_words(keywords, text))
        if len(text) > LONGEST_SHAPE or not text.isascii() or self._names_have_digits:
            return self._may_hold(text)
        shape = text.encode("ascii").translate(DIGITLESS)
        if self._shapes.known.get(shape) == CLEAN:  # no function for it: this is asked for every new text
            return False
        if self._may_hold(text):
            return True
        if not self._searches:
            self._shapes.met(text, shape)
        return False

    def _may_hold(self, text: str) -> bool:
        verdict = self._may_hold_as_written(text)
        if verdict:
            return True
        if "%" in text and any(self._may_hold_as_written(meaning) for meaning, _ in decoded_percent_runs(text)):
            return True
        if may_hold_written_quotes(text) and any(
            self._may_hold_as_written(meaning) for meaning, _ in texts_with_plain_quotes(text)
        ):
            return True
        return verdict is None and any(self._may_hold_as_written(meaning) for _, _, meaning in decoded_runs(text))

    def _may_hold_as_written(self, text: str) -> bool | None:
        """The answer for the text as it is written, not decoded. None: no, but it has runs that may be encoded text."""
        separated = "=" in text or ":" in text or ">" in text or "%3" in text
        if not separated and "," in text:
            separated = "'" in text or '"' in text
        if separated and any_name_is_sensitive(text, self._kind_of, self._harmless_names):
            return True
        if self._searches and any(search(text) is not None for search in self._searches):
            return True
        encoded = text.encode("ascii", "replace")
        table = encoded.translate(CHARACTER_CLASSES)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if may_hold_number(shapes) and any(find_numbers(text)):
            return True
        if "-" in shapes and (shapes[0] == "-" or any(sign in shapes for sign in _OPTIONS)):
            return True
        if _has_sign(text) or (("=" in text or "+" in text) and any(anchor in text for anchor in _inner_anchors())):
            return True
        keywords = self._words.keywords_in(text, encoded)
        if (keywords or not text.isascii()) and self._introduced_by_words(keywords, text):
            return True
        long = table.translate(RUNS).decode("ascii")
        return RUN in long and _holds_run_with_form(text, long)

    def _introduced_by_words(self, keywords: frozenset[str], text: str) -> bool:
        """Whether keywords, the header of a table or the words of a sentence may introduce a secret."""
        rules = name_rules()
        low = text.lower()
        if any(phrase in low for word in keywords for phrase in rules.keywords[word]):
            return True
        if "(" in text and ("'" in text or '"' in text) and any(name in low for name in _CALLED):
            return True
        if "auth" in keywords:
            folded = ascii_lower(text)
            if any(rule.find(text, folded, anchor) for anchor, rule in _auth_anchors()):
                return True
        has_header = "\n" in text and not keywords.isdisjoint(rules.words["header_keywords"])
        if has_header and find_in_columns(text, self._kind_of):
            return True
        return (not text.isascii() or not keywords.isdisjoint(rules.words["sentence_keywords"])) and any(
            find_in_sentences(text, self._kind_of)
        )


@cache
def _auth_anchors() -> tuple[tuple[str, Detector], ...]:
    """The anchors with "auth", each with its rule: as a part of a word, "auth" is too common to be a keyword alone."""
    return tuple((anchor, rule) for rule in detectors() for anchor in rule.anchors if "auth" in anchor.lower())


_OPTIONS = (" -x", " -X", " --", ".-x", ".-X", ".--")


def _holds_run_with_form(text: str, long: str) -> bool | None:
    """Whether a run of token characters has the form of a secret; None: it may be encoded text."""
    start = long.find(RUN)
    verdict: bool | None = False
    has_form: bool | None = None  # None: not known yet
    while start >= 0:
        end = long.find(".", start + 16)
        if end < 0:
            end = len(text)
        run = text[start:end]
        if run.strip(_HEXADECIMAL):
            if has_form is None:
                low = ascii_lower(text)
                has_form = any(rule.find(text, low, anchor) for anchor, rule in _forms().found_in(text, low))
            if has_form:
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
    if run.startswith("fc-") or (before[-1:] in _AFTER_PREFIX and (before[-2:-1].isalnum() or before[-2:-1] == "*")):
        return True
    low = before.lower()
    return "-" not in run and ("key" in low or "token" in low or "secret" in low)


def _has_sign(text: str) -> bool:
    """Whether it has a sign that starts a rule of detectors.json, or a layout, without any keyword."""
    host = "@" in text and ":" in text
    if host and ("://" in text or ":thin:" in text or ":oci" in text or any(find_userinfo(text))):
        return True
    if "|" in text and (_CELL.search(text) is not None or "|s:" in text):
        return True
    if "<" in text and ("<<<" in text or "<-" in text):
        return True
    if "$" in text and _HASHED.search(text) is not None:
        return True
    if "[" in text and ("[+] " in text or ("]\n" in text and any(find_shown_items(text, None)))):
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
