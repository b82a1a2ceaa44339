"""Values as JSON text, no longer than Application Insights stores them.

The service cuts longer texts, or refuses the item, without a message
(https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights). It counts UTF-16 units. What is
cut here says that it was cut.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from discreet._encoding.json import value as as_json

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = 150
ITEM = 1 << 16
"""Bytes of one envelope."""
GEN_AI_VALUE = 256 * 1024
GEN_AI_ITEM = 1 << 20
"""Bytes of an envelope with prompts and answers of a language model in it, for which the service allows more."""

GEN_AI = frozenset({
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.evaluation.explanation",
})  # fmt: skip

quote: Callable[[str], str] = encode_basestring

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBERS_IN_QUOTES = frozenset({'"NaN"', '"Infinity"', '"-Infinity"'})


class Limits(NamedTuple):
    """The most characters of each part of an envelope."""

    message: int = 32_768
    value: int = 8_192
    stack: int = 32_768
    frames: int = 32_768
    """Of the JSON of one exception's frames."""
    exceptions: int = 10


FULL = Limits()
TIGHT = Limits(message=8_192, value=8_192, stack=10_240, frames=2_048, exceptions=5)
"""For an envelope that is too large as a whole; the rest of `ITEM` is for its properties."""
TIGHTEST = Limits(message=1_024, value=8_192, stack=2_048, frames=512, exceptions=3)
"""For an envelope that is too large with `TIGHT`: its characters take several bytes each."""


def plain_text(value: object) -> str:
    """A value as the text of a custom dimension: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        text = as_json(value)
    except Exception as error:  # one value costs at most itself
        return f"<{type(value).__name__} could not be written: {type(error).__name__}>"
    return text[1:-1] if text in _NUMBERS_IN_QUOTES else text


def to_bytes(line: str) -> bytes:
    """The line in UTF-8. A lone surrogate has no bytes and strict readers refuse its escape: it is shown as text."""
    try:
        return line.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", line).encode()


def units(text: str) -> int:
    """The length of a text as the service counts it."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def _fits(text: str, most: int) -> bool:
    return len(text) * 2 <= most or units(text) <= most


def cut(text: str, most: int) -> str:
    """`text`; of a text that is too long, its beginning and its length."""
    if _fits(text, most):
        return text
    mark = f"… [cut: {len(text)} characters]"
    return _beginning(text, most - len(mark)) + mark


def cut_middle(text: str, most: int) -> str:
    """`text`; of a stack that is too long, its beginning with the callers and its end with the line that raised."""
    if _fits(text, most):
        return text
    mark = f"\n… [cut here: {len(text)} characters]\n"
    room = most - len(mark)
    return _beginning(text, room // 3) + mark + _beginning(text[::-1], room - room // 3)[::-1]


def cut_key(key: str) -> str:
    """A property's name, never empty; of a name that is too long, its beginning and a checksum, to keep it unique."""
    if not key:
        return "<empty>"
    if _fits(key, KEY):
        return key
    mark = f"…{crc32(key.encode('utf-8', 'surrogatepass')):08x}"
    return _beginning(key, KEY - len(mark)) + mark


def _beginning(text: str, most: int) -> str:
    beginning = text[: max(0, most)]
    over = units(beginning) - most
    while over > 0:
        beginning = beginning[:-1] if over == 1 else beginning[: -(over // 2)]
        over = units(beginning) - most
    return beginning
