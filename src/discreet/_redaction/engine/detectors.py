"""Step 3, redact: the detectors, as detectors.json has them, and which of their anchors stand in a text.

A detector looks only where one of its anchors (a literal) stands. Its pattern is then matched *at* the anchor, with
bounded repetition until it can no longer fail, so that the work grows with the length of the text and no faster.
Every engine of discreet loads the same file; the head of that file explains each field.
"""

from __future__ import annotations

import re
import sys
from copy import copy
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from discreet._redaction.engine.checks import CHECKS
from discreet._redaction.names import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ALNUM = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def ascii_lower(text: str) -> str:
    """In lower case; every character keeps its position."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


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
                    if (self.check is None or self.check(matched.group(group))) and self._is_near(low, start):
                        spans.append(self._trimmed(text, *matched.span(group)))
            position = haystack.find(anchor, following)
        return spans

    def _trimmed(self, text: str, start: int, end: int) -> tuple[int, int]:
        """A token ends before the full stop of its sentence, also where its alphabet has one."""
        while self._in_prose and end > start and text[end - 1] == ".":
            end -= 1
        return start, end

    def _is_near(self, low: str, start: int) -> bool:
        if not self.near:
            return True
        before = low[max(0, start - 256) : start + 24]
        return any(word in before for word in self.near)


def inside_word(text: str, position: int) -> bool:
    r"""Whether a letter or digit stands before; that of an escape (`\n`, `%3D`) does not count."""
    if position == 0 or text[position - 1] not in _ALNUM:
        return False
    if text[position - 1] in "nrt" and text[position - 2 : position - 1] == "\\":
        return False
    code = text[max(0, position - 3) : position]
    return not (code[0] == "%" and len(code) == 3 and code[1] in _HEXADECIMAL and code[2] in _HEXADECIMAL)


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_rules("detectors.json")
    return data


def personal() -> dict[str, str]:
    """Patterns by kind for data that most logs need and some must not have; a policy turns them on one by one."""
    patterns: dict[str, str] = _data()["personal"]
    return patterns


@cache
def detectors() -> tuple[Detector, ...]:
    """Load the data once, on first use."""
    return tuple(Detector(entry) for entry in _data()["detectors"])


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
        found = sorted(self._found(text, low), key=_number)
        return [(anchor, detector) for _, anchor, detector in found]

    def _found(self, text: str, low: str) -> Iterator[tuple[int, str, Detector]]:
        raw = low.encode("ascii", "replace") + b" " * (2 - len(low) % 2)
        # As numbers of two bytes: first the pairs that start at an even position, then those at an odd one.
        pairs = self._pairs.intersection(memoryview(raw).cast("H"))
        pairs |= self._pairs.intersection(memoryview(raw)[1:-1].cast("H"))
        for pair in pairs:
            for entry in self._by_pair[pair]:
                if entry[1] in (low if entry[2].fold else text):
                    yield entry


def _number(entry: tuple[int, str, Detector]) -> int:
    return entry[0]


def _rarest_pair(anchor: str) -> int:
    """The rarest pair as a number of two bytes, which is how the pairs of a text are read."""
    ranks = [_RARITY.get(char, -1) for char in anchor]
    sums = [first + second for first, second in pairwise(ranks)]
    place = sums.index(max(sums))
    return int.from_bytes(anchor[place : place + 2].encode("ascii"), sys.byteorder)
