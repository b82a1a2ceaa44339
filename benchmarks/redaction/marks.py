"""How a case is written down: one text, with the secret between ⟦ ⟧ and what may go either way between ⟪ ⟫."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_MARKED = re.compile(r"⟦(.*?)⟧|⟪(.*?)⟫", re.DOTALL)


def secret(value: str) -> str:
    """The value, marked as what has to vanish."""
    return f"⟦{value}⟧"


def either(text: str) -> str:
    """Text that belongs to the secret as much as to what surrounds it: not scored."""
    return f"⟪{text}⟫"


@dataclass(frozen=True)
class Case:
    """A text, or the fields of a record, that hold secrets: what must vanish and what must survive, in order."""

    kind: str
    shape: str
    text: str
    secrets: tuple[str, ...]
    survivors: tuple[str, ...]
    fields: dict[str, Any] | None = field(default=None, compare=False)


def marked(kind: str, shape: str, text: str) -> Case:
    """A case from its marked text."""
    secrets: list[str] = []
    survivors: list[str] = []
    position = 0
    for found in _MARKED.finditer(text):
        survivors.append(text[position : found.start()])
        if found.group(1) is not None:
            secrets.append(found.group(1))
        position = found.end()
    survivors.append(text[position:])
    return Case(kind, shape, unmarked(text), tuple(secrets), tuple(part for part in survivors if part.strip()))


def marked_fields(kind: str, shape: str, fields: dict[str, Any]) -> Case:
    """A case from marked fields. Keys and unmarked strings survive, wherever they stand."""
    whole = marked(kind, shape, json.dumps(fields, ensure_ascii=False, default=repr))
    survivors = tuple(part.strip() for text in _strings(fields) for part in marked(kind, shape, text).survivors)
    return Case(kind, shape, whole.text, _secrets(fields), survivors, _clean(fields))


def unmarked(text: str) -> str:
    return text.translate({ord(mark): None for mark in "⟦⟧⟪⟫"})


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*_strings(key), *_strings(item))]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _strings(item)]
    if isinstance(value, bytes):
        return [value.decode()]
    return [value] if isinstance(value, str) else []


def _secrets(value: Any) -> tuple[str, ...]:
    return tuple(part for text in _strings(value) for part in marked("", "", text).secrets)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_clean(item) for item in value)
    if isinstance(value, bytes):
        return unmarked(value.decode()).encode()
    return unmarked(value) if isinstance(value, str) else value
