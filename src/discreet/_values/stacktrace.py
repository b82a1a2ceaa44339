"""The text of a traceback, rendered from a description, in the layout that Python prints.

It is made from the redacted description, which may also have been read from a file: any part may be missing or of
another type, and nothing here fails on that.
"""

from __future__ import annotations

from typing import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_MOST_LEVELS = 40
_LONGEST_LOCAL = 500


def render(description: Mapping[str, object]) -> str:
    """The traceback as text, oldest cause first, without a final newline. Never raises."""
    return "\n".join(_exception(description, 0, 0))


def _mapping(value: object) -> Mapping[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _exception(description: Mapping[str, object], level: int, margin: int) -> Iterator[str]:
    bar = _bar(margin)
    if level > _MOST_LEVELS:
        yield bar + "..."
        return
    for key, sentence in (("cause", _CAUSE), ("context", _CONTEXT)):
        origin = _mapping(description.get(key))
        if origin is not None:
            yield from _exception(origin, level + 1, margin)
            yield from (bar, bar + sentence, bar)
            break
    members = _list(description.get("exceptions"))
    if members is not None:
        yield from _group(description, members, level, margin)
        return
    for line in _own_lines(description, "Traceback"):
        yield bar + line


def _group(description: Mapping[str, object], members: list[object], level: int, margin: int) -> Iterator[str]:
    """A group and its members, indented and numbered as Python does since 3.11."""
    bar = _bar(margin or 1)
    for index, line in enumerate(_own_lines(description, "Exception Group Traceback")):
        opens = margin == 0 and index == 0 and line.endswith("(most recent call last):")
        yield ("  + " if opens else bar) + line
    inner = (margin or 1) + 1
    indent = "  " * (margin or 1)
    last: Mapping[str, object] | None = None
    for number, item in enumerate(members, 1):
        corner = "+-+" if number == 1 else "  +"
        last = _mapping(item)
        title = "..." if last is not None and "omitted" in last else number
        yield f"{indent}{corner}---------------- {title} ----------------"
        if last is not None:
            yield from _exception(last, level + 1, inner)
        else:
            yield f"{_bar(inner)}{item}"
    if last is None or _list(last.get("exceptions")) is None:  # a group that comes last has drawn the line
        yield f"{indent}  +------------------------------------"


def _bar(margin: int) -> str:
    """Members of groups stand behind a bar, two columns deeper for each group around them."""
    return "  " * margin + "| " if margin else ""


def _own_lines(description: Mapping[str, object], title: str) -> list[str]:
    lines: list[str] = []
    found = description.get("frames")
    frames = _list(found)
    if frames:
        if len(frames) > 1 or (_mapping(frames[0]) or {}).get("function") != "<syntax error>":
            lines.append(f"{title} (most recent call last):")
        for frame in frames:
            _add_frame(frame, lines)
    elif found and frames is None:
        lines.append(f"  {found}")
    name, module, message = description.get("type", "<unknown>"), description.get("module"), description.get("message")
    full = f"{module}.{name}" if module and module != "__main__" else f"{name}"
    lines.extend((f"{full}: {message}" if message not in (None, "") else full).split("\n"))
    notes = description.get("notes")
    for note in () if notes is None else _list(notes) or (notes,):
        lines.extend(str(note).split("\n"))
    return lines


def _add_frame(item: object, lines: list[str]) -> None:
    frame = _mapping(item)
    if frame is None:
        lines.append(f"  {item}")
        return
    if "omitted" in frame:
        lines.append(f"  ... {frame['omitted']} more frames ...")
        return
    function, code = frame.get("function"), frame.get("code")
    place = f'  File "{frame.get("file")}", line {frame.get("line")}'
    lines.append(place if function == "<syntax error>" else f"{place}, in {function}")
    if code:
        lines.append(f"    {code}")
    found = frame.get("locals")
    values = _mapping(found)
    if values is not None:
        lines.extend([f"    {name} = {_short(value)}" for name, value in values.items()])
    elif found:
        lines.append(f"    {found}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_LOCAL else text[:_LONGEST_LOCAL] + "..."
