"""discreet over OTLP/HTTP with protobuf."""

from __future__ import annotations

from discreet.otel import OTLP
from senders.through_discreet import configure, enabled, flush

__all__ = ["NAME", "PEER", "RECEIVER", "enabled", "flush", "setup"]

NAME = "discreet, OTLP"
RECEIVER = "otlp"
PEER = "opentelemetry_otlp"


def setup(target: str, folder: str) -> None:
    configure(OTLP(target))
