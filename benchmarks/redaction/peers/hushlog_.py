"""hushlog: its registry of patterns, with the default configuration."""

from __future__ import annotations

from typing import Any

from hushlog import Config, PatternRegistry

NAME = "hushlog"


class Scrubber:
    def __init__(self) -> None:
        self._registry = PatternRegistry.from_config(Config())

    def text(self, text: str) -> str:
        return self._registry.redact(text)

    def fields(self, fields: dict[str, Any]) -> Any:
        return self._registry.redact_dict(fields)
