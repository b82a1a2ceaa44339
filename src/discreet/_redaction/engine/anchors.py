"""Step 3, redact: which of the detectors' anchors stand in a text, without a look for each of the hundreds.

An anchor can stand only where each two of its neighbouring characters do. So every anchor is filed under the rarest of
its pairs, one pass over the text's own pairs says which files to open, and only their anchors are looked for.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from discreet._redaction.engine.detectors import Detector

_COMMON_FIRST = " eatdsonir:1c20l4p5u3.6m-fb978hgkyvwx]s[/=,q_)(zj\"'+;<>*}${#\\~?&%|!`^@"
"""Characters by the share of log lines that have them. A poor guess costs time and nothing else."""
_RARITY = {char: place for place, char in enumerate(_COMMON_FIRST)}


class Anchors:
    """The anchors of some detectors. They are ASCII and of two characters at least."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        self._by_pair: dict[int, list[tuple[int, str, Detector]]] = {}
        for number, detector in enumerate(detectors):
            for anchor in detector.anchors:
                self._by_pair.setdefault(_rarest_pair(anchor.lower()), []).append((number, anchor, detector))
        self._pairs = frozenset(self._by_pair)

    def standing_in(self, text: str, low: str) -> list[tuple[str, Detector]]:
        """Those that stand in the text, in the order of the detectors; `low` is the text in lower case."""
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
    """As a number of two bytes, which is how the pairs of a text are read."""
    ranks = [_RARITY.get(char, -1) for char in anchor]
    sums = [first + second for first, second in pairwise(ranks)]
    place = sums.index(max(sums))
    return int.from_bytes(anchor[place : place + 2].encode("ascii"), sys.byteorder)
