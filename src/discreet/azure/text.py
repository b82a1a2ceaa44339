"""Values as JSON text: custom dimensions are strings, so each value is written as its reader would write it."""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from discreet._encoding.json import value as as_json

if TYPE_CHECKING:
    from collections.abc import Callable

quote: Callable[[str], str] = encode_basestring

_SURROGATE = re.compile("[\ud800-\udfff]")


def plain_text(value: object) -> str:
    """A value as the text of a custom dimension: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        text = as_json(value)
    except Exception as error:  # one value costs at most itself
        return f"<{type(value).__name__} could not be written: {type(error).__name__}>"
    return text[1:-1] if text in _UNQUOTED else text


_UNQUOTED = frozenset({'"NaN"', '"Infinity"', '"-Infinity"'})


def seal(line: str) -> bytes:
    """UTF-8. A lone surrogate has no bytes and strict readers refuse its escape: it is shown as text."""
    try:
        return line.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(_shown, line).encode()


def _shown(match: re.Match[str]) -> str:
    return f"\\\\u{ord(match[0]):04x}"
