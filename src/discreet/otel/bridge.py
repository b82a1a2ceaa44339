"""Records into an OpenTelemetry SDK that the application has set up: its processors and exporters deliver them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._delivery.sink import Sink
from discreet.errors import ConfigurationError
from discreet.otel.handover import NOT_FOR_IT, TOOK, Handover, processors_of, set_provider

if TYPE_CHECKING:
    import logging

    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


class Bridge(Sink):
    """Gives each record, redacted, to the application's own `LoggerProvider`, or to `provider`.

    The SDK's own handler for `logging` then stays silent, so that nothing is exported twice. What the SDK does with a
    record after it took it, also what it loses, is in the SDK's books: here it counts as delivered. What OpenTelemetry
    logs while it exports goes to the other sinks only, for it would make more of the same.

    Raises `ConfigurationError` where no SDK is set up for logs.
    """

    def __init__(self, provider: Any = None, *, level: int | str | None = None) -> None:
        super().__init__(level=level)
        self._handover = Handover(self, provider)

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

    def encoder(self, redactor: Redactor) -> Encoder:
        """The record goes to the SDK as it is; there is no line."""
        return self._handover.give

    def replaces(self, handler: logging.Handler) -> bool:
        """Whether a handler of `logging` would tell the SDK what it has from us."""
        return self._handover.replaces(handler)

    def accept(self, line: bytes, level: int = 20) -> None:
        """Count what the SDK took."""
        if line != NOT_FOR_IT:
            super().accept(line, level)

    def write(self, line: bytes) -> None:
        """The SDK has it already."""

    def flush(self, timeout: float | None = None) -> bool:
        """Ask the SDK to deliver what it holds."""
        through = self._handover.flush(timeout)
        return super().flush(timeout) and through

    def retire(self) -> None:
        """Nothing to close: the SDK is the application's."""
        self.retired = True

    def after_fork_in_child(self) -> None:
        """The SDK has its own way to begin anew."""
        super().after_fork_in_child()
        self._handover.after_fork_in_child()


class UntilSdk(Sink):
    """In front of a sink's class: records go into the application's SDK as soon as one is set up, else to that sink.

    An application may set its SDK up after `configure()`. Each record is asked for anew, so it goes one way only.
    """

    def _begin(self) -> None:
        super()._begin()
        self._handover = Handover(self)
        self._asked: tuple[Any, Any, bool] = (None, None, False)

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
        """By record: into the SDK, or to a line of the sink's own."""
        encode = cast("Encoder", super().encoder(redactor))
        yields, give = self.yields, self._handover.give
        return lambda record: give(record) if yields() else encode(record)

    def replaces(self, handler: logging.Handler) -> bool:
        """As the bridge's."""
        return self.yields() and self._handover.replaces(handler)

    def accept(self, line: bytes, level: int = 20) -> None:
        """Count what the SDK took; anything else is the sink's own line."""
        if line == TOOK:
            with self._lock:
                self.statistics.pass_on()
        elif line != NOT_FOR_IT:
            super().accept(line, level)

    def flush(self, timeout: float | None = None) -> bool:
        """Both ways, since records of this process may have gone either."""
        if not self.yields():
            return super().flush(timeout)
        through = self._handover.flush(timeout)
        return super().flush(timeout) and through
