"""An exception as Application Insights stores it: one entry per exception, the outermost first.

`outerId` names the entry's outer exception. Frames are parsed, newest first, because the portal shows them, searches
them and groups failures by them. The first entry also has the whole traceback as text, as Python prints it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, cast

from discreet._values.exceptions import OMITTED
from discreet.azure.dimensions import cut, cut_middle, quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from discreet.azure.dimensions import Limits

_LONGEST_NAME = 1024


def exceptions_json(description: Mapping[str, Any], stack: str | None, limits: Limits) -> str:
    """The `exceptions` of an `ExceptionData`, as JSON."""
    every = list(_walk(description, 0, count(1)))
    entries = [
        _entry(number, outer, found, stack if number == 1 else None, limits)
        for number, (outer, found) in enumerate(every[: limits.exceptions], 1)
    ]
    left_out = len(every) - len(entries)
    if left_out > 0:
        name, message = quote(OMITTED), quote(f"{left_out} more exceptions; the stack of the first has their text")
        entries.append(
            f'{{"id":{len(entries) + 1},"outerId":1,"typeName":{name},"message":{message}'
            ',"hasFullStack":false,"stack":""}'
        )
    return f"[{','.join(entries)}]"


def _walk(description: Mapping[str, Any], outer: int, numbers: Iterator[int]) -> Iterator[tuple[int, Any]]:
    """Each exception and the number of its outer exception: first its cause or context, then members of a group."""
    number = next(numbers)
    yield outer, description
    cause, members = description.get("cause"), description.get("exceptions")
    inner: list[object] = [cause if isinstance(cause, dict) else description.get("context")]
    if isinstance(members, list):
        inner += cast("list[object]", members)
    for found in inner:
        if isinstance(found, dict):
            yield from _walk(cast("dict[str, Any]", found), number, numbers)


def _entry(number: int, outer: int, found: Mapping[str, Any], stack: str | None, limits: Limits) -> str:
    """One exception as JSON. Built-in classes have no module; notes (PEP 678) are part of the message."""
    frames, complete = _frames(found.get("frames"), limits)
    parts = f'{{"id":{number}' + (f',"outerId":{outer}' if outer else "")
    kind, module, notes = found.get("type"), found.get("module"), found.get("notes")
    parts += f',"typeName":{quote(cut(f"{module}.{kind}" if module else str(kind), _LONGEST_NAME))}'
    lines = [found.get("message") or "", *(cast("list[object]", notes) if isinstance(notes, list) else ())]
    message = "\n".join(str(line) for line in lines if line) or "n/a"  # the service refuses an empty message
    parts += f',"message":{quote(cut(message, limits.message))}'
    if stack is not None:
        shown = cut_middle(stack, limits.stack)
        complete = complete and shown is stack
        parts += f',"stack":{quote(shown)}'
    elif not frames:
        parts += ',"stack":""'  # the schema requires a stack or frames
    if frames:
        parts += f',"parsedStack":[{frames}]'
    return f'{parts},"hasFullStack":{"true" if complete else "false"}}}'


def _frames(found: object, limits: Limits) -> tuple[str, bool]:
    """The frames as JSON, newest first as level 0, and whether none is missing."""
    if not isinstance(found, list):
        return "", False
    texts: list[str] = []
    complete = True
    for frame in cast("list[object]", found)[::-1]:
        if isinstance(frame, dict):
            known = cast("dict[str, Any]", frame)
            complete = complete and "omitted" not in known
            texts.append(_frame(known))
    size = sum(map(len, texts)) + 12 * len(texts)
    if size > limits.frames:
        texts = _without_middle(texts, limits.frames)
        complete = False
    return ",".join([f'{{"level":{level},{text}' for level, text in enumerate(texts)]), complete


def _frame(frame: Mapping[str, Any]) -> str:
    line, file = frame.get("line"), frame.get("file")
    parts = f'"method":{quote(cut(str(frame.get("function") or "<unknown>"), _LONGEST_NAME))}'
    if isinstance(file, str) and "omitted" not in frame:
        parts += f',"fileName":{quote(cut(file, _LONGEST_NAME))}'
    if type(line) is int and line > 0:
        parts += f',"line":{line}'
    return parts + "}"


def _without_middle(texts: list[str], most: int) -> list[str]:
    """As many of the newest and the oldest frames as fit, and between them how many are missing."""
    room = most - 60
    newest: list[str] = []
    oldest: list[str] = []
    rest = list(texts)
    while rest:
        take_newest = len(newest) <= 2 * len(oldest)
        text = rest[0] if take_newest else rest[-1]
        room -= len(text) + 12
        if room < 0:
            break
        (newest if take_newest else oldest).append(rest.pop(0 if take_newest else -1))
    return [*newest, f'"method":{quote(f"<{len(rest)} more frames>")}}}', *oldest[::-1]]
