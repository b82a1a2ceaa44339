"""discreet to a pipe on standard output, delivery queued."""

from __future__ import annotations

import discreet
from senders.through_discreet import configure, enabled, flush

__all__ = ["NAME", "PEER", "RECEIVER", "enabled", "flush", "setup"]

NAME = "discreet, pipe, queued"
RECEIVER = "pipe"
PEER = "discreet_direct"


def setup(target: str, folder: str) -> None:
    configure(discreet.Stream(), format="json", delivery="queued")
