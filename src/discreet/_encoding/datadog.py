"""Datadog's standard attributes (docs: "Attributes and aliasing", "Correlating Python logs and traces")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._encoding.foreign import error_of, known, line, user_fields
from discreet._encoding.json import timestamp
from discreet._levels import severity_number, severity_text

if TYPE_CHECKING:
    from discreet._record import Redacted

_LOW = (1 << 64) - 1  # Datadog's ids are numbers of 64 bits: of a trace id, its lower half
_STATUS = {"TRACE": "debug"}
_TAKEN = frozenset((
    "timestamp", "date", "status", "severity", "level", "message", "service", "host", "hostname", "source", "ddsource",
    "ddtags", "dd", "logger", "error", "exception", "trace_id", "span_id", "severity_number", "request_id", "process",
    "task", "template", "code",
))  # fmt: skip


def encode(record: Redacted) -> bytes:
    """One record as one line, newline included."""
    who, source = record.identity, record.source
    kind, message = error_of(record)
    severity = severity_text(record.level)
    ids: dict[str, object] = {}
    if record.trace_id is not None:
        ids["trace_id"] = str(int(record.trace_id, 16) & _LOW)
    if record.span_id is not None:
        ids["span_id"] = str(int(record.span_id, 16))
    code = None
    if source is not None:
        code = {"file": source.file, "line": source.line, "function": source.function}
    return line({
        "timestamp": timestamp(record.time_ns),
        "status": _STATUS.get(severity, severity.lower()),
        "message": record.message,
        "ddsource": "python",
        "service": who.service,
        "host": who.host,
        "dd": {**ids, **known(service=who.service, env=who.environment, version=who.version)},
        "trace_id": record.trace_id,
        "span_id": record.span_id,
        "logger": known(name=record.logger, thread_name=record.thread),
        "severity_number": severity_number(record.level),
        "request_id": record.request_id,
        "process": who.process,
        "task": record.task,
        "template": record.template,
        "code": code,
        "error": known(kind=kind, message=message, stack=record.stacktrace),
        "exception": record.exception,
        **user_fields(record, _TAKEN),
    })  # fmt: skip
