"""Step 3, redact: the detectors, as detectors.json has them, and which of their anchors stand in a text.

A detector looks only where one of its anchors (a literal) stands. Its pattern is then matched *at* the anchor, with
bounded repetition until it can no longer fail, so that the work grows with the length of the text and no faster.
Every engine of discreet loads the same file; the head of that file explains each field. Payment cards, bank accounts
and social security numbers have no anchor: they are found by code.
"""

from __future__ import annotations

import re
import sys
from copy import copy
from functools import cache, cached_property
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.secret_values import CHECKS, luhn, mod97, us_ssn
from discreet._redaction.names import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ALNUM = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


class Detector:
    """One rule. See detectors.json for the fields."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.kind: str = data["kind"]
        self.anchors: tuple[str, ...] = tuple(data["anchors"])
        self.fold: bool = data.get("fold", False)
        self.lead: int = data.get("lead", 0)
        self.alone: bool = data.get("alone", False)
        self.near: tuple[str, ...] = tuple(data.get("near", ()))
        self.group: int = data.get("group", 0)
        self.structure: bool = data.get("structure", False)
        self.source: str = data["pattern"]
        self._in_prose = not self.structure or data.get("check") in ("generated", "credential")
        self.check = CHECKS[data["check"]] if "check" in data else None
        self.examples: list[list[Any]] = data.get("examples", [])
        self.counter_examples: list[list[Any]] = data.get("counter_examples", [])

    @classmethod
    def of_user(cls, kind: str, pattern: str) -> Detector:
        """A user's pattern has no anchor, so the whole text is searched; group 1 is the secret if there is a group."""
        groups = re.compile(pattern).groups
        return cls({"kind": kind, "anchors": [""], "pattern": pattern, "group": 1 if groups else 0})

    def anywhere(self) -> Detector:
        """The same rule, whatever is near."""
        rule = copy(self)
        rule.near = ()
        return rule

    @cached_property
    def match(self) -> Any:
        """The match method of the pattern, which is compiled when an anchor is first seen; most never are."""
        return re.compile(self.source, re.IGNORECASE if self.fold else 0).match

    def find(self, text: str, low: str, anchor: str) -> list[tuple[int, int]]:
        """Where the secrets that start at this anchor are, in order and without overlap."""
        if not anchor:
            return [matched.span(self.group) for matched in re.finditer(self.source, text)]
        haystack = low if self.fold else text
        spans: list[tuple[int, int]] = []
        floor = 0
        position = haystack.find(anchor)
        while position >= 0:
            start = position - self.lead
            following = position + len(anchor)
            if start >= floor and not (self.alone and inside_word(text, start)):
                matched = self.match(text, start)
                if matched is not None:
                    # A match is not looked at again even if the check refuses it: that keeps the work linear.
                    floor = following = max(matched.end(), following)
                    group = self.group if self.group >= 0 else matched.lastindex or 0
                    near = not self.near or any(word in low[max(0, start - 256) : start + 24] for word in self.near)
                    if near and (self.check is None or self.check(matched.group(group))):
                        first, last = matched.span(group)
                        if self._in_prose:  # a token ends before the full stop, also where its alphabet has one
                            last = first + len(text[first:last].rstrip("."))
                        spans.append((first, last))
            position = haystack.find(anchor, following)
        return spans


def inside_word(text: str, position: int) -> bool:
    r"""Whether a letter or digit stands before; that of an escape (`\n`, `%3D`) does not count."""
    if position == 0 or text[position - 1] not in _ALNUM:
        return False
    if text[position - 1] in "nrt" and text[position - 2 : position - 1] == "\\":
        return False
    code = text[max(0, position - 3) : position]
    return not (code[0] == "%" and len(code) == 3 and code[1] in _HEXADECIMAL and code[2] in _HEXADECIMAL)


def personal() -> dict[str, str]:
    """Patterns by kind for data that most logs need and some must not have; a policy turns them on one by one."""
    patterns: dict[str, str] = load_rules("detectors.json")["personal"]
    return patterns


@cache
def detectors() -> tuple[Detector, ...]:
    """Load the data once, on first use."""
    return tuple(map(Detector, load_rules("detectors.json")["detectors"]))


_COMMON_FIRST = " eatdsonir:1c20l4p5u3.6m-fb978hgkyvwx]s[/=,q_)(zj\"'+;<>*}${#\\~?&%|!`^@"
"""Characters by the share of log lines that have them. A poor guess costs time and nothing else."""
_RARITY = {char: place for place, char in enumerate(_COMMON_FIRST)}


class Anchors:
    """Finds which anchors of some detectors stand in a text, without a search for each of the hundreds.

    An anchor can stand only where each two of its neighbouring characters do. So every anchor is filed under the rarest
    of its pairs of characters. One pass over the pairs of the text says which files to open, and only their anchors are
    searched for. Anchors are ASCII and have at least two characters.
    """

    def __init__(self, detectors: Iterable[Detector]) -> None:
        self._by_pair: dict[int, list[tuple[int, str, Detector]]] = {}
        for number, detector in enumerate(detectors):
            for anchor in detector.anchors:
                self._by_pair.setdefault(_rarest_pair(anchor.lower()), []).append((number, anchor, detector))
        self._pairs = frozenset(self._by_pair)

    def found_in(self, text: str, low: str) -> list[tuple[str, Detector]]:
        """The anchors that stand in the text, in the order of the detectors; `low` is the text in lower case."""
        raw = low.encode("ascii", "replace") + b" " * (2 - len(low) % 2)
        # As numbers of two bytes: first the pairs that start at an even position, then those at an odd one.
        pairs = self._pairs.intersection(memoryview(raw).cast("H"))
        pairs |= self._pairs.intersection(memoryview(raw)[1:-1].cast("H"))
        entries = [entry for pair in pairs for entry in self._by_pair[pair]]
        found = [entry for entry in entries if entry[1] in (low if entry[2].fold else text)]
        return [(anchor, detector) for _, anchor, detector in sorted(found, key=itemgetter(0))]


def _rarest_pair(anchor: str) -> int:
    """The rarest pair as a number of two bytes, which is how the pairs of a text are read."""
    ranks = [_RARITY.get(char, -1) for char in anchor]
    sums = [first + second for first, second in pairwise(ranks)]
    place = sums.index(max(sums))
    return int.from_bytes(anchor[place : place + 2].encode("ascii"), sys.byteorder)


def _class_of(char: str) -> str:
    if char.isalnum():
        return "0" if char.isdigit() else "X" if char.isupper() else "x"
    return char if char in " -_" else "_" if char == "~" else "."  # tokens have ~ between their letters


CHARACTER_CLASSES = "".join(map(_class_of, map(chr, range(128)))).encode() + b"." * 128
"""Digits become 0, letters X and x; separators of digit groups stay (~ becomes _); anything else becomes a dot."""


_DIGITS = lazy_pattern(r"\d{3,}")
_CARD_WORD = lazy_pattern(r"card|\bpan\b|\bcc\b|visa|unionpay|maestro|primary account", re.IGNORECASE)
_CARD = lazy_pattern(r"\d{4}([ \-])(?:\d{4}[ \-]\d{4}[ \-]\d{1,7}|\d{6}[ \-]\d{4,5})")
_SSN = lazy_pattern(r"\d{3}-\d{2}-\d{4}")
_GROUPED = {4: (_CARD, luhn, "payment-card"), 3: (_SSN, us_ssn, "us-ssn")}  # by the length of their first group
_IBAN = lazy_pattern(r"[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)")


def may_hold_number(shapes: str) -> bool:
    """Digits grouped as on a card, in a social security number or, after two capitals, in a bank account."""
    if "0000" not in shapes and "XX00" not in shapes:
        return False
    return (
        "0000000000000" in shapes
        or "XX00" in shapes
        or ("0000 0000" in shapes and ("0000 0000 0" in shapes or "0000 000000 " in shapes))
        or ("00-0000" in shapes and ("0000-0000-0" in shapes or "0000-000000-" in shapes or "000-00-0000" in shapes))
    )


def find_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Spans of numbers that name a person or an account.

    These numbers have no literal to anchor at. They must not be a part of a longer number, of a UUID or of a decimal,
    which takes a look to both sides, and the shared rule language has no such look. So these rules are code.
    """
    if text.isascii() and not may_hold_number(text.encode("ascii").translate(CHARACTER_CLASSES).decode("ascii")):
        return
    for run in _DIGITS.finditer(text):
        start, end = run.span()
        length = end - start
        if length >= 13:
            alone = length <= 19 and _stands_alone(text, start, end) and luhn(run.group())
            # 13 and 17 to 19 digits are rare on cards and common as ids: then something before has to speak of a card.
            if alone and (14 <= length <= 16 or _CARD_WORD.search(text, max(0, start - 48), start)):
                yield start, end, "payment-card"
        elif length in _GROUPED:
            pattern, check, kind = _GROUPED[length]
            grouped = pattern.match(text, start)
            if grouped and _stands_alone(text, *grouped.span()) and check(grouped.group()):
                yield *grouped.span(), kind
    for account in _IBAN.finditer(text):
        start, end = account.span()
        # Also the ends at each space: a capitalised word after a grouped number looks like its next group.
        for candidate in (end, *(place for place in range(end - 1, start + 14, -1) if text[place] == " ")):
            if _stands_alone(text, start, candidate) and mod97(text[start:candidate]):
                yield start, candidate, "iban"
                break


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start] if start else ""
    if inside_word(text, start) or before in ("_", "$"):
        return False
    if before in ("-", ".") and (text[max(0, start - 2) : start - 1].isalnum() or text[start - 2 : start - 1] == "_"):
        return False
    after = text[end : end + 1]
    if after.isalnum() or after == "_":
        return False
    return not (after in ("-", ".") and text[end + 1 : end + 2].isalnum()) or (
        after == "." and text[end + 1 : end + 2].isupper()
    )
