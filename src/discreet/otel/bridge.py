"""Records into an OpenTelemetry SDK that the application has set up: its processors and exporters deliver them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._base.diagnostics import reason_of
from discreet._delivery.export.runner import ExportRunner
from discreet._delivery.export.sink import ExportSink
from discreet._delivery.runner import OwnSink, RecordRunner, Runner
from discreet.errors import ConfigurationError
from discreet.otel.handover import Handover, processors_of, set_provider

if TYPE_CHECKING:
    import logging

    from discreet._record import Encoder, Redacted
    from discreet._redaction.redactor import Redactor


class Bridge(OwnSink):
    """Gives each record, redacted, to the application's own `LoggerProvider`, or to `provider`.

    The SDK's own handler for `logging` then stays silent, so that nothing is exported twice. What the SDK does with a
    record after it took it, also what it loses, only the SDK knows: here it counts as delivered. What OpenTelemetry
    logs while it exports goes to the other sinks only, for it would make more of the same.

    Raises `ConfigurationError` where no SDK is set up for logs.
    """

    def __init__(self, provider: Any = None, *, level: int | str | None = None) -> None:
        super().__init__(level=level)
        self._handover = Handover(provider)

    @property
    def name(self) -> str:
        """OpenTelemetry's SDK."""
        return "OpenTelemetry SDK"

    def open(self) -> None:
        """Refuse a process that has no SDK: records would vanish in the API's no-operation provider."""
        if self._handover.provider() is None:
            raise ConfigurationError(
                "sinks",
                self.name,
                "no LoggerProvider of the OpenTelemetry SDK is set",
                "Call opentelemetry._logs.set_logger_provider() before configure(), or use discreet.otel.OTLP",
            )

    def make_runner(self) -> Runner:
        """One without a lock around the SDK, which has locks of its own."""
        return RecordRunner(self, self.write_record)

    def write_record(self, record: Redacted) -> bool:
        """Give a record to the SDK; False if it is not for the SDK."""
        return self._handover.give(record)

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether a handler of `logging` would give the SDK what it has from us."""
        return self._handover.replaces(handler)

    def flush(self, timeout: float | None = None) -> bool:
        """Ask the SDK to deliver what it holds."""
        return self._handover.flush(timeout)

    def retire(self) -> None:
        """Nothing to close: the SDK is the application's."""

    def after_fork_in_child(self) -> None:
        """The SDK has its own way to begin anew."""
        self._handover.after_fork_in_child()


class UntilSdk(ExportSink):
    """In front of a sink's class: records go into the application's SDK as soon as one is set up, else to that sink.

    An application may set its SDK up after `configure()`. Each record is asked for anew, so it goes one way only.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handover = Handover()
        self.encode: Encoder | None = None
        self._asked: tuple[Any, Any, bool] = (None, None, False)

    def make_runner(self) -> ExportRunner:
        """One that asks for each record which way it goes."""
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

    def write_record(self, record: Redacted) -> bool:
        """Give a record to the SDK; False if it is not for the SDK."""
        return self.handover.give(record)

    def replaces(self, handler: logging.Handler) -> bool:
        """As the bridge's."""
        return self.yields() and self.handover.replaces(handler)

    def after_fork_in_child(self) -> None:
        """The SDK has its own way to begin anew."""
        self.handover.after_fork_in_child()
        self._asked = (None, None, False)


class _UntilSdkRunner(ExportRunner):
    def __init__(self, sink: UntilSdk) -> None:
        self._until_sdk = sink
        super().__init__(sink, sink, sink.batching, lambda: sink.credentials)

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
            line = sink.encode(record)
        except Exception as error:  # a value that the encoder cannot handle
            self.drop(f"encoding {type(error).__name__}")
        else:
            self.accept(line, record.level)

    def flush(self, timeout: float | None = None) -> bool:
        """Both ways, since records of this process may have gone either."""
        if not self._until_sdk.yields():
            return super().flush(timeout)
        through = self._until_sdk.handover.flush(timeout)
        return super().flush(timeout) and through
