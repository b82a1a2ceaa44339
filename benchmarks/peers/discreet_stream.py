"""discreet to a `Stream`, as to a container's stdout; here the stream is a file, so that it can be read back."""

from __future__ import annotations

import discreet
from peers.discreet_json import IMPORT, disabled, enabled, failing, flush

__all__ = ["IMPORT", "NAME", "disabled", "enabled", "failing", "flush", "setup"]

NAME = "discreet, Stream"


def setup(path: str) -> None:
    target = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open as long as the process
    discreet.configure(sinks=[discreet.Stream(target)], level="info", environment="prod", service="bench")
