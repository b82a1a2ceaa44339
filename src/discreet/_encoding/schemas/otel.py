"""A record in OpenTelemetry's terms (logs data model, semantic conventions), and as a line of the OTLP file format.

Protobuf, OTLP/JSON and the file format all start from `fields_of`, so a record means the same in each. A line is one
`LogsData` object in OTLP/JSON, as a collector's `otlpjsonfile` receiver reads it (specification,
protocol/file-exporter.md and OTLP's "JSON Protobuf Encoding": keys in lowerCamelCase, ids in hexadecimal, enumerations
as numbers, 64-bit integers as decimal strings, bytes in base64).
"""

from __future__ import annotations

import base64
import json
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._base.levels import severity_number, severity_text
from discreet._context.ambient import current
from discreet._encoding.json import quote, seal
from discreet._encoding.json import value as as_json
from discreet._redaction.secrets import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Identity, Plain, Redacted

SCHEMA_URL = "https://opentelemetry.io/schemas/1.43.0"
"""The version of the semantic conventions that the names here are taken from."""

DEEPEST = 24
"""Containers inside containers; decoders of protobuf stop at a hundred messages, and each of these takes three."""

LEAST, MOST = -(1 << 63), (1 << 63) - 1
"""What `AnyValue.int_value` holds; a larger integer is written as text, so that no digit is lost."""

EVENT_NAMES = ("otel.event.name", "event_name")
"""Fields that name an event: the convention's own, and the one that can be a keyword. They become `EventName`."""

_MOST_HEADS = 1024  # loggers are few; a program that makes up names must not fill the memory


class OtelEncoder:
    """A redacted record to one line of the file format. `resource_of` gives the resource's attributes, redacted."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], limits: Limits) -> None:
        self._resource_of = resource_of
        self._limits = limits
        self._head = lru_cache(_MOST_HEADS)(self._make_head)

    def __call__(self, record: Redacted) -> bytes:
        """The line, newline included."""
        head = self._head(record.logger, record.identity, registry.epoch)
        return seal(f'{head}{log_record(record, self._limits)}]}}],"schemaUrl":"{SCHEMA_URL}"}}]}}\n')

    def _make_head(self, logger: str, identity: Identity, _epoch: object) -> str:
        """What stands before the record. Made anew in another process, and when a secret that it may hold is known."""
        resource = _attributes(clean_keys(dict(self._resource_of(identity))))
        return (
            f'{{"resourceLogs":[{{"resource":{{"attributes":{resource}}},'
            f'"scopeLogs":[{{"scope":{{"name":{quote(logger)}}},"logRecords":['
        )


def log_record(record: Redacted, limits: Limits) -> str:
    """The record as one `LogRecord` object."""
    (number, text), event_name, attributes, dropped = fields_of(record, limits)
    time_ns = max(0, record.time_ns)
    written = (
        f'{{"timeUnixNano":"{time_ns}","observedTimeUnixNano":"{time_ns}","severityNumber":{number}'
        f',"severityText":"{text}","body":{{"stringValue":{quote(record.message)}}}'
        f',"attributes":{_attributes(attributes)}'
    )
    if dropped:
        written += f',"droppedAttributesCount":{dropped}'
    if record.trace_id is not None and record.span_id is not None:
        flags = flags_of(record.trace_id)
        written += f',"traceId":"{record.trace_id}","spanId":"{record.span_id}"'
        if flags:
            written += f',"flags":{flags}'
    if event_name:
        written += f',"eventName":{quote(event_name)}'
    return written + "}"


def _attributes(attributes: Mapping[str, object]) -> str:
    return f"[{','.join([_attribute(key, value) for key, value in attributes.items()])}]"


def _attribute(key: str, value: object) -> str:
    try:
        return _key_value(key, value, 0)
    except Exception:  # one value costs at most itself
        return _key_value(key, as_text(value), 0)


def _key_value(key: str, value: object, depth: int) -> str:
    return f'{{"key":{quote(key)},"value":{_any(value, depth)}}}'


def _any(value: object, depth: int) -> str:
    """A value as `AnyValue`."""
    kind = type(value)
    if kind is str:
        return f'{{"stringValue":{quote(cast("str", value))}}}'
    if kind is bool:
        return '{"boolValue":true}' if value else '{"boolValue":false}'
    if kind is int and LEAST <= cast("int", value) <= MOST:
        return f'{{"intValue":"{value}"}}'
    if kind is float:
        return f'{{"doubleValue":{as_json(value)}}}'  # NaN and the infinities are texts, as protobuf's mapping has them
    if value is None:
        return "{}"
    if kind is bytes:
        return f'{{"bytesValue":"{base64.b64encode(cast("bytes", value)).decode()}"}}'
    if kind is dict and depth < DEEPEST:
        pairs = clean_keys(cast("dict[str, object]", value)).items()
        return f'{{"kvlistValue":{{"values":[{",".join([_key_value(key, item, depth + 1) for key, item in pairs])}]}}}}'
    if kind is list and depth < DEEPEST:
        items = [_any(item, depth + 1) for item in cast("list[object]", value)]
        return f'{{"arrayValue":{{"values":[{",".join(items)}]}}}}'
    return f'{{"stringValue":{quote(as_text(value))}}}'


class Limits(NamedTuple):
    """How much of a record's attributes is sent (specification, "Attribute Limits")."""

    most: int = 128
    """Attributes of one record; the rest is counted in `dropped_attributes_count`."""
    length: int | None = None
    """Characters of one text, also inside arrays and maps; None: no limit."""


def fields_of(record: Redacted, limits: Limits) -> tuple[tuple[int, str], str, dict[str, object], int]:
    """Severity, event name, attributes within the limits, and how many attributes are over the limits.

    Attributes of the user replace those that the record itself gives.
    """
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
    return severity_of(record.level), clean(event_name), attributes, max(0, dropped)


def derived_of(record: Redacted) -> dict[str, object]:
    """The attributes that come from the record itself. They are first, so that a limit on their number keeps them."""
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
    others = {
        "thread.name": record.thread,
        "task": record.task,
        "request_id": record.request_id,
        "template": record.template,
    }
    found.update({key: text for key, text in others.items() if text is not None})
    return found


@lru_cache(1024)
def severity_of(level: int) -> tuple[int, str]:
    """OpenTelemetry's number, and Python's name of the level: the data model wants the source's own text."""
    return severity_number(level), severity_text(level)


def flags_of(trace_id: str) -> int:
    """The W3C trace flags of a record's span; 0 if that span is no longer the active one."""
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
    """The value with every text cut to `length` characters; keys are kept whole."""
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
