"""azure-monitor-opentelemetry-exporter behind the OpenTelemetry SDK's batch processor."""

from __future__ import annotations

import logging

from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

from peers.through_logging import enabled
from senders.opentelemetry_otlp import export_through, flush

__all__ = ["NAME", "PEER", "RECEIVER", "enabled", "flush", "setup"]

NAME = "azure-monitor exporter"
RECEIVER = "azure"
PEER = ""


def setup(target: str, folder: str) -> None:
    # Else the HTTP client's own records about each request are sent too, and make further requests without end.
    logging.getLogger("azure").setLevel(logging.WARNING)
    export_through(AzureMonitorLogExporter(connection_string=target, storage_directory=folder))
