"""Applications with an OpenTelemetry SDK of their own: records go into it, redacted, and once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import opentelemetry._logs._internal as provided
import pytest
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.util._once import Once

import discreet
from discreet._delivery.wanted import wanted
from discreet.errors import ConfigurationError
from discreet.otel import OTLP, Bridge

SECRET = "correct" + "horse" + "9!"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryLogRecordExporter]:
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER", None)
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER_SET_ONCE", Once())
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    set_logger_provider(provider)
    yield exporter
    provider.shutdown()


def records(exported: InMemoryLogRecordExporter) -> list[Any]:
    return [item.log_record for item in exported.get_finished_logs()]


def test_a_record_arrives_with_its_fields_and_without_its_secret(exported: InMemoryLogRecordExporter) -> None:
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    with discreet.context(request_id="r-1"):
        discreet.get_logger("shop").warning("paid {amount}", amount=9.5, password=SECRET, nested={"a": [1, "b"]})
    (item,) = exported.get_finished_logs()
    record = item.log_record
    assert item.instrumentation_scope.name == "shop"
    assert record.body == "paid 9.5"
    assert (record.severity_text, record.severity_number.value) == ("WARNING", 13)
    assert record.attributes["amount"] == 9.5
    assert record.attributes["password"] == "[REDACTED:password]"
    assert record.attributes["request_id"] == "r-1"
    assert SECRET not in str(record.attributes)


def test_an_exception_has_the_attributes_of_the_convention(exported: InMemoryLogRecordExporter) -> None:
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    try:
        raise LookupError(f"password={SECRET}")
    except LookupError:
        discreet.get_logger("shop").exception("failed")
    attributes = records(exported)[0].attributes
    assert attributes["exception.type"] == "LookupError"
    assert "Traceback" in attributes["exception.stacktrace"]
    assert SECRET not in str(attributes)


def test_the_ids_are_those_of_the_active_span(exported: InMemoryLogRecordExporter) -> None:
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    with TracerProvider().get_tracer("t").start_as_current_span("work") as span:
        discreet.get_logger("shop").info("inside")
    context = span.get_span_context()
    record = records(exported)[0]
    assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
    assert trace.format_trace_id(record.trace_id) != "0" * 32


def test_nothing_arrives_twice_beside_opentelemetrys_own_handler(exported: InMemoryLogRecordExporter) -> None:
    handler = LoggingHandler()
    logging.getLogger().addHandler(handler)
    try:
        discreet.configure(sinks=[Bridge()], service="test")
        logging.getLogger("library").warning("from a library")
        discreet.get_logger("shop").info("from discreet")
    finally:
        logging.getLogger().removeHandler(handler)
    assert [record.body for record in records(exported)] == ["from a library", "from discreet"]


def test_what_the_export_itself_logs_is_not_exported(exported: InMemoryLogRecordExporter) -> None:
    from opentelemetry.context import attach, detach, set_value

    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    token = attach(set_value("suppress_instrumentation", True))
    try:
        discreet.get_logger("urllib3").info("connecting")
    finally:
        detach(token)
    assert records(exported) == []
    assert discreet.health()["delivered"] == 0


def test_an_endpoint_in_the_environment_means_the_sdk_where_there_is_one(exported: InMemoryLogRecordExporter) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert [type(sink) for sink in wanted(environ)[0]] == [Bridge]


def test_without_an_sdk_the_bridge_is_refused_and_the_endpoint_means_otlp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER", None)
    monkeypatch.setattr(provided, "_LOGGER_PROVIDER_SET_ONCE", Once())
    with pytest.raises(ConfigurationError, match="no LoggerProvider"):
        discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert [type(sink) for sink in wanted(environ)[0]] == [OTLP]


def test_a_flush_flushes_the_sdk(exported: InMemoryLogRecordExporter) -> None:
    discreet.configure(sinks=[Bridge()], service="test", take_over=False)
    discreet.get_logger("shop").info("hello")
    assert discreet.flush() is True
