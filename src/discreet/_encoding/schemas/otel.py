"""The OTLP file format: one line is one `LogsData` object in OTLP/JSON, as a collector's `otlpjsonfile` receiver reads.

Source: specification, protocol/file-exporter.md and OTLP's "JSON Protobuf Encoding": keys in lowerCamelCase, ids in
hexadecimal, enumerations as numbers, 64-bit integers as decimal strings, bytes in base64.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

from discreet._encoding.json import quote, seal
from discreet._encoding.schemas.otel_mapping import (
    DEEPEST,
    LEAST,
    MOST,
    SCHEMA_URL,
    Limits,
    as_text,
    clean_keys,
    fields_of,
    flags_of,
)
from discreet._redaction.secrets import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Identity, Plain, Redacted

_MOST_HEADS = 1024  # loggers are few; a program that makes up names must not fill the memory


class OtelEncoder:
    """A redacted record to one line of the file format. `resource_of` gives the resource's attributes, redacted."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], limits: Limits) -> None:
        self._resource_of = resource_of
        self._limits = limits
        self._heads: dict[str, str] = {}
        self._spoken_for: tuple[object, object] = (None, None)

    def __call__(self, record: Redacted) -> bytes:
        """The line, newline included."""
        spoken_for = self._spoken_for
        if spoken_for[0] is not record.identity or spoken_for[1] is not registry.epoch:
            # Another process after a fork, or a secret was registered that the resource may hold.
            self._spoken_for, self._heads = (record.identity, registry.epoch), {}
        head = self._heads.get(record.logger)
        if head is None:
            head = self._head(record)
        return seal(f'{head}{log_record(record, self._limits)}]}}],"schemaUrl":"{SCHEMA_URL}"}}]}}\n')

    def _head(self, record: Redacted) -> str:
        resource = _attributes(clean_keys(dict(self._resource_of(record.identity))))
        head = (
            f'{{"resourceLogs":[{{"resource":{{"attributes":{resource}}},'
            f'"scopeLogs":[{{"scope":{{"name":{quote(record.logger)}}},"logRecords":['
        )
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
        self._heads[record.logger] = head
        return head


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
        return f'{{"doubleValue":{_double(cast("float", value))}}}'
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


def _double(value: float) -> str:
    """NaN and the infinities are strings in protobuf's JSON mapping."""
    if value - value == 0:
        return repr(value)
    return '"Infinity"' if value > 0 else '"-Infinity"' if value < 0 else '"NaN"'
