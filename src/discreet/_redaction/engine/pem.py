"""Step 3, redact: private keys with a prefix on each line: `web_1  | MIIE...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from discreet._redaction.engine.values import Span

_BEGIN = lazy_pattern(r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[ \t]{0,8}\r?\n")
_LINE = lazy_pattern(r"([^\n]{1,200}?[ \t|\"'>:])([A-Za-z0-9+/=]{1,120})[ \t\"',]{0,8}\r?(?:\n|\Z)")
_LONG = 32


def prefixed_lines(text: str) -> list[Span]:
    """Spans of the key's lines, without what stands before them. Keys without a prefix are a rule of detectors.json."""
    found: list[Span] = []
    begin = _BEGIN.search(text)
    while begin is not None:
        position = begin.end()
        line = _LINE.match(text, position)
        if line is not None and line.group(1).strip() and len(line.group(2)) >= _LONG:
            while line is not None:
                found.append((*line.span(2), "private-key"))
                position = line.end()
                if len(line.group(2)) < _LONG:
                    break
                line = _LINE.match(text, position)
        begin = _BEGIN.search(text, position)
    return found
