"""A record in OpenTelemetry's terms (logs data model, semantic conventions), whatever it is then written as.

Protobuf, OTLP/JSON and the OTLP file format all start from here, so a record means the same in each.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._base.levels import severity_number, severity_text
from discreet._context.ambient import current

if TYPE_CHECKING:
    from discreet._record import Redacted

SCHEMA_URL = "https://opentelemetry.io/schemas/1.43.0"
"""The version of the semantic conventions that the names here are taken from."""

DEEPEST = 24
"""Containers inside containers; decoders of protobuf stop at a hundred messages, and each of these takes three."""

LEAST, MOST = -(1 << 63), (1 << 63) - 1
"""What `AnyValue.int_value` holds; a larger integer is written as text, so that no digit is lost."""

EVENT_NAMES = ("otel.event.name", "event_name")
"""Fields that name an event: the convention's own, and the one that can be a keyword. They become `EventName`."""


class Limits(NamedTuple):
    """How much of a record's attributes is sent (specification, "Attribute Limits")."""

    most: int = 128
    """Attributes of one record; the rest is counted in `dropped_attributes_count`."""
    length: int | None = None
    """Characters of one text, also inside arrays and maps; None: no limit."""


class Fields(NamedTuple):
    """What is left of a record to be written, beside its time, message and ids."""

    severity: tuple[int, str]
    event_name: str
    attributes: dict[str, object]
    dropped: int


def fields_of(record: Redacted, limits: Limits) -> Fields:
    """The attributes, those of the user over those that the record itself gives, within the limits."""
    attributes = derived_of(record)
    attributes.update(record.ambient)
    attributes.update(record.fields)
    event_name = ""
    for name in EVENT_NAMES:
        if name in attributes:
            given = attributes[name]
            if type(given) is str and given and not event_name:
                event_name = given
                del attributes[name]
    attributes = clean_keys(attributes)
    dropped = len(attributes) - limits.most
    if dropped > 0:
        attributes = dict(list(attributes.items())[: limits.most])
    if limits.length is not None:
        attributes = {key: shortened(value, limits.length) for key, value in attributes.items()}
    return Fields(severity_of(record.level), clean(event_name), attributes, max(0, dropped))


def derived_of(record: Redacted) -> dict[str, object]:
    """The attributes that the record itself gives; first, so that they stay should there be too many."""
    found: dict[str, object] = {}
    error = record.exception
    if error is not None:
        description = cast("dict[str, Any]", error)
        kind, module = description.get("type"), description.get("module")
        found["exception.type"] = f"{module}.{kind}" if module else kind
        found["exception.message"] = description.get("message")
        if record.stacktrace is not None:
            found["exception.stacktrace"] = record.stacktrace
    elif record.stacktrace is not None:
        found["code.stacktrace"] = record.stacktrace
    source = record.source
    if source is not None:
        found["code.file.path"] = source.file
        found["code.line.number"] = source.line
        found["code.function.name"] = source.function
    if record.thread is not None:
        found["thread.name"] = record.thread
    if record.task is not None:
        found["task"] = record.task
    if record.request_id is not None:
        found["request_id"] = record.request_id
    if record.template is not None:
        found["template"] = record.template
    return found


_severities: dict[int, tuple[int, str]] = {}


def severity_of(level: int) -> tuple[int, str]:
    """OpenTelemetry's number; and the text as Python has it, for it is to be the source's own."""
    known = _severities.get(level)
    if known is None:
        known = (severity_number(level), severity_text(level))
        if len(_severities) < 1000:
            _severities[level] = known
    return known


def flags_of(trace_id: str) -> int:
    """The W3C trace flags of the span that a record belongs to; 0 where that span is not the active one any more."""
    span = current.get().span
    if span is not None and span.trace_id == trace_id:
        return span.flags & 0xFF
    trace = sys.modules.get("opentelemetry.trace")
    if trace is not None:
        try:
            context = trace.get_current_span().get_span_context()
            if context.trace_id == int(trace_id, 16):
                return int(context.trace_flags) & 0xFF
        except Exception:  # another version, or half imported: flags are optional
            return 0
    return 0


def shortened(value: object, length: int) -> object:
    """Every text in a value, cut to `length` characters; names of fields stay."""
    if isinstance(value, (str, bytes)):
        return value[:length]
    if isinstance(value, dict):
        items = cast("dict[str, object]", value)
        return {key: shortened(item, length) for key, item in items.items()}
    if isinstance(value, list):
        return [shortened(item, length) for item in cast("list[object]", value)]
    return value


def clean(text: str) -> str:
    """The text with lone surrogates written out, as the JSON lines show them: UTF-8 has no bytes for them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clean_keys(mapping: dict[str, object]) -> dict[str, object]:
    """The mapping with keys that can be written, all different still: a receiver may refuse a key that comes twice."""
    if "".join(mapping).isascii():
        return mapping
    cleaned: dict[str, object] = {}
    for key, value in mapping.items():
        name = clean(key)
        while name in cleaned or (name != key and name in mapping):
            name += "_"
        cleaned[name] = value
    return cleaned


def of_one_type(items: list[object]) -> list[object] | None:
    """The items, all of one type (None aside); None if they are not. Whole numbers among others become such numbers.

    OpenTelemetry's API wants its arrays so, and older SDKs lose one that is not (1.39 does).
    """
    kinds = {type(item) for item in items if item is not None}
    if kinds == {int, float} and not any(type(item) is int and abs(item) > 1 << 53 for item in items):
        return [float(item) if type(item) is int else item for item in items]
    return items if len(kinds) < 2 else None


def as_text(value: object) -> str:
    """A value that has no form of its own on the wire, as text: too large a number, too deep a structure."""
    try:
        return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    except Exception as error:  # one value costs at most itself
        return f"<{type(value).__name__} could not be written: {type(error).__name__}>"
