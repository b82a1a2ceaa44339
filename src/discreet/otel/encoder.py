"""The encoder for OTLP: a redacted record as one line, which is a head and a body.

The head is a `ResourceLogs` that holds the resource and the scope and no record; the body is a serialized `LogRecord`.
So a line from the spool says which process made it, whichever process sends it. `protobuf.py` makes requests of lines.

Most of a record equals the record before: severity, thread, the fields of the context. These are serialized once,
because two serialized messages, one after the other, are one message with the fields of both (protobuf, "Message
structure"). To make a message with its attributes takes longer than all other work, so that a `LogRecord` with the
names of its attributes is kept as a template, and the next record with the same names only sets the values.
`protobuf.log_record` is the plain way: unusual records take it, and both ways write the same record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from discreet._encoding.schemas.otel import EVENT_NAMES, SCHEMA_URL, Limits, clean, derived_of, severity_of
from discreet._record import SafeFields
from discreet._redaction.secrets import registry
from discreet.otel.protobuf import log_record, put, put_ids, with_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    from discreet._record import Identity, Plain, Redacted

_MOST_KNOWN = 1024  # loggers, levels and threads are few; a program that generates names must not fill the memory
_MOST_CONTEXTS = 64
_MOST_TEMPLATES = 256
_MOST_BYTES = 1 << 16
"""What a template may have written until it is thrown away, because a message keeps the memory of every text."""

_SPECIAL = frozenset({*EVENT_NAMES, "thread.name", "task", "request_id", "template"})
"""Fields that mean more than an attribute, or have the name of an attribute that the record itself gives."""


class Encoder:
    """A redacted record as one line. `resource_of` gives the redacted resource attributes for an identity."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], limits: Limits) -> None:
        self._resource_of = resource_of
        self._limits = limits
        self._templates = Templates()
        self._forget(None)

    def _forget(self, identity: Identity | None) -> None:
        self._prepared_for = (identity, registry.epoch)
        self._heads: dict[str, bytes] = {}
        self._starts: dict[tuple[object, ...], bytes] = {}
        self._contexts: dict[int, tuple[object, bytes | None]] = {}

    def __call__(self, record: Redacted) -> bytes:
        """The line; a bad value costs at most its own attribute."""
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
        start = self._starts.get(shared)
        if start is None:
            start = self._starts[shared] = self._start(record)
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
        head = self._heads.get(record.logger)
        if head is None:
            message = ResourceLogs(schema_url=SCHEMA_URL)
            for key, value in self._resource_of(record.identity).items():
                put(message.resource.attributes.add(key=clean(key)).value, value)
            message.scope_logs.add().scope.name = clean(record.logger)
            head = with_head(message.SerializeToString(deterministic=True))
            if len(self._heads) >= _MOST_KNOWN:
                self._heads.clear()
            self._heads[record.logger] = head
        return head

    def _start(self, record: Redacted) -> bytes:
        """The head, and the part of the body that is equal for the records of one logger, request and thread."""
        if len(self._starts) >= _MOST_KNOWN:
            self._starts.clear()
        number, text = severity_of(record.level)
        message = LogRecord(severity_text=text)
        message.severity_number = number  # type: ignore[assignment]  # the enumeration's own number
        for key, value in derived_of(record).items():
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
    """A `LogRecord` with attributes of certain names, for one thread at a time."""

    __slots__ = ("_body", "_message", "_traced", "_values", "written")

    def __init__(self, names: tuple[str, ...]) -> None:
        self._message = LogRecord()
        self._body = self._message.body
        self._values: list[AnyValue] = [self._message.attributes.add(key=name).value for name in names]
        self._traced = False
        self.written = 0

    def fill(self, record: Redacted, fields: Mapping[str, object]) -> bytes:
        """The serialized record: time, body, ids and the values of `fields`. Raises if the plain way is needed."""
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
    """Templates by the names of their attributes; a thread removes the template that it uses until it has finished."""

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
