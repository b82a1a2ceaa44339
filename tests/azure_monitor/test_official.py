"""Side by side with the official exporter and its distribution: nothing arrives twice."""

from __future__ import annotations

import pytest

from discreet import azure
from discreet.azure import ingestion
from discreet.azure.ingestion import _reaches_exporter

from .records import OFFLINE

CONNECTED = {"APPLICATIONINSIGHTS_CONNECTION_STRING": OFFLINE}


def run(python, setup: str) -> str:
    """In a process of its own: a logger provider is set once per process."""
    done = python(
        f"""
        import discreet.azure
        {setup}
        print(discreet.azure.provider_exports_to_azure())
        """,
        APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED="true",
        APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL="true",
        APPLICATIONINSIGHTS_SDKSTATS_DISABLED="true",
        CONNECTION=OFFLINE,
    )
    assert done.code == 0, done.err.decode()
    return done.out.decode().strip()


PROVIDER = """
        import os
        from opentelemetry import _logs
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, ConsoleLogRecordExporter, SimpleLogRecordProcessor
        from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter
        exporter = AzureMonitorLogExporter(connection_string=os.environ["CONNECTION"], disable_offline_storage=True)
        provider = LoggerProvider(shutdown_on_exit=False)
"""


@pytest.mark.parametrize("processor", ["BatchLogRecordProcessor", "SimpleLogRecordProcessor"])
def test_a_provider_with_the_azure_exporter_is_seen(python, processor):
    pytest.importorskip("azure.monitor.opentelemetry.exporter", reason="the official exporter is not installed here")
    setup = (
        PROVIDER
        + f"""
        provider.add_log_record_processor(SimpleLogRecordProcessor(ConsoleLogRecordExporter()))
        provider.add_log_record_processor({processor}(exporter))
        _logs.set_logger_provider(provider)
    """
    )
    assert run(python, setup) == "True"


def test_a_provider_that_exports_elsewhere_does_not_count(python):
    pytest.importorskip("azure.monitor.opentelemetry.exporter", reason="the official exporter is not installed here")
    setup = (
        PROVIDER
        + """
        provider.add_log_record_processor(SimpleLogRecordProcessor(ConsoleLogRecordExporter()))
        _logs.set_logger_provider(provider)
    """
    )
    assert run(python, setup) == "False"


def test_without_opentelemetry_there_is_nothing_to_see(python):
    assert run(python, "import sys; assert 'opentelemetry' not in sys.modules") == "False"


def test_the_connection_string_alone_is_enough():
    sink = azure.from_environment(CONNECTED)
    assert isinstance(sink, azure.ApplicationInsights)


def test_without_a_connection_string_there_is_no_sink():
    assert azure.from_environment({}) is None


def test_where_the_official_exporter_is_at_work_our_own_sink_is_not(monkeypatch):
    monkeypatch.setattr(ingestion, "provider_exports_to_azure", lambda: True)
    assert not isinstance(azure.from_environment(CONNECTED), azure.ApplicationInsights)


def test_a_distribution_that_is_set_up_later_has_the_records_from_then_on_and_nothing_twice(python):
    pytest.importorskip("azure.monitor.opentelemetry.exporter", reason="the official exporter is not installed here")
    done = python(
        """
        import logging, os, warnings
        import discreet
        from opentelemetry import _logs
        from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
        from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
        from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

        discreet.configure(service="shop")
        discreet.log.info("before")
        exported = []
        connection = os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"]
        exporter = AzureMonitorLogExporter(connection_string=connection, disable_offline_storage=True)
        exporter.export = exported.extend
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        _logs.set_logger_provider(provider)
        warnings.simplefilter("ignore")
        logging.getLogger().addHandler(LoggingHandler())
        discreet.log.info("after")
        logging.getLogger("library").warning("after too")
        health = discreet.health()
        print([item.log_record.body for item in exported], health["pending"], health["delivered"], flush=True)
        os._exit(0)
        """,
        APPLICATIONINSIGHTS_CONNECTION_STRING=OFFLINE,
        APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED="true",
        APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL="true",
        APPLICATIONINSIGHTS_SDKSTATS_DISABLED="true",
        DISCREET_STREAM="none",
    )
    assert done.out.decode().strip() == "['after', 'after too'] 1 2", done.err.decode()


def test_a_provider_that_goes_in_circles_is_no_trouble():
    ring: list[object] = []
    ring.append(ring)
    assert not _reaches_exporter(ring)


def test_neither_opentelemetry_nor_protobuf_is_needed(python):
    done = python(
        """
        import sys
        sys.modules["opentelemetry"] = sys.modules["google"] = sys.modules["azure.identity"] = None
        import discreet.azure
        sink = discreet.azure.from_environment({"APPLICATIONINSIGHTS_CONNECTION_STRING": sys.argv[1]})
        print(isinstance(sink, discreet.azure.ApplicationInsights))
        """,
        OFFLINE,
    )
    assert done.out.decode().strip() == "True", done.err.decode()
