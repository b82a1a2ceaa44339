"""discreet to an OpenTelemetry collector, or to Application Insights."""

from __future__ import annotations

from typing import Any

import discreet
from chaos.peers.discreet_local import flush, log, statistics
from discreet.azure import ApplicationInsights
from discreet.otel import OTLP

__all__ = ["begin", "flush", "log", "statistics"]


def begin(options: dict[str, Any]) -> None:
    remote = OTLP(options["url"]) if options["protocol"] == "otlp" else ApplicationInsights(options["connection"])
    discreet.configure(sinks=[remote])
