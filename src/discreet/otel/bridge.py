"""Records into an OpenTelemetry SDK that the application has set up: its processors and exporters deliver them."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from discreet._base import threads
from discreet._base.diagnostics import reason_of
from discreet._delivery.export.sink import ExportRunner, ExportSink
from discreet._delivery.runner import OwnSink, RecordRunner, Runner
from discreet._encoding.salvage import encode_or_salvage
from discreet._encoding.schemas import otel as schema
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from types import FrameType

    from discreet._record import Encoder, Redacted
    from discreet._redaction.redactor import Redactor

_NO_LIMITS = schema.Limits(most=sys.maxsize)  # the SDK has limits of its own
_MOST_LOGGERS = 1024


class _SdkSink(OwnSink):
    """What both sinks below have in common: the way into the SDK."""

    _given: Any = None
    """The provider that the application gave to the sink; None: the one that is set for the process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Forget what belongs to the parent process; the SDK has its own way to begin anew."""
        self._loggers: tuple[Any, dict[str, Any]] = (None, {})
        self._busy = threading.local()

    def provider(self) -> Any:
        """The SDK's provider that is in force; None without one."""
        return set_provider() if self._given is None else self._given

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether a handler of `logging` is OpenTelemetry's and would give the SDK the same records again."""
        own = any(kind.__name__ == "LoggingHandler" and _is_theirs(kind.__module__) for kind in type(handler).__mro__)
        if not own:
            return False
        provider, ours = getattr(handler, "_logger_provider", None), self.provider()
        # A handler that was made before the provider was set has a proxy of the provider.
        return provider is None or provider is ours or (self._given is None and not _is_real(provider))

    def write_record(self, record: Redacted) -> bool:
        """Give a record to the SDK, and raise what that raises; False if it is about the export itself."""
        emitting = getattr(self._busy, "now", 0)
        if (emitting and _is_theirs(record.logger)) or _made_by_export():
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

    def flush_sdk(self, timeout: float | None) -> bool:
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


class Bridge(_SdkSink):
    """Gives each record, redacted, to the application's own `LoggerProvider`, or to `provider`.

    The SDK's own handler for `logging` then stays silent, so that nothing is exported twice. What the SDK does with a
    record after it took it, also what it loses, only the SDK knows: here it counts as delivered. What OpenTelemetry
    logs while it exports goes to the other sinks only, for it would make more of the same.

    Raises `ConfigurationError` where no SDK is set up for logs.
    """

    def __init__(self, provider: Any = None, *, level: int | str | None = None) -> None:
        super().__init__(level=level)
        self._given = provider

    @property
    def name(self) -> str:
        """OpenTelemetry's SDK."""
        return "OpenTelemetry SDK"

    def open(self) -> None:
        """Refuse a process that has no SDK: records would vanish in the API's no-operation provider."""
        if self.provider() is None:
            raise ConfigurationError(
                "sinks",
                self.name,
                "no LoggerProvider of the OpenTelemetry SDK is set",
                "Call opentelemetry._logs.set_logger_provider() before configure(), or use discreet.otel.OTLP",
            )

    def make_runner(self) -> Runner:
        """One without a lock around the SDK, which has locks of its own."""
        return RecordRunner(self, self.write_record)

    def flush(self, timeout: float | None = None) -> bool:
        """Ask the SDK to deliver what it holds."""
        return self.flush_sdk(timeout)

    def retire(self) -> None:
        """Nothing to close: the SDK is the application's."""


class UntilSdk(_SdkSink, ExportSink):
    """A base to name before a sink's class: records go to that sink, but into the application's SDK once it is set up.

    An application may set its SDK up after `configure()`. Each record is decided anew, so it goes one way only.
    """

    _asked: tuple[Any, Any, bool]
    """The provider and the processors that were last seen, and whether records go into them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.encode: Encoder | None = None

    def make_runner(self) -> ExportRunner:
        """A runner that decides for each record which way it goes."""
        return _UntilSdkRunner(self)

    def yields(self) -> bool:
        """Whether the SDK is there, and delivers to where this sink would."""
        provider = set_provider()
        if provider is None:
            return False
        processors = processors_of(provider)
        known = self._asked
        if known[0] is not provider or known[1] is not processors:
            known = self._asked = (provider, processors, self.serves(provider))
        return known[2]

    def serves(self, provider: object) -> bool:
        """Whether the application's provider delivers to where this sink would; asked whenever it changed."""
        return True

    def encoder(self, redactor: Redactor) -> Encoder:
        """The encoder for records that this sink sends itself."""
        self.encode = super().encoder(redactor)
        return self.encode

    def replaces(self, handler: logging.Handler) -> bool:
        """As the bridge, while records go into the SDK."""
        return self.yields() and super().replaces(handler)

    def after_fork_in_child(self) -> None:
        """Decide anew, too, whether records go into the SDK."""
        super().after_fork_in_child()
        self._asked = (None, None, False)


class _UntilSdkRunner(ExportRunner):
    def __init__(self, sink: UntilSdk) -> None:
        self._until_sdk = sink
        super().__init__(sink)

    def accept_record(self, record: Redacted) -> None:
        """Into the SDK, or into the queue."""
        sink = self._until_sdk
        try:
            if sink.yields():
                if sink.write_record(record):
                    with self.lock:
                        self.statistics.direct += 1
                return
        except Exception as error:  # a processor of the application's
            self.drop(reason_of(error))
            return
        assert sink.encode is not None, "`configure()` asked for the encoder"
        try:
            line = encode_or_salvage(record, sink.encode)
        except Exception as error:  # a value that the encoder cannot handle
            self.drop(f"encoding {type(error).__name__}")
        else:
            self.accept(line, record.level)

    def flush(self, timeout: float | None = None) -> bool:
        """Flush the SDK and the queue, since records of this process may be in either."""
        if not self._until_sdk.yields():
            return super().flush(timeout)
        through = self._until_sdk.flush_sdk(timeout)
        return super().flush(timeout) and through


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


def _made_by_export() -> bool:
    """Whether instrumentation is suppressed here, and the SDK called what made the record."""
    context = sys.modules["opentelemetry.context"]
    if not context.get_value(getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")):
        return False  # neither does OpenTelemetry export here, nor did the application ask for silence
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("opentelemetry.sdk"):
            return True
        frame = frame.f_back
    return False


def log_record(record: Redacted) -> Any:
    """The record as OpenTelemetry's API has it (1.35 and newer)."""
    from opentelemetry._logs import LogRecord, SeverityNumber

    (number, text), event_name, attributes, _ = schema.fields_of(record, _NO_LIMITS)
    return LogRecord(
        timestamp=record.time_ns,
        observed_timestamp=record.time_ns,
        context=_context_of(record),
        severity_text=text,
        severity_number=SeverityNumber(number),
        body=schema.clean(record.message),
        attributes={key: exportable(value) for key, value in attributes.items()},
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
    flags = trace.TraceFlags(schema.flags_of(record.trace_id))
    place = trace.SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(place))


def exportable(value: object, depth: int = 0) -> Any:
    """A value as the SDK's exporters can write it: one that they cannot would cost them a whole batch."""
    if isinstance(value, str):
        return value if value.isascii() else schema.clean(value)
    if type(value) is int and not schema.LEAST <= value <= schema.MOST:
        return str(value)
    if isinstance(value, (dict, list)) and depth >= schema.DEEPEST:
        return schema.as_text(cast("object", value))
    if isinstance(value, dict):
        pairs = schema.clean_keys(cast("dict[str, object]", value)).items()
        return {key: exportable(item, depth + 1) for key, item in pairs}
    if isinstance(value, list):
        items = [exportable(item, depth + 1) for item in cast("list[object]", value)]
        even = schema.of_one_type(items)
        return schema.as_text(items) if even is None else even
    return value
