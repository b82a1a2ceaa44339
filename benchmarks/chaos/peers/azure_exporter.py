"""The Azure Monitor exporter behind the OpenTelemetry SDK's batch processor."""

from __future__ import annotations

from typing import Any

from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

from chaos.peers.opentelemetry_batch import export_through, flush, log, statistics

__all__ = ["begin", "flush", "log", "statistics"]


def begin(options: dict[str, Any]) -> None:
    export_through(
        AzureMonitorLogExporter(connection_string=options["connection"], storage_directory=options["storage"])
    )
