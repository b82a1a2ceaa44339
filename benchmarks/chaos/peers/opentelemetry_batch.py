"""The OpenTelemetry SDK: its batch processor, and its OTLP exporter over HTTP."""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from chaos.peers.queue_handler import NOTE

_logger = logging.getLogger("shop")

_provider: LoggerProvider | None = None


def begin(options: dict[str, Any]) -> None:
    export_through(OTLPLogExporter(endpoint=options["url"]))


def export_through(exporter: Any) -> None:
    """The rest is the same for all exporters. The provider shuts down at exit by itself."""
    global _provider
    _provider = LoggerProvider(resource=Resource.create({"service.name": "chaos"}))
    _provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    _logger.setLevel(logging.INFO)
    _logger.addHandler(LoggingHandler(logger_provider=_provider))


def log(number: int) -> None:
    _logger.info("order %d placed", number, extra={"customer": "c-4711", "amount": 12.5, "note": NOTE})


def flush(timeout: float) -> None:
    if _provider is not None:
        _provider.force_flush(int(timeout * 1000))


def statistics() -> None:
    """There are none."""
