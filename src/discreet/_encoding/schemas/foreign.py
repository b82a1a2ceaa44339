"""Shared by the foreign schemas: a line from a mapping, the user's fields under free names, exceptions, requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._encoding.json import quote, seal, value

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from discreet._record import Redacted


class Exchange(NamedTuple):
    """The HTTP request that a record describes; None for values that are missing or of another type."""

    method: str | None = None
    status: int | None = None
    path: str | None = None
    client: str | None = None
    seconds: float | None = None
    is_server: bool = False


def line(content: Mapping[str, object]) -> bytes:
    """One line of strict JSON; what is None or an empty mapping is left out."""
    parts = [f"{quote(key)}:{value(item)}" for key, item in content.items() if item is not None and item != {}]
    return seal(f"{{{','.join(parts)}}}\n")


def known(**content: object) -> dict[str, object]:
    """The items that are not None."""
    return {key: item for key, item in content.items() if item is not None}


def user_fields(record: Redacted, taken: Container[str] = ()) -> dict[str, object]:
    """The fields of context and call; one that is called like a key of the schema gets `field.` in front."""
    given = {**record.ambient, **record.fields}
    fields: dict[str, object] = {}
    for key, item in given.items():
        name = key
        while name in taken or (name != key and name in given):
            name = f"field.{name}"
        fields[name] = item
    return fields


def failure_of(record: Redacted) -> tuple[str | None, str | None]:
    """Type (qualified, but for Python's own) and message of a record's exception; None where it has none."""
    described = cast("dict[str, Any]", record.exception or {})
    kind, module, message = (described.get(key) for key in ("type", "module", "message"))
    return f"{module}.{kind}" if module else _text(kind), _text(message)


def exchange_of(fields: Mapping[str, object]) -> Exchange:
    """The request that a record's fields describe (OpenTelemetry's names); without a method they describe none."""
    method, status = fields.get("http.request.method"), fields.get("http.response.status_code")
    if type(method) is not str:
        return Exchange()
    milliseconds = fields.get("duration_ms")
    return Exchange(
        method,
        status if type(status) is int and 100 <= status <= 599 else None,
        _text(fields.get("url.path")),
        _text(fields.get("client.address")),
        milliseconds / 1000 if type(milliseconds) is float and 0 <= milliseconds < 1e12 else None,
        fields.get("span_kind") == "server",
    )


def _text(item: object) -> str | None:
    return item if type(item) is str else None
