"""What Application Insights stores of a text, and how the rest is said to be missing.

The service cuts longer texts, or refuses the item, without a word
(https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights). It counts UTF-16 units.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

KEY = 150
ITEM = 1 << 16
"""Bytes of one envelope."""
GEN_AI_VALUE = 256 * 1024
GEN_AI_ITEM = 1 << 20
"""An envelope with prompts and answers in it: of those the service takes more."""

GEN_AI = frozenset({
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.evaluation.explanation",
})  # fmt: skip


class Limits(NamedTuple):
    """Characters of the parts of one envelope."""

    message: int = 32_768
    value: int = 8_192
    stack: int = 32_768
    frames: int = 32_768
    """Of the JSON of one exception's frames."""
    exceptions: int = 10


FULL = Limits()
TIGHT = Limits(message=8_192, value=8_192, stack=10_240, frames=2_048, exceptions=5)
"""For an envelope that is too large as a whole; what is left of `ITEM` is for its properties."""
TIGHTEST = Limits(message=1_024, value=8_192, stack=2_048, frames=512, exceptions=3)
"""For one that even so has no room: texts of characters that take several bytes each."""


def units(text: str) -> int:
    """The length of a text as the service counts it."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, most: int) -> str:
    """`text`, or its beginning and how much there was."""
    if len(text) * 2 <= most or units(text) <= most:
        return text
    mark = f"… [cut: {len(text)} characters]"
    return _beginning(text, most - len(mark)) + mark


def cut_middle(text: str, most: int) -> str:
    """`text`, or its beginning and its end: what raised stands at the end of a stack, who called at its beginning."""
    if len(text) * 2 <= most or units(text) <= most:
        return text
    mark = f"\n… [cut here: {len(text)} characters]\n"
    room = most - len(mark)
    return _beginning(text, room // 3) + mark + _beginning(text[::-1], room - room // 3)[::-1]


def _beginning(text: str, most: int) -> str:
    beginning = text[: max(0, most)]
    over = units(beginning) - most
    while over > 0:
        beginning = beginning[:-1] if over == 1 else beginning[: -(over // 2)]
        over = units(beginning) - most
    return beginning


def cut_key(key: str) -> str:
    """A property's name, never empty; of one that is too long, its beginning and a checksum, so that two stay two."""
    if not key:
        return "<empty>"
    if len(key) * 2 <= KEY or units(key) <= KEY:
        return key
    mark = f"…{crc32(key.encode('utf-8', 'surrogatepass')):08x}"
    return _beginning(key, KEY - len(mark)) + mark
