"""Custom dimensions: names and values as text, as much of them as there is room for; and the numbers beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from discreet.azure.limits import FULL, GEN_AI, GEN_AI_VALUE, cut, cut_key
from discreet.azure.text import plain_text, quote, seal

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT_NAMES = ("microsoft.custom_event.name", "otel.event.name", "event_name")
"""Fields that make a record a named event."""
MEASUREMENTS = "microsoft.custom_measurements"
LEFT_OUT = "discreet.left_out"
"""The custom dimension that says how many others there was no room for."""

_LENGTHS = (8_192, 4_096, 2_048, 1_024, 512, 256, 128)


def dimension(key: str, value: object, most: int) -> str:
    """One member of the JSON object, with a comma before it."""
    if key in GEN_AI and most == FULL.value:
        most = GEN_AI_VALUE
    return f",{quote(cut_key(key))}:{quote(cut(plain_text(value), most))}"


def fitting(properties: Mapping[str, object], room: int) -> dict[str, object]:
    """The dimensions with values as long as there is room for; if there is none, as many as fit and a word on that."""
    texts = {key: plain_text(value) for key, value in properties.items()}
    for most in _LENGTHS:
        shorter: dict[str, object] = {key: cut(text, most) for key, text in texts.items()}
        if sum(_size(key, text) for key, text in shorter.items()) <= room:
            return shorter
    kept: dict[str, object] = {}
    room -= 100
    for key, text in texts.items():
        shown = cut(text, _LENGTHS[-1])
        room -= _size(key, shown)
        if room < 0:
            break
        kept[key] = shown
    kept[LEFT_OUT] = f"{len(texts) - len(kept)} custom dimensions: there is no room for them in one envelope"
    return kept


def _size(key: str, value: object) -> int:
    return len(seal(dimension(key, value, GEN_AI_VALUE)))


def measurements(special: Mapping[str, object]) -> str:
    """`microsoft.custom_measurements`, an object of numbers or its JSON; empty if it is anything else."""
    given = special.get(MEASUREMENTS)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return ""
    if not isinstance(given, dict) or not given:
        return ""
    numbers: list[str] = []
    for key, value in cast("dict[str, object]", given).items():
        if type(value) not in (int, float) or value - value != 0 or abs(cast("float", value)) > 1e308:  # type: ignore[operator]
            return ""
        numbers.append(f"{quote(cut_key(key))}:{value!r}")
    return f',"measurements":{{{",".join(numbers)}}}'


def event_name(fields: Mapping[str, object]) -> str:
    """The name of the event that a record is, empty if it is none."""
    named = [value for name in EVENT_NAMES if isinstance(value := fields.get(name), str) and value]
    return named[0] if named else ""
