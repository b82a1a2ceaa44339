"""Applications with an OpenTelemetry SDK of their own: records go into it, redacted, and once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import opentelemetry._logs._internal as provided
import pytest
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
    LogRecordExportResult,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.util._once import Once

import discreet
from discreet._config.sinks import receivers_from
from discreet.errors import ConfigurationError
from discreet.otel import OTLP, Bridge

from ..waiting import HANG, join

SECRET = "correct" + "horse" + "9!"
NESTED = {"a": [1, 2], "b": [1, "b"], "c": [1, 2.5], "d": ["x", None]}
ASKED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


class Sdk:
    """The application's own set-up, which a test may do when it likes."""

    def __init__(self) -> None:
        self.exporter = InMemoryLogRecordExporter()
        self.provider = LoggerProvider(shutdown_on_exit=False)

    def set_up(self) -> None:
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self.exporter))
        set_logger_provider(self.provider)

    @property
    def records(self) -> list[Any]:
        return [item.log_record for item in self.exporter.get_finished_logs()]

    @property
    def bodies(self) -> list[Any]:
        return [record.body for record in self.records]


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sdk]:
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER", None)
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER_SET_ONCE", Once())
    made = Sdk()
    yield made
    made.provider.shutdown()


@pytest.fixture
def bridged(sdk: Sdk) -> Sdk:
    sdk.set_up()
    discreet.configure(sinks=[Bridge()], service="test", level="trace", take_over=False)
    return sdk


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    before = list(logger.handlers)
    yield logger
    logger.handlers[:] = before


def counts() -> tuple[int, int, dict[str, int]]:
    health = discreet.health()
    return health["emitted"], health["delivered"], health["dropped"]


def the_sdks_handler(**options: Any) -> logging.Handler:
    return LoggingHandler(**options)


def the_instrumentations_handler(**options: Any) -> logging.Handler:
    reason = "the instrumentation of `logging` is not installed here"
    handler: logging.Handler = pytest.importorskip(
        "opentelemetry.instrumentation.logging.handler", reason=reason
    ).LoggingHandler(**options)
    return handler


HANDLERS = pytest.mark.parametrize("handler", [the_sdks_handler, the_instrumentations_handler])

# --- what arrives


def test_a_record_arrives_with_its_fields_and_without_its_secret(bridged: Sdk) -> None:
    with discreet.context(request_id="r-1"):
        discreet.get_logger("shop").warning("paid {amount}", amount=9.5, password=SECRET, nested=NESTED)
    (item,) = bridged.exporter.get_finished_logs()
    record = item.log_record
    assert item.instrumentation_scope is not None
    assert item.instrumentation_scope.name == "shop"
    assert record.body == "paid 9.5"
    assert record.severity_number is not None
    assert record.attributes is not None
    assert (record.severity_text, record.severity_number.value) == ("WARNING", 13)
    assert record.attributes["amount"] == 9.5
    assert record.attributes["password"] == "[REDACTED:password]"
    assert record.attributes["request_id"] == "r-1"
    assert record.attributes["nested"] == {"a": (1, 2), "b": '[1, "b"]', "c": (1.0, 2.5), "d": ("x", None)}
    assert SECRET not in str(record.attributes)


def test_an_exception_has_the_attributes_of_the_convention(bridged: Sdk) -> None:
    try:
        raise LookupError(f"password={SECRET}")
    except LookupError:
        discreet.get_logger("shop").exception("failed")
    attributes = bridged.records[0].attributes
    assert attributes["exception.type"] == "LookupError"
    assert "Traceback" in attributes["exception.stacktrace"]
    assert SECRET not in str(attributes)


def test_an_event_has_its_name(bridged: Sdk) -> None:
    discreet.get_logger("shop").info("placed", event_name="order.placed")
    assert bridged.records[0].event_name == "order.placed"


@pytest.mark.parametrize(("level", "number"), [(5, 1), (10, 5), (25, 11), (30, 13), (50, 21), (99, 21)])
def test_every_level_has_a_severity(bridged: Sdk, level: int, number: int) -> None:
    discreet.get_logger("shop").log(level, "x")
    assert bridged.records[0].severity_number.value == number


def test_the_ids_are_those_of_the_active_span(bridged: Sdk) -> None:
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("work") as span:
        discreet.get_logger("shop").info("inside")
    context = span.get_span_context()
    record = bridged.records[0]
    assert (record.trace_id, record.span_id, record.trace_flags) == (
        context.trace_id,
        context.span_id,
        context.trace_flags,
    )


def test_the_record_that_ends_a_span_has_that_spans_ids(bridged: Sdk) -> None:
    with discreet.span("outer") as outer, discreet.span("inner") as inner:
        pass
    ids = [(trace.format_trace_id(record.trace_id), trace.format_span_id(record.span_id)) for record in bridged.records]
    assert ids == [(inner.trace_id, inner.span_id), (outer.trace_id, outer.span_id)]


def test_a_value_that_cannot_be_exported_costs_no_batch(bridged: Sdk) -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"in": deep}
    discreet.get_logger("shop").info(
        "a\udc80b", big=2**80, nothing=None, **{"k\udc80": ["\ud800", {"\udc81": -(2**70)}], "deep": deep}
    )
    encoder = pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.common._log_encoder", reason="the official exporter is not installed here"
    )
    made = encoder.encode_logs(bridged.exporter.get_finished_logs())
    (record,) = made.resource_logs[0].scope_logs[0].log_records
    values = {item.key: item.value for item in record.attributes}
    assert record.body.string_value == "a\\udc80b"
    assert values["big"].string_value == str(2**80)
    assert "k\\udc80" in values


# --- once, and without end


@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
@HANDLERS
def test_nothing_arrives_twice_beside_opentelemetrys_own_handler(
    sdk: Sdk, root: logging.Logger, handler: Callable[[], logging.Handler]
) -> None:
    sdk.set_up()
    root.addHandler(handler())
    discreet.configure(sinks=[Bridge()], service="test")
    logging.getLogger("library").warning("from a library")
    discreet.get_logger("shop").info("from discreet")
    assert sdk.bodies == ["from a library", "from discreet"]


@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
def test_a_handler_for_another_provider_goes_on_with_redacted_copies(sdk: Sdk, root: logging.Logger) -> None:
    sdk.set_up()
    other = Sdk()
    other.provider.add_log_record_processor(SimpleLogRecordProcessor(other.exporter))
    root.addHandler(LoggingHandler(logger_provider=other.provider))
    discreet.configure(sinks=[Bridge()], service="test")
    logging.getLogger("library").warning("password=%s", SECRET)
    assert sdk.bodies == other.bodies == ["password=[REDACTED:password]"]


@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
@HANDLERS
def test_without_the_bridge_opentelemetrys_handler_goes_on(
    sdk: Sdk, root: logging.Logger, memory_sink: type[discreet.Sink], handler: Callable[[], logging.Handler]
) -> None:
    sdk.set_up()
    root.addHandler(handler())
    discreet.configure(sinks=[memory_sink()], service="test")
    logging.getLogger("library").warning("from a library")
    assert sdk.bodies == ["from a library"]


class Talkative(InMemoryLogRecordExporter):
    """An exporter whose HTTP client logs, as they do at DEBUG."""

    def export(self, batch: Any) -> LogRecordExportResult:
        discreet.get_logger("urllib3.connectionpool").info("connecting")
        logging.getLogger("urllib3.connectionpool").warning("connecting again")
        return super().export(batch)


@pytest.mark.parametrize("processor", [SimpleLogRecordProcessor, BatchLogRecordProcessor])
def test_what_the_export_itself_logs_stays_here(
    sdk: Sdk, processor: Callable[..., Any], memory_sink: type[discreet.Sink]
) -> None:
    sdk.exporter = Talkative()
    sdk.provider.add_log_record_processor(processor(sdk.exporter))
    set_logger_provider(sdk.provider)
    local: Any = memory_sink(format="json")
    discreet.configure(sinks=[Bridge(), local], service="test")
    discreet.get_logger("shop").info("hello")
    assert discreet.flush(HANG) is True
    assert sdk.bodies == ["hello"]
    assert sorted(record["message"] for record in local.records) == ["connecting", "connecting again", "hello"]
    assert counts() == (4, 4, {})


def test_what_the_sdk_says_of_a_record_does_not_go_into_it(bridged: Sdk, root: logging.Logger) -> None:
    discreet.configure(sinks=[Bridge()], service="test")
    bridged.provider.shutdown()  # each record now makes one of the SDK's
    logging.getLogger("library").warning("late")
    assert discreet.health()["emitted"] == 1


def test_work_that_asked_not_to_be_observed_keeps_its_records(bridged: Sdk) -> None:
    token = contexts.attach(contexts.set_value(contexts._SUPPRESS_INSTRUMENTATION_KEY, True))
    try:
        discreet.get_logger("shop").info("hello")
    finally:
        contexts.detach(token)
    assert bridged.bodies == ["hello"]


def test_records_of_many_threads_each_arrive_once(bridged: Sdk) -> None:
    log = discreet.get_logger("shop")

    def work(name: int) -> None:
        for number in range(50):
            log.info(f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join(thread)
    assert sorted(bridged.bodies) == sorted(f"{name}-{number}" for name in range(4) for number in range(50))
    assert counts() == (200, 200, {})


def test_a_processor_that_fails_costs_a_counted_record(sdk: Sdk) -> None:
    class Broken(SimpleLogRecordProcessor):
        def on_emit(self, log_record: Any) -> None:
            raise OSError("disk")

    sdk.provider.add_log_record_processor(Broken(sdk.exporter))
    set_logger_provider(sdk.provider)
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    discreet.get_logger("shop").info("hello")
    assert counts() == (1, 0, {"OSError": 1})


# --- which way


def test_an_endpoint_in_the_environment_means_the_sdk_where_there_is_one(sdk: Sdk) -> None:
    sdk.set_up()
    assert [type(sink) for sink in receivers_from(ASKED)[0]] == [Bridge]


def test_without_an_sdk_the_bridge_is_refused_and_the_endpoint_means_otlp(sdk: Sdk) -> None:
    with pytest.raises(ConfigurationError, match="no LoggerProvider"):
        discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    assert [isinstance(sink, OTLP) for sink in receivers_from(ASKED)[0]] == [True]


def test_a_provider_without_processors_is_not_set_up_yet(sdk: Sdk) -> None:
    set_logger_provider(sdk.provider)
    assert [isinstance(sink, OTLP) for sink in receivers_from(ASKED)[0]] == [True]


@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
@HANDLERS
def test_an_sdk_that_is_set_up_later_has_the_records_from_then_on(
    sdk: Sdk, root: logging.Logger, handler: Callable[[], logging.Handler]
) -> None:
    (sink,) = receivers_from(ASKED)[0]
    discreet.configure(sinks=[sink], service="test")
    log = discreet.get_logger("shop")
    log.info("before")
    root.addHandler(handler())  # made before the provider, so it has the API's proxy
    set_logger_provider(sdk.provider)
    log.info("still before")
    sdk.provider.add_log_record_processor(SimpleLogRecordProcessor(sdk.exporter))
    log.info("after")
    logging.getLogger("library").warning("after too")
    assert sdk.bodies == ["after", "after too"]
    health = discreet.health()
    assert (health["emitted"], health["delivered"], health["pending"]) == (4, 2, 2)


def test_a_provider_of_ones_own_need_not_be_the_global_one(sdk: Sdk) -> None:
    sdk.provider.add_log_record_processor(SimpleLogRecordProcessor(sdk.exporter))
    discreet.configure(sinks=[Bridge(sdk.provider)], service="test", take_over=False)
    discreet.get_logger("shop").info("hello")
    assert sdk.bodies == ["hello"]


# --- flushing


def test_a_flush_flushes_the_sdk(sdk: Sdk) -> None:
    sdk.provider.add_log_record_processor(BatchLogRecordProcessor(sdk.exporter, schedule_delay_millis=3_600_000))
    set_logger_provider(sdk.provider)
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    discreet.get_logger("shop").info("hello")
    assert sdk.bodies == []
    assert discreet.flush(HANG) is True
    assert sdk.bodies == ["hello"]


def test_a_flush_is_back_in_time_and_tells_the_truth_when_the_exporter_hangs(sdk: Sdk) -> None:
    free = threading.Event()

    class Hanging(InMemoryLogRecordExporter):
        def export(self, batch: Any) -> LogRecordExportResult:
            free.wait()
            return super().export(batch)

    sdk.exporter = Hanging()
    sdk.provider.add_log_record_processor(BatchLogRecordProcessor(sdk.exporter, schedule_delay_millis=3_600_000))
    set_logger_provider(sdk.provider)
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    discreet.get_logger("shop").info("hello")
    try:
        assert discreet.flush(0.05) is False
    finally:
        free.set()
    assert discreet.flush(HANG) is True
    assert sdk.bodies == ["hello"]


def test_the_application_keeps_its_sdk_when_discreet_is_configured_anew(
    bridged: Sdk, memory_sink: type[discreet.Sink]
) -> None:
    discreet.configure(sinks=[memory_sink()], service="test", take_over=False)
    bridged.provider.get_logger("mine").emit(body="still works")
    assert bridged.bodies == ["still works"]


def test_in_a_process_of_its_own_everything_arrives_at_exit(python: Callable[..., Any]) -> None:
    done = python(
        """
        import logging
        import discreet
        from discreet.otel import Bridge
        from opentelemetry._logs import set_logger_provider
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, ConsoleLogRecordExporter

        provider = LoggerProvider()
        provider.add_log_record_processor(
            BatchLogRecordProcessor(ConsoleLogRecordExporter(formatter=lambda item: f"{item.log_record.body}\\n"))
        )
        set_logger_provider(provider)
        discreet.configure(sinks=[Bridge()], service="shop")
        discreet.log.info("hello")
        logging.getLogger("library").warning("library")
        """
    )
    assert done.code == 0, done.err
    assert done.out.split() == [b"hello", b"library"]
