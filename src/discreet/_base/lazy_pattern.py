"""Regular expressions that are compiled when they are first used.

discreet has some two hundred of them. To compile them all takes 50 ms, and most processes use a handful.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class _LazyPattern:
    """Stands in for a compiled pattern; its methods become those of the compiled pattern at the first use."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what the instance has not got: after the first use, that is nothing more.
        compiled = re.compile(self._source, self._flags)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "split", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, but a mistake in the pattern shows at its first use, not here."""
    return cast("re.Pattern[str]", _LazyPattern(source, flags))


def end_of_match(pattern: re.Pattern[str], text: str, start: int = 0) -> int:
    """Where the match of the pattern that begins at `start` ends; `start` itself if there is none."""
    matched = pattern.match(text, start)
    return start if matched is None else matched.end()


def matches_in_a_row(pattern: re.Pattern[str], text: str, start: int) -> Iterator[re.Match[str]]:
    """Matches that follow each other without a gap, the first at `start`. The pattern must not match the empty text."""
    matched = pattern.match(text, start)
    while matched is not None:
        yield matched
        matched = pattern.match(text, matched.end())
