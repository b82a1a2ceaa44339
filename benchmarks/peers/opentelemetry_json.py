"""OpenTelemetry's handler for the standard library, with the SDK's JSON written to a file, one record at a time."""

from __future__ import annotations

from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter, SimpleLogRecordProcessor

from peers.through_logging import attach, disabled, enabled, failing

__all__ = ["IMPORT", "NAME", "disabled", "enabled", "failing", "setup"]

NAME = "OpenTelemetry handler"
IMPORT = """\
import logging
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor"""


def setup(path: str) -> None:
    exporter = ConsoleLogRecordExporter(
        out=open(path, "a", encoding="utf-8"),  # noqa: SIM115 - open as long as the process
        formatter=lambda record: record.to_json(indent=None) + "\n",
    )
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    attach(LoggingHandler(logger_provider=provider))
