"""`discreet doctor --log FILE`: how often something was redacted in logs that exist already, and never what."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet.cli.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from discreet.errors import DiscreetError

_MARKER = re.compile(rb"\[REDACTED:([^\s:\[\]\"\\]{1,64})[\]:]")
_NO_LOGGER = "(none)"


class Redacted(NamedTuple):
    """The markers that stand in the files. What a strategy replaced in another way has none."""

    lines: int
    by_kind: Counter[str]
    by_logger: Counter[str]
    problems: list[DiscreetError]

    def as_data(self) -> dict[str, Any]:
        """For programs, most frequent first, in the words of `discreet.health()`."""
        return {
            "lines": self.lines,
            "redacted": dict(self.by_kind.most_common()),
            "redacted_by_logger": dict(self.by_logger.most_common()),
            "problems": [str(problem) for problem in self.problems],
        }


def redacted(names: Sequence[str]) -> Redacted:
    """Count the markers in these files, which may be compressed; - is standard input."""
    lines = 0
    by_kind: Counter[str] = Counter()
    by_logger: Counter[str] = Counter()
    problems: list[DiscreetError] = []
    for name in dict.fromkeys(names):
        source = Input(name)
        try:
            for line in _lines(source):
                lines += 1
                kinds = _MARKER.findall(line)
                if kinds:
                    by_kind.update(kind.decode("utf-8", "backslashreplace") for kind in kinds)
                    by_logger[_logger(line)] += len(kinds)
        finally:
            source.close()
        if source.problem is not None:
            problems.append(source.problem)
    return Redacted(lines, by_kind, by_logger, problems)


def _lines(source: Input) -> Iterator[bytes]:
    if source.open():
        for chunk in source.chunks(len):
            yield from chunk.removesuffix(b"\n").split(b"\n")


def _logger(line: bytes) -> str:
    """Who logged a line of JSON, behind whatever a container engine put before it; a line of text does not say."""
    start = line.find(b"{")
    try:
        record = json.loads(line[start:]) if start >= 0 else None
    except (ValueError, RecursionError):
        return _NO_LOGGER
    if not isinstance(record, dict):
        return _NO_LOGGER
    logger = cast("dict[str, object]", record).get("logger")
    return logger if isinstance(logger, str) and logger else _NO_LOGGER
