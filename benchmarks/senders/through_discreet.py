"""What all of discreet's ways share: one configuration but for the sink, and the calls."""

from __future__ import annotations

from typing import Any

import discreet
from peers.discreet_json import enabled

__all__ = ["configure", "enabled", "flush"]


def configure(sink: Any, **settings: Any) -> None:
    discreet.configure(sinks=[sink], level="info", environment="prod", service="bench", **settings)


def flush() -> None:
    if not discreet.flush(60):
        raise RuntimeError(f"not everything was delivered: {discreet.health()}")
