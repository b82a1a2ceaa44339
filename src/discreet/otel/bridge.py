"""Records into an OpenTelemetry SDK that the application has set up: its processors and exporters deliver them."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from discreet._delivery.sink import Sink
from discreet._encoding.otel_mapping import Limits, fields_of, flags_of
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from discreet._record import Encoder, Redacted
    from discreet._redaction.engine import Redactor
    from discreet._settings import Settings

_SUPPRESSED = "suppress_instrumentation"  # the SDK sets it in its context while it exports
_NO_LIMITS = Limits(most=sys.maxsize)  # the SDK has limits of its own
_MOST_LOGGERS = 1024


class Bridge(Sink):
    """Gives each record, redacted, to the application's own `LoggerProvider`; set that up before `configure()`.

    The SDK's own handler for `logging` then stays silent, so that nothing is exported twice. What the SDK does with a
    record after it took it, also what it loses, is in the SDK's books: here it counts as delivered.
    """

    carries_opentelemetry = True
    """Tells the bridge from `logging` that OpenTelemetry's handler would say everything twice."""

    def __init__(self, provider: Any = None, *, level: int | str | None = None) -> None:
        super().__init__(level=level)
        self._given = provider
        self._loggers: dict[str, Any] = {}
        self._busy = threading.local()

    @property
    def name(self) -> str:
        """OpenTelemetry's SDK."""
        return "OpenTelemetry SDK"

    def open(self) -> None:
        """Refuse a process that has no SDK: records would vanish in the API's no-operation provider."""
        self._loggers = {}
        if not hasattr(self._provider(), "add_log_record_processor"):
            raise ConfigurationError(
                "sinks",
                self.name,
                "no LoggerProvider of the OpenTelemetry SDK is set",
                "Call opentelemetry._logs.set_logger_provider() before configure(), or use discreet.otel.OTLP",
            )

    def _provider(self) -> Any:
        if self._given is not None:
            return self._given
        from opentelemetry._logs import get_logger_provider

        return get_logger_provider()

    def encoder(self, settings: Settings, redactor: Redactor) -> Encoder:
        """The record goes to the SDK as it is; there is no line."""
        return self._emit

    def accept(self, line: bytes, level: int = 20) -> None:
        """Count what the SDK took; an empty line says that it was about the export itself."""
        if line:
            super().accept(line, level)

    def write(self, line: bytes) -> None:
        """The SDK has it already."""

    def _emit(self, record: Redacted) -> bytes:
        from opentelemetry._logs import LogRecord, SeverityNumber
        from opentelemetry.context import get_value
        from opentelemetry.trace import TraceFlags

        if getattr(self._busy, "now", False) or get_value(_SUPPRESSED):
            return b""
        logger = self._loggers.get(record.logger)
        if logger is None:
            if len(self._loggers) >= _MOST_LOGGERS:
                self._loggers.clear()
            logger = self._loggers[record.logger] = self._provider().get_logger(record.logger)
        (number, text), event_name, attributes, _ = fields_of(record, _NO_LIMITS)
        ids: dict[str, Any] = {}
        if record.trace_id is not None and record.span_id is not None:
            ids = {
                "trace_id": int(record.trace_id, 16),
                "span_id": int(record.span_id, 16),
                "trace_flags": TraceFlags(flags_of(record.trace_id)),
            }
        made: Any = LogRecord(
            timestamp=record.time_ns,
            observed_timestamp=record.time_ns,
            severity_text=text,
            severity_number=SeverityNumber(number),
            body=record.message,
            attributes=attributes,  # type: ignore[arg-type]  # plain values, which the SDK takes nested too
            event_name=event_name or None,
            **ids,
        )
        self._busy.now = True
        try:
            logger.emit(made)
        finally:
            self._busy.now = False
        return b"\n"

    def flush(self, timeout: float | None = None) -> bool:
        """Ask the SDK to deliver what it holds."""
        force = getattr(self._provider(), "force_flush", None)
        through = True if force is None else force(int(1000 * (30.0 if timeout is None else timeout)))
        return super().flush(timeout) and through is not False

    def after_fork_in_child(self) -> None:
        """The SDK has its own way to begin anew."""
        super().after_fork_in_child()
        self._busy = threading.local()


def has_provider() -> bool:
    """Whether the application set a `LoggerProvider` of the SDK. Imports nothing."""
    logs: Any = sys.modules.get("opentelemetry._logs")
    if logs is None or "opentelemetry.sdk._logs" not in sys.modules:
        return False
    try:
        return hasattr(logs.get_logger_provider(), "add_log_record_processor")
    except Exception:  # another version, or half imported
        return False
