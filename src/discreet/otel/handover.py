"""From a redacted record to the `LogRecord` of OpenTelemetry's API, and into the application's own SDK."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from discreet._base import threads
from discreet._encoding.schemas.otel import (
    DEEPEST,
    LEAST,
    MOST,
    Limits,
    as_text,
    clean,
    clean_keys,
    fields_of,
    flags_of,
    of_one_type,
)

if TYPE_CHECKING:
    import logging
    from types import FrameType

    from discreet._record import Redacted

_NO_LIMITS = Limits(most=sys.maxsize)  # the SDK has limits of its own
_MOST_LOGGERS = 1024


class Handover:
    """One sink's way into the SDK."""

    def __init__(self, provider: Any = None) -> None:
        self._given = provider
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Nothing of the parent's."""
        self._loggers: tuple[Any, dict[str, Any]] = (None, {})
        self._busy = threading.local()

    def provider(self) -> Any:
        """The SDK's provider that is in force; None without one."""
        return set_provider() if self._given is None else self._given

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether it is OpenTelemetry's handler, and its records reach the provider that has them from us."""
        own = any(kind.__name__ == "LoggingHandler" and _is_theirs(kind.__module__) for kind in type(handler).__mro__)
        if not own:
            return False
        provider, ours = getattr(handler, "_logger_provider", None), self.provider()
        # Made before the provider was set, it has a proxy of it.
        return provider is None or provider is ours or (self._given is None and not _is_real(provider))

    def give(self, record: Redacted) -> bool:
        """Give a record to the SDK, and raise what that raises; False if it is about the export itself."""
        emitting = getattr(self._busy, "now", 0)
        if (emitting and _is_theirs(record.logger)) or (_suppressed() and _below_sdk()):
            return False
        self._busy.now = emitting + 1
        try:
            self._logger(record.logger).emit(log_record(record))
        finally:
            self._busy.now = emitting
        return True

    def _logger(self, name: str) -> Any:
        provider = self.provider()
        known, loggers = self._loggers
        if known is not provider or len(loggers) >= _MOST_LOGGERS:
            loggers = {}
            self._loggers = (provider, loggers)
        logger = loggers.get(name)
        if logger is None:
            logger = loggers[name] = provider.get_logger(name)
        return logger

    def flush(self, timeout: float | None) -> bool:
        """Flush the provider, and be back in time: it may take its own (opentelemetry-python#4568)."""
        force = getattr(self.provider(), "force_flush", None)
        if force is None:
            return True
        results: list[bool] = []
        gate = threads.Gate()

        def run() -> None:
            try:
                results.append(force(30_000 if timeout is None else int(timeout * 1000)) is not False)
            except Exception:  # an exporter of the application's
                results.append(False)
            finally:
                gate.wake()

        # Where no thread can be started, the interpreter ends, and the SDK flushes at its own exit.
        return threads.start(run) and gate.wait(timeout) and results == [True]


def set_provider() -> Any:
    """The SDK's `LoggerProvider` that the application has set; None without one. Imports nothing.

    One without processors is still being set up, or is for nothing.
    """
    logs: Any = sys.modules.get("opentelemetry._logs")
    if logs is None:
        return None
    try:
        provider = logs.get_logger_provider()
        return provider if _is_real(provider) and processors_of(provider) else None
    except Exception:  # another version, or half imported
        return None


def processors_of(provider: Any) -> Any:
    """A tuple, another one whenever a processor was added; True where that cannot be known."""
    return getattr(getattr(provider, "_multi_log_record_processor", None), "_log_record_processors", True)


def _is_real(provider: Any) -> bool:
    return hasattr(provider, "add_log_record_processor")


def _is_theirs(name: str) -> bool:
    return name.startswith("opentelemetry.")


def _suppressed() -> bool:
    """Whether OpenTelemetry says that what happens here is not to be observed: it exports, or the application asked."""
    context = sys.modules["opentelemetry.context"]
    return bool(context.get_value(getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")))


def _below_sdk() -> bool:
    """Whether the SDK called what made the record; asked only where instrumentation is suppressed."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("opentelemetry.sdk"):
            return True
        frame = frame.f_back
    return False


def log_record(record: Redacted) -> Any:
    """The record as OpenTelemetry's API has it (1.35 and newer)."""
    from opentelemetry._logs import LogRecord, SeverityNumber

    (number, text), event_name, attributes, _ = fields_of(record, _NO_LIMITS)
    return LogRecord(
        timestamp=record.time_ns,
        observed_timestamp=record.time_ns,
        context=_context_of(record),
        severity_text=text,
        severity_number=SeverityNumber(number),
        body=clean(record.message),
        attributes={key: carried(value) for key, value in attributes.items()},
        event_name=event_name or None,
    )


def _context_of(record: Redacted) -> Any:
    """The context that the record belongs to: the current one, but for the record that ends a span."""
    if record.trace_id is None or record.span_id is None:
        return None
    from opentelemetry import trace

    trace_id, span_id = int(record.trace_id, 16), int(record.span_id, 16)
    here = trace.get_current_span().get_span_context()
    if (here.trace_id, here.span_id) == (trace_id, span_id):
        return None
    flags = trace.TraceFlags(flags_of(record.trace_id))
    place = trace.SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(place))


def carried(value: object, depth: int = 0) -> Any:
    """A value as the SDK's exporters can write it: one that they cannot would cost them a whole batch."""
    if isinstance(value, str):
        return value if value.isascii() else clean(value)
    if type(value) is int and not LEAST <= value <= MOST:
        return str(value)
    if isinstance(value, (dict, list)) and depth >= DEEPEST:
        return as_text(cast("object", value))
    if isinstance(value, dict):
        pairs = clean_keys(cast("dict[str, object]", value)).items()
        return {key: carried(item, depth + 1) for key, item in pairs}
    if isinstance(value, list):
        items = [carried(item, depth + 1) for item in cast("list[object]", value)]
        even = of_one_type(items)
        return as_text(items) if even is None else even
    return value
