"""The OpenTelemetry SDK: handler, batch processor, and its exporter over OTLP/HTTP with protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from peers.through_logging import attach, enabled

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter

__all__ = ["NAME", "PEER", "RECEIVER", "enabled", "export_through", "flush", "setup"]

NAME = "OpenTelemetry SDK, OTLP"
RECEIVER = "otlp"
PEER = ""

_provider = LoggerProvider(resource=Resource.create({"service.name": "bench"}))


def setup(target: str, folder: str) -> None:
    export_through(OTLPLogExporter(endpoint=target))


def export_through(exporter: LogRecordExporter) -> None:
    _provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    attach(LoggingHandler(logger_provider=_provider))


def flush() -> None:
    if not _provider.force_flush(60_000):
        raise RuntimeError("not everything was delivered")
