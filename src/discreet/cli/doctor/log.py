"""`discreet doctor --log FILE`: how often something was redacted in existing logs, and never what."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from discreet.cli.inputs import inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKER = re.compile(rb"\[REDACTED:([^\s:\[\]\"\\]{1,64})[\]:]")
_NO_LOGGER = "(none)"


def count_markers(names: Sequence[str]) -> dict[str, Any]:
    """Count the markers in these files, most frequent first, in the words of `discreet.health()`.

    The files may be compressed; `-` is standard input. What a strategy replaced without a marker is not counted.
    """
    lines = 0
    by_kind: Counter[str] = Counter()
    by_logger: Counter[str] = Counter()
    with inputs(names) as (opened, problems):
        for chunk in chain.from_iterable(each.chunks(len) for each in opened):
            for line in chunk.removesuffix(b"\n").split(b"\n"):
                lines += 1
                kinds = _MARKER.findall(line)
                if kinds:
                    by_kind.update(kind.decode("utf-8", "backslashreplace") for kind in kinds)
                    by_logger[_logger(line)] += len(kinds)
    return {
        "lines": lines,
        "redacted": dict(by_kind.most_common()),
        "redacted_by_logger": dict(by_logger.most_common()),
        "problems": [str(problem) for problem in problems],
    }


def _logger(line: bytes) -> str:
    """The logger in a line of JSON, behind whatever a container engine put before it."""
    try:
        record = json.loads(line[max(0, line.find(b"{")) :])
    except (ValueError, RecursionError):
        return _NO_LOGGER
    logger = cast("dict[str, object]", record).get("logger") if isinstance(record, dict) else None
    return logger if isinstance(logger, str) and logger else _NO_LOGGER
