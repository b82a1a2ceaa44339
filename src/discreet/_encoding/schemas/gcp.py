"""Google Cloud Logging's structured JSON, as its agents and Cloud Run, GKE and Functions read it from stdout.

Sources: "Structured logging" (special fields), LogEntry ("LogSeverity", "HttpRequest") and Error Reporting's "Format
errors in logs". What every record has goes to the labels, so that the payload is the user's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from discreet._base.levels import ERROR, INFO, WARNING, severity_number, severity_text
from discreet._encoding.json import timestamp
from discreet._encoding.schemas.foreign import exchange_of, failure_of, known, line, user_fields
from discreet._encoding.schemas.otel import flags_of

if TYPE_CHECKING:
    from discreet._encoding.schemas.foreign import Exchange
    from discreet._record import Redacted

_ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
_NOTICE = (INFO + WARNING) // 2  # Cloud Logging has a severity between the two
_PREFIX = "logging.googleapis.com/"
_TAKEN = frozenset((
    "severity", "message", "time", "timestamp", "timestampSeconds", "timestampNanos", "httpRequest", "serviceContext",
    "@type", "stack_trace", "exception", "context", "severity_number", "template", "error_type", "error_message",
    "error_details",
    *(f"{_PREFIX}{name}" for name in ("labels", "insertId", "operation", "sourceLocation", "spanId", "trace")),
    f"{_PREFIX}trace_sampled",
))  # fmt: skip
_PROJECT = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GCP_PROJECT")


class GcpEncoder:
    """A redacted record to one line; the project, if the environment names it, makes the trace a link."""

    def __init__(self, project: str | None = None) -> None:
        named = (os.environ.get(name, "").strip() for name in _PROJECT)
        self._project = project or next((name for name in named if name), None)

    def __call__(self, record: Redacted) -> bytes:
        """The line, newline included."""
        who, source, trace = record.identity, record.source, record.trace_id
        (failure, reason), fields = failure_of(record), user_fields(record, _TAKEN)
        location = source and {**source._asdict(), "line": str(source.line)}
        return line({
            "severity": _severity(record.level),
            "message": record.message,
            "time": timestamp(record.time_ns),
            f"{_PREFIX}trace": f"projects/{self._project}/traces/{trace}" if trace and self._project else trace,
            f"{_PREFIX}spanId": record.span_id,
            f"{_PREFIX}trace_sampled": bool(flags_of(trace) & 1) if trace else None,
            f"{_PREFIX}sourceLocation": location,
            f"{_PREFIX}labels": known(  # which are texts
                logger=record.logger,
                environment=who.environment,
                host=who.host,
                process=None if who.process is None else str(who.process),
                thread=record.thread,
                task=record.task,
                request_id=record.request_id,
            ),
            "httpRequest": _http_request(exchange_of(fields)),
            "@type": _ERROR_EVENT if record.exception is not None and record.level >= ERROR else None,
            "serviceContext": known(service=who.service, version=who.version),
            "severity_number": severity_number(record.level),
            "template": record.template,
            "error_type": failure,
            "error_message": reason,
            "stack_trace": record.stacktrace,
            "error_details": record.exception,
            **fields,
        })  # fmt: skip


def _severity(level: int) -> str:
    text = severity_text(level)
    if text == "INFO" and level >= _NOTICE:
        return "NOTICE"
    return "DEBUG" if text == "TRACE" else text


def _http_request(exchange: Exchange) -> dict[str, object] | None:
    if not exchange.is_server or exchange.status is None:
        return None
    return known(
        requestMethod=exchange.method,
        requestUrl=exchange.path,
        status=exchange.status,
        remoteIp=exchange.client,
        latency=None if exchange.seconds is None else f"{exchange.seconds:.9f}s",
    )
