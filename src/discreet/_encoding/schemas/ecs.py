"""Elastic Common Schema, as Elasticsearch and Kibana read it (ECS 8.11; elastic/ecs-logging, "Specification").

What ECS has no name for, above all the user's fields, stands in an object called like us: ECS reserves the names at the
top for itself, and a field of another type than its mapping has would cost the whole document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.levels import severity_name, severity_number
from discreet._encoding.json import timestamp
from discreet._encoding.schemas.foreign import exchange_of, failure_of, known, line, user_fields

if TYPE_CHECKING:
    from discreet._record import Redacted

VERSION = "8.11.0"
_OUTCOMES = {"ok": "success", "error": "failure", "cancelled": "unknown"}


def encode(record: Redacted) -> bytes:
    """One record as one line of ECS, newline included."""
    who, source = record.identity, record.source
    (failure, reason), fields = failure_of(record), user_fields(record)
    exchange = exchange_of(fields)
    origin = None
    if source is not None:
        origin = {"file": {"name": source.file, "line": source.line}, "function": source.function}
    failed = record.exception is not None
    return line({
        "@timestamp": timestamp(record.time_ns),
        "log.level": severity_name(record.level).lower(),
        "message": record.message,
        "ecs.version": VERSION,
        "log": known(logger=record.logger, origin=origin),
        "event": known(
            dataset=f"{who.service}.log" if who.service else None,
            severity=severity_number(record.level),
            **_ending(fields),
        ),
        "service": known(name=who.service, version=who.version, environment=who.environment),
        "host": known(hostname=who.host),
        "process": known(pid=who.process, thread=known(name=record.thread) or None),
        "trace": known(id=record.trace_id),
        "span": known(id=record.span_id),
        "http": known(
            request=known(id=record.request_id, method=exchange.method) or None,
            response=known(status_code=exchange.status) or None,
        ),
        "url": known(path=exchange.path),
        "client": known(address=exchange.client),
        "error": known(type=failure, message=reason, stack_trace=record.stacktrace) if failed else None,
        "discreet": known(
            template=record.template,
            task=record.task,
            exception=record.exception,
            stacktrace=None if failed else record.stacktrace,
            fields=fields or None,
        ),
    })  # fmt: skip


def _ending(fields: dict[str, object]) -> dict[str, object]:
    """How a span ended, and how many nanoseconds it took."""
    duration, status = fields.get("duration_ms"), fields.get("status")
    if "span" not in fields or type(duration) is not float or type(status) is not str:
        return {}
    return known(duration=int(duration * 1e6) if 0 <= duration < 1e12 else None, outcome=_OUTCOMES.get(status))
