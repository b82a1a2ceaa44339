"""Google Cloud Logging's structured JSON, as its agents and Cloud Run, GKE and Functions read it from stdout.

Sources: "Structured logging" (special fields) and Error Reporting's "Format errors in logs".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from discreet._encoding.foreign import error_of, known, line, user_fields
from discreet._encoding.json import timestamp
from discreet._levels import ERROR, severity_number, severity_text

if TYPE_CHECKING:
    from discreet._record import Redacted

_ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
_SEVERITIES = {"TRACE": "DEBUG"}  # the others are called as in Python
_PREFIX = "logging.googleapis.com/"
_TAKEN = frozenset((
    "severity", "message", "time", "timestamp", "timestampSeconds", "timestampNanos", "httpRequest", "serviceContext",
    "@type", "stack_trace", "exception", "context", "logger", "severity_number", "request_id", "environment", "host",
    "process", "thread", "task", "template", "error_type", "error_message",
    *(f"{_PREFIX}{name}" for name in ("labels", "insertId", "operation", "sourceLocation", "spanId", "trace")),
    f"{_PREFIX}trace_sampled",
))  # fmt: skip


class GcpEncoder:
    """A redacted record to one line; the project, if the environment names it, makes the trace a link."""

    def __init__(self, project: str | None = None) -> None:
        self._project = project or os.environ.get("GOOGLE_CLOUD_PROJECT") or os.environ.get("GCP_PROJECT")

    def __call__(self, record: Redacted) -> bytes:
        """The line, newline included."""
        who, source = record.identity, record.source
        kind, message = error_of(record)
        severity = severity_text(record.level)
        trace = record.trace_id
        if trace is not None and self._project:
            trace = f"projects/{self._project}/traces/{trace}"
        location = None
        if source is not None:
            location = {"file": source.file, "line": str(source.line), "function": source.function}
        return line({
            "severity": _SEVERITIES.get(severity, severity),
            "message": record.message,
            "time": timestamp(record.time_ns),
            f"{_PREFIX}trace": trace,
            f"{_PREFIX}spanId": record.span_id,
            f"{_PREFIX}sourceLocation": location,
            "@type": _ERROR_EVENT if record.exception is not None and record.level >= ERROR else None,
            "serviceContext": known(service=who.service, version=who.version),
            "logger": record.logger,
            "severity_number": severity_number(record.level),
            "request_id": record.request_id,
            "environment": who.environment,
            "host": who.host,
            "process": who.process,
            "thread": record.thread,
            "task": record.task,
            "template": record.template,
            "error_type": kind,
            "error_message": message,
            "stack_trace": record.stacktrace,
            "exception": record.exception,
            **user_fields(record, _TAKEN),
        })  # fmt: skip
