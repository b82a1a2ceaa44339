"""What the foreign schemas share: a line from a mapping, the user's fields under free names, an error in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._encoding.json import quote, seal, value

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from discreet._record import Redacted


def line(content: Mapping[str, object]) -> bytes:
    """One line of strict JSON; what is None or an empty mapping is left out."""
    parts = [f"{quote(key)}:{value(item)}" for key, item in content.items() if item is not None and item != {}]
    return seal(f"{{{','.join(parts)}}}\n")


def known(**content: object) -> dict[str, object]:
    """The items that are not None."""
    return {key: item for key, item in content.items() if item is not None}


def user_fields(record: Redacted, taken: Container[str] = ()) -> dict[str, object]:
    """The fields of context and call; one that is called like a key of the schema gets `field.` in front."""
    fields: dict[str, object] = {}
    for key, item in {**record.ambient, **record.fields}.items():
        name = key
        while name in taken or name in fields:
            name = f"field.{name}"
        fields[name] = item
    return fields


def error_of(record: Redacted) -> tuple[str | None, str | None]:
    """The qualified type and the message of a record's exception."""
    if record.exception is None:
        return None, None
    described = cast("dict[str, Any]", record.exception)
    kind, module, message = (described.get(key) for key in ("type", "module", "message"))
    return (f"{module}.{kind}" if module else None if kind is None else str(kind)), message
