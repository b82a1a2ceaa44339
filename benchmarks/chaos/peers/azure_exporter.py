"""The Azure Monitor exporter behind the OpenTelemetry SDK's batch processor."""

from __future__ import annotations

from typing import Any

from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

from chaos.peers.opentelemetry_batch import books, export_through, flush, log

__all__ = ["begin", "books", "flush", "log"]


def begin(options: dict[str, Any]) -> None:
    export_through(
        AzureMonitorLogExporter(connection_string=options["connection"], storage_directory=options["storage"])
    )
