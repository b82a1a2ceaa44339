"""Step 3, redact: values that a traceback draws below the names in a line of source, as loguru does.

check(user, password)
│     │     └ 'the value of password'
│     └ 'bob'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.values import Span, secret_parts

if TYPE_CHECKING:
    from collections.abc import Callable

_CORNER = "└"
_MOST_LINES = 32
_NAME = lazy_pattern(r"\w+")
_DRAWN = lazy_pattern(r"[ \t│└├─>]*[│└]")
_VALUE = lazy_pattern(r"""└[─>]{0,3} ?(?:[bu]?'([^'\n]*)'|[bu]?"([^"\n]*)"|([^\n<>]+))""")


def annotated(text: str, kind_of: Callable[[str], str | None]) -> list[Span]:
    """Spans of the values that belong to sensitive names."""
    found: list[Span] = []
    position = text.find(_CORNER)
    while position >= 0:
        start = text.rfind("\n", max(0, position - 512), position) + 1
        name = _name_above(text, start, position - start)
        kind = kind_of(name) if name else None
        value = _VALUE.match(text, position) if kind is not None else None
        if kind is not None and value is not None:
            found += secret_parts(text, *value.span(value.lastindex or 0), kind)
        position = text.find(_CORNER, position + 1)
    return found


def _name_above(text: str, start: int, column: int) -> str | None:
    """The name at this column of the line that is drawn below."""
    for _ in range(_MOST_LINES):
        if start == 0:
            return None
        end = start - 1
        start = text.rfind("\n", max(0, end - 512), end) + 1
        if start == 0 and end > 512:  # a line too long to be one that is drawn below
            return None
        if _DRAWN.match(text, start, end) is None:
            for name in _NAME.finditer(text, start, end):
                if name.start() <= start + column < name.end():
                    return name.group()
            return None
    return None
