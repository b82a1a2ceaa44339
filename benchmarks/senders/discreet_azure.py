"""discreet to Application Insights."""

from __future__ import annotations

from discreet.azure import ApplicationInsights
from senders.through_discreet import configure, enabled, flush

__all__ = ["NAME", "PEER", "RECEIVER", "enabled", "flush", "setup"]

NAME = "discreet, Application Insights"
RECEIVER = "azure"
PEER = "exporter_azure"


def setup(target: str, folder: str) -> None:
    configure(ApplicationInsights(target))
