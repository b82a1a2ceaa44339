"""The encoder for OTLP: it makes one line of each redacted record. A line is a head and a body.

The head is a serialized `ResourceLogs` that holds the resource and the scope, but no record. The body is a serialized
`LogRecord`. So every line on disk names the process that made it, also when another process sends it. `request` joins
lines to a request.

Records that follow each other have much in common: severity, thread, the fields of the context. These parts are
serialized once and joined with the rest, because protobuf reads two serialized messages, one after the other, as one
message with the fields of both (protobuf, "Message structure"). To create a message with its attributes takes longer
than all other work. So a `LogRecord` with the names of its attributes is kept as a template, and the next record with
the same names only sets the values. `log_record` is the plain way, for unusual records. Both ways write the same.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from discreet._encoding.json import seal
from discreet._encoding.schemas import otel as schema
from discreet._record import SafeFields
from discreet._redaction.secrets import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    from discreet._record import Identity, Plain, Redacted

_MOST_KNOWN = 1024  # loggers, levels and threads are few; a program that generates names must not fill the memory
_MOST_CONTEXTS = 64
_MOST_TEMPLATES = 256
_MOST_BYTES = 1 << 16
"""A template that has written so many bytes is thrown away, because a message keeps the memory of every text."""

_SPECIAL = frozenset({*schema.EVENT_NAMES, "thread.name", "task", "request_id", "template"})
"""Fields that name an event, or have the name of an attribute that the record itself gives."""


class Encoder:
    """A redacted record as one line. `resource_of` gives the redacted resource attributes for an identity."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], limits: schema.Limits) -> None:
        self._resource_of = resource_of
        self._limits = limits
        self._templates = Templates()
        self._forget(None)

    def _forget(self, identity: Identity | None) -> None:
        # The epoch is read first and stored last: what another thread makes meanwhile must not count as made in it.
        prepared_for = (identity, registry.epoch)
        self._heads: dict[str, bytes] = {}
        self._starts: dict[tuple[object, ...], bytes] = {}
        self._contexts: dict[int, tuple[object, bytes | None]] = {}
        self._prepared_for = prepared_for

    def __call__(self, record: Redacted) -> bytes:
        """The line. A value that cannot be written costs at most its own attribute."""
        identity, epoch = self._prepared_for
        if identity is not record.identity or epoch is not registry.epoch:
            # The process was forked, or a secret was registered that the resource may hold.
            self._forget(record.identity)
        unlimited = self._limits.length is None
        if unlimited and record.exception is None and record.stacktrace is None and record.source is None:
            try:
                line = self._quick(record)
            except Exception:  # a lone surrogate, or a number of more than 64 bits: the plain way can write it
                line = None
            if line is not None:
                return line
        return self._head(record) + log_record(record, self._limits).SerializeToString()

    def _quick(self, record: Redacted) -> bytes | None:
        """The line of an ordinary record; None for any other record."""
        fields, ambient = record.fields, record.ambient
        if not _SPECIAL.isdisjoint(fields) or len(fields) + len(ambient) + 4 > self._limits.most:
            return None
        shared = (record.logger, record.level, record.thread, record.task, record.request_id, record.template)
        starts = self._starts
        start = starts.get(shared)
        if start is None:
            start = starts[shared] = self._start(record)
        context = b""
        if ambient:
            known = self._contexts.get(id(ambient))
            serialized = known[1] if known is not None and known[0] is ambient else self._context(ambient)
            if serialized is None:
                return None
            context = serialized
        return b"".join((start, context, self._templates.fill(record, fields)))

    def _head(self, record: Redacted) -> bytes:
        """The head of all lines of one logger."""
        heads = self._heads
        head = heads.get(record.logger)
        if head is None:
            message = ResourceLogs(schema_url=schema.SCHEMA_URL)
            for key, value in self._resource_of(record.identity).items():
                put(message.resource.attributes.add(key=schema.clean(key)).value, value)
            message.scope_logs.add().scope.name = schema.clean(record.logger)
            serialized = message.SerializeToString(deterministic=True)
            head = len(serialized).to_bytes(4, "big") + serialized
            if len(heads) >= _MOST_KNOWN:
                heads.clear()
            heads[record.logger] = head
        return head

    def _start(self, record: Redacted) -> bytes:
        """The head, and the part of the body that is equal for the records of one logger, request and thread."""
        if len(self._starts) >= _MOST_KNOWN:
            self._starts.clear()
        number, text = schema.severity_of(record.level)
        message = LogRecord(severity_text=text)
        message.severity_number = number  # type: ignore[assignment]  # the enumeration's own number
        for key, value in schema.derived_of(record).items():
            put(message.attributes.add(key=key).value, value)
        return self._head(record) + message.SerializeToString()

    def _context(self, ambient: Mapping[str, object]) -> bytes | None:
        """The fields of a context, serialized, and kept while it is in use; None if one of them is special."""
        serialized: bytes | None = None
        if _SPECIAL.isdisjoint(ambient):
            message = LogRecord()
            for key, value in ambient.items():
                put(message.attributes.add(key=key).value, value)
            serialized = message.SerializeToString()
        if isinstance(ambient, SafeFields):  # other mappings are made for one record only
            if len(self._contexts) >= _MOST_CONTEXTS:
                self._contexts.clear()
            self._contexts[id(ambient)] = (ambient, serialized)  # kept alive, so that its id stays its own
        return serialized


class Template:
    """A `LogRecord` whose attributes have their names already. One thread uses it at a time."""

    __slots__ = ("_body", "_message", "_traced", "_values", "written")

    def __init__(self, names: tuple[str, ...]) -> None:
        self._message = LogRecord()
        self._body = self._message.body
        self._values: list[AnyValue] = [self._message.attributes.add(key=name).value for name in names]
        self._traced = False
        self.written = 0

    def fill(self, record: Redacted, fields: Mapping[str, object]) -> bytes:
        """The serialized record: time, body, ids and the values of `fields`. Raises where only the plain way serves."""
        message = self._message
        message.time_unix_nano = message.observed_time_unix_nano = record.time_ns
        self._body.string_value = record.message
        if record.trace_id is not None or self._traced:
            message.trace_id = message.span_id = b""
            message.flags = 0
            put_ids(message, record)
            self._traced = True
        for target, value in zip(self._values, fields.values(), strict=True):
            kind = type(value)
            if kind is str:
                target.string_value = cast("str", value)
            elif kind is int:
                target.int_value = cast("int", value)
            elif kind is float:
                target.double_value = cast("float", value)
            else:
                target.Clear()
                put(target, value)
        written = message.SerializeToString()
        self.written += len(written)
        return written


class Templates:
    """Templates by the names of their attributes. While a thread uses a template, no other thread finds it here."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, ...], list[Template]] = {}

    def fill(self, record: Redacted, fields: Mapping[str, object]) -> bytes:
        """As `Template.fill`; a template that failed is not used again."""
        names = tuple(fields)
        idle = self._idle.get(names)
        if idle is None:
            if len(self._idle) >= _MOST_TEMPLATES:
                self._idle.clear()
            idle = self._idle.setdefault(names, [])
        try:
            template = idle.pop()
        except IndexError:  # all are in use, by other threads or by a call below this one on the stack
            template = Template(names)
        written = template.fill(record, fields)
        if template.written < _MOST_BYTES:
            idle.append(template)
        return written


def log_record(record: Redacted, limits: schema.Limits) -> LogRecord:
    """The record as a message of the schema. Never raises for a bad value."""
    (number, text), event_name, attributes, dropped = schema.fields_of(record, limits)
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
    """Set trace id, span id and flags; none of them if an id is missing or is not hexadecimal."""
    trace_id, span_id = record.trace_id, record.span_id
    if trace_id is None or span_id is None:
        return
    try:
        message.trace_id, message.span_id = bytes.fromhex(trace_id), bytes.fromhex(span_id)
    except ValueError:  # ids from another library that are not hexadecimal
        message.ClearField("trace_id")
        return
    message.flags = schema.flags_of(trace_id)


def put(target: AnyValue, value: object) -> None:
    """Set the value of `target`. Never raises: a value that the schema has no type for is sent as text."""
    try:
        _put(target, value, 0)
    except Exception:  # one value costs at most itself
        target.Clear()
        target.string_value = schema.as_text(value)


def _put(target: AnyValue, value: object, depth: int) -> None:
    kind = type(value)
    if kind is str:
        text = cast("str", value)
        target.string_value = text if text.isascii() else schema.clean(text)
    elif kind is bool:
        target.bool_value = cast("bool", value)
    elif kind is int and schema.LEAST <= cast("int", value) <= schema.MOST:
        target.int_value = cast("int", value)
    elif kind is float:
        target.double_value = cast("float", value)
    elif value is None:
        target.SetInParent()  # an empty value is a value
    elif kind is bytes:
        target.bytes_value = cast("bytes", value)
    elif kind is dict and depth < schema.DEEPEST:
        target.kvlist_value.SetInParent()
        for key, item in schema.clean_keys(cast("dict[str, object]", value)).items():
            _put(target.kvlist_value.values.add(key=key).value, item, depth + 1)
    elif kind is list and depth < schema.DEEPEST:
        target.array_value.SetInParent()
        for item in cast("list[object]", value):
            _put(target.array_value.values.add(), item, depth + 1)
    else:
        target.string_value = schema.as_text(value)


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


def request(lines: Sequence[bytes]) -> bytes:
    """An `ExportLogsServiceRequest`: each resource once, in it each scope once, in it the records in order."""
    by_head: dict[bytes, list[bytes]] = {}
    last: bytes | None = None
    records: list[bytes] = []
    for line in lines:
        end = 4 + int.from_bytes(line[:4], "big")  # as `Encoder` writes it
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
    return seal(json.dumps(written, ensure_ascii=False, separators=(",", ":")))
