"""Step 4 for OTLP: a redacted record to one line, which is a head and a body.

The head is a `ResourceLogs` that holds the resource and the scope and no record; the body is a serialized `LogRecord`.
So a line that waited on disk still says which process made it, whoever sends it. `protobuf.py` makes requests of them.

Most of a record was in the one before: severity, thread, the fields of the context. These are serialized once, since
two serialized messages, one behind the other, are one message with the fields of both (protobuf, "Message structure").
`protobuf.log_record` is the specification: whatever is out of the ordinary takes that way, and both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from discreet._encoding.schemas.otel_mapping import EVENT_NAMES, SCHEMA_URL, Limits, clean, derived_of, severity_of
from discreet._record import SafeFields
from discreet._redaction.secrets import registry
from discreet.otel.forms import Forms
from discreet.otel.protobuf import log_record, put, with_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Identity, Plain, Redacted

_MOST_KNOWN = 1024  # loggers, levels and threads are few; a program that makes up names must not fill the memory
_MOST_CONTEXTS = 64

_SPECIAL = frozenset({*EVENT_NAMES, "thread.name", "task", "request_id", "template"})
"""Fields that mean something beside being a field, or that stand where the record has its own."""


class Encoder:
    """A redacted record to one line. `resource_of` gives the resource's attributes for an identity, redacted."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], limits: Limits) -> None:
        self._resource_of = resource_of
        self._limits = limits
        self._usual = limits.length is None
        self._forms = Forms()
        self._forget(None)

    def _forget(self, identity: Identity | None) -> None:
        self._spoken_for = (identity, registry.epoch)
        self._heads: dict[str, bytes] = {}
        self._starts: dict[tuple[object, ...], bytes] = {}
        self._contexts: dict[int, tuple[object, bytes | None]] = {}

    def __call__(self, record: Redacted) -> bytes:
        """The line; a bad value costs at most its own attribute."""
        identity, epoch = self._spoken_for
        if identity is not record.identity or epoch is not registry.epoch:
            # Another process after a fork, or a secret was registered that the resource may hold.
            self._forget(record.identity)
        if self._usual and record.exception is None and record.stacktrace is None and record.source is None:
            try:
                line = self._quick(record)
            except Exception:  # a lone surrogate, more than 64 bits: the careful way knows what to do
                line = None
            if line is not None:
                return line
        return self._head(record) + log_record(record, self._limits).SerializeToString()

    def _quick(self, record: Redacted) -> bytes | None:
        """The line of an ordinary record; None if it is not one."""
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
        return b"".join((start, context, self._forms.fill(record, fields)))

    def _head(self, record: Redacted) -> bytes:
        """What the lines of one logger begin with."""
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
        """The head, and of the body what the records of one logger, request and thread share."""
        if len(self._starts) >= _MOST_KNOWN:
            self._starts.clear()
        number, text = severity_of(record.level)
        message = LogRecord(severity_text=text)
        message.severity_number = number  # type: ignore[assignment]  # the enumeration's own number
        for key, value in derived_of(record).items():
            put(message.attributes.add(key=key).value, value)
        return self._head(record) + message.SerializeToString()

    def _context(self, ambient: Mapping[str, object]) -> bytes | None:
        """The fields of a context, serialized; None if they are out of the ordinary. Remembered while it is in use."""
        serialized: bytes | None = None
        if _SPECIAL.isdisjoint(ambient):
            message = LogRecord()
            for key, value in ambient.items():
                put(message.attributes.add(key=key).value, value)
            serialized = message.SerializeToString()
        if isinstance(ambient, SafeFields):  # others are made for one record
            if len(self._contexts) >= _MOST_CONTEXTS:
                self._contexts.clear()
            self._contexts[id(ambient)] = (ambient, serialized)  # held, so that the id stays this one's
        return serialized
