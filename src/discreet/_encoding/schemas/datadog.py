"""Datadog's reserved and standard attributes ("Default Standard Attributes"; "Correlating Python Logs and Traces").

No `host`: the agent knows the host by the name that its metrics have, and a container's own would replace that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.levels import severity_number, severity_text
from discreet._encoding.json import timestamp
from discreet._encoding.schemas.foreign import exchange_of, failure_of, known, line, user_fields

if TYPE_CHECKING:
    from discreet._record import Redacted

_LOW = (1 << 64) - 1  # Datadog's ids are numbers of 64 bits: of a trace id, its lower half
_TAKEN = frozenset((
    # What its intake takes for the date, the status, the host, the service, the message, the source or the trace.
    "@timestamp", "_timestamp", "Timestamp", "eventTime", "published_date", "timestamp", "date", "status", "severity",
    "level", "syslog", "host", "hostname", "service", "message", "msg", "log", "source", "ddsource", "ddtags", "device",
    "dd", "trace_id", "span_id", "contextMap", "named_tags",
    # Ours.
    "logger", "error", "exception", "otel", "http", "duration", "process", "task", "template", "code",
))  # fmt: skip


def encode(record: Redacted) -> bytes:
    """One record as one line, newline included."""
    who, source = record.identity, record.source
    (failure, reason), fields = failure_of(record), user_fields(record, _TAKEN)
    exchange = exchange_of(fields)
    severity = severity_text(record.level)
    return line({
        "timestamp": timestamp(record.time_ns),
        "status": "debug" if severity == "TRACE" else severity.lower(),
        "message": record.message,
        "ddsource": "python",
        "service": who.service,
        "dd": known(
            trace_id=str(int(record.trace_id, 16) & _LOW) if record.trace_id is not None else None,
            span_id=str(int(record.span_id, 16)) if record.span_id is not None else None,
            service=who.service,
            env=who.environment,
            version=who.version,
        ),
        "otel": known(
            trace_id=record.trace_id, span_id=record.span_id, severity_number=severity_number(record.level)
        ),
        "logger": known(name=record.logger, thread_name=record.thread),
        "http": known(
            request_id=record.request_id,
            method=exchange.method,
            status_code=exchange.status,
            url_details=known(path=exchange.path) or None,
        ),
        "duration": None if exchange.seconds is None else int(exchange.seconds * 1e9),  # nanoseconds
        "error": known(kind=failure, message=reason, stack=record.stacktrace),
        "exception": record.exception,
        "process": known(pid=who.process, host=who.host),
        "task": record.task,
        "template": record.template,
        "code": source and source._asdict(),
        **fields,
    })  # fmt: skip
