"""Records and requests as messages of the official schema (package opentelemetry-proto)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from discreet._encoding.schemas.otel import (
    DEEPEST,
    LEAST,
    MOST,
    Limits,
    as_text,
    clean,
    clean_keys,
    fields_of,
    flags_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    from discreet._record import Redacted


def log_record(record: Redacted, limits: Limits) -> LogRecord:
    """The record as a message of the schema. Never raises for a bad value."""
    (number, text), event_name, attributes, dropped = fields_of(record, limits)
    time_ns = max(0, record.time_ns)
    message = LogRecord(
        time_unix_nano=time_ns,
        observed_time_unix_nano=time_ns,
        severity_number=number,  # type: ignore[arg-type]  # the enumeration's own number
        severity_text=text,
        dropped_attributes_count=dropped,
        event_name=event_name,
    )
    put(message.body, record.message)
    put_ids(message, record)
    for key, value in attributes.items():
        put(message.attributes.add(key=key).value, value)
    return message


def put_ids(message: LogRecord, record: Redacted) -> None:
    """Trace, span and flags, all or nothing."""
    trace_id, span_id = record.trace_id, record.span_id
    if trace_id is None or span_id is None:
        return
    try:
        message.trace_id, message.span_id = bytes.fromhex(trace_id), bytes.fromhex(span_id)
    except ValueError:  # ids from another library that are not hexadecimal
        message.ClearField("trace_id")
        return
    message.flags = flags_of(trace_id)


def put(target: AnyValue, value: object) -> None:
    """Set the value of `target`. Never raises: a value that the schema has no type for is sent as text."""
    try:
        kind = type(value)
        if kind is str:
            target.string_value = cast("str", value)
        elif kind is int:
            target.int_value = cast("int", value)
        elif kind is float:
            target.double_value = cast("float", value)
        else:
            _put_other(target, value, 0)
    except Exception:  # a lone surrogate, or a number of more than 64 bits: too rare to be checked for first
        target.Clear()
        try:
            _put_other(target, value, 0)
        except Exception:  # one value costs at most itself
            target.Clear()
            target.string_value = as_text(value)


def _put_other(target: AnyValue, value: object, depth: int) -> None:
    kind = type(value)
    if kind is str:
        target.string_value = clean(cast("str", value))
    elif kind is bool:
        target.bool_value = cast("bool", value)
    elif kind is int and LEAST <= cast("int", value) <= MOST:
        target.int_value = cast("int", value)
    elif kind is float:
        target.double_value = cast("float", value)
    elif value is None:
        target.SetInParent()  # an empty value is a value
    elif kind is bytes:
        target.bytes_value = cast("bytes", value)
    elif kind is dict and depth < DEEPEST:
        target.kvlist_value.SetInParent()
        for key, item in clean_keys(cast("dict[str, object]", value)).items():
            _put_other(target.kvlist_value.values.add(key=key).value, item, depth + 1)
    elif kind is list and depth < DEEPEST:
        target.array_value.SetInParent()
        for item in cast("list[object]", value):
            _put_other(target.array_value.values.add(), item, depth + 1)
    else:
        target.string_value = as_text(value)


# A message inside another message is written as the field's number, the length and the bytes. So requests are put
# together from serialized records, without parsing them.
@lru_cache(maxsize=4096)
def _length(number: int) -> bytes:
    """A number as protobuf writes lengths (encoding, "Base 128 Varints"), cached: most records have few lengths."""
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _tag(message: Any, field: str) -> bytes:
    return _length(message.DESCRIPTOR.fields_by_name[field].number << 3 | 2)


_RECORD, _SCOPE = _tag(ScopeLogs, "log_records"), _tag(ResourceLogs, "scope_logs")
_RESOURCE = _tag(ExportLogsServiceRequest, "resource_logs")


def with_head(head: bytes) -> bytes:
    """The beginning of a line: the length of its head in four bytes, and the head."""
    return len(head).to_bytes(4, "big") + head


def request(lines: Sequence[bytes]) -> bytes:
    """An `ExportLogsServiceRequest`: each resource once, in it each scope once, in it the records in order."""
    by_head: dict[bytes, list[bytes]] = {}
    last: bytes | None = None
    records: list[bytes] = []
    for line in lines:
        end = 4 + int.from_bytes(line[:4], "big")  # as `with_head` writes it
        head, body = line[4:end], line[end:]
        if head != last:  # most heads equal the one before, and comparing is cheaper than hashing
            last, records = head, by_head.setdefault(head, [])
        records += (_RECORD, _length(len(body)), body)
    by_resource: dict[bytes, list[bytes]] = {}
    for head, records in by_head.items():
        message = ResourceLogs.FromString(head)
        scope = message.scope_logs[0].SerializeToString()
        message.ClearField("scope_logs")
        scopes = by_resource.setdefault(message.SerializeToString(deterministic=True), [])
        scopes += (_SCOPE, _length(len(scope) + sum(map(len, records))), scope, *records)
    parts: list[bytes] = []
    for resource, scopes in by_resource.items():
        parts += (_RESOURCE, _length(len(resource) + sum(map(len, scopes))), resource, *scopes)
    return b"".join(parts)


def json_request(lines: Sequence[bytes]) -> bytes:
    """The same request as OTLP/JSON: protobuf's JSON mapping, but enumerations as numbers and ids in hexadecimal."""
    message = ExportLogsServiceRequest.FromString(request(lines))
    written = json_format.MessageToDict(message, use_integers_for_enums=True)
    for resource, found in zip(written.get("resourceLogs", ()), message.resource_logs, strict=True):
        for scope, scoped in zip(resource.get("scopeLogs", ()), found.scope_logs, strict=True):
            for record, logged in zip(scope.get("logRecords", ()), scoped.log_records, strict=True):
                if logged.trace_id:
                    record["traceId"], record["spanId"] = logged.trace_id.hex(), logged.span_id.hex()
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
