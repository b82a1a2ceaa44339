"""Elastic Common Schema, as Elasticsearch and Kibana read it (ECS 8.11, "Logging library specification").

The user's fields stand in an object of their own, `discreet`, since ECS reserves the names at the top for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._encoding.foreign import error_of, known, line, user_fields
from discreet._encoding.json import timestamp
from discreet._levels import severity_number, severity_text

if TYPE_CHECKING:
    from discreet._record import Redacted

VERSION = "8.11.0"


def encode(record: Redacted) -> bytes:
    """One record as one line of ECS, newline included."""
    who, source = record.identity, record.source
    kind, message = error_of(record)
    origin = None
    if source is not None:
        origin = {"file": {"name": source.file, "line": source.line}, "function": source.function}
    extra = user_fields(record)
    own = known(template=record.template, request_id=record.request_id, task=record.task)
    return line({
        "@timestamp": timestamp(record.time_ns),
        "log.level": severity_text(record.level).lower(),
        "message": record.message,
        "ecs.version": VERSION,
        "event": {"severity": severity_number(record.level)},
        "log": known(logger=record.logger, origin=origin),
        "service": known(name=who.service, version=who.version, environment=who.environment),
        "host": known(hostname=who.host),
        "process": known(pid=who.process, thread=known(name=record.thread) or None),
        "trace": known(id=record.trace_id),
        "span": known(id=record.span_id),
        "http": {"request": {"id": record.request_id}} if record.request_id is not None else None,
        "error": known(type=kind, message=message, stack_trace=record.stacktrace),
        "discreet": {**own, **{(f"field.{key}" if key in own else key): item for key, item in extra.items()}},
        "discreet_exception": record.exception,
    })  # fmt: skip
