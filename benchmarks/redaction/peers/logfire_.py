"""logfire: the scrubber of its exporter, with the default patterns, on the value of an attribute."""

from __future__ import annotations

from typing import Any

from logfire._internal.scrubbing import Scrubber as Logfire

NAME = "logfire"


class Scrubber:
    def __init__(self) -> None:
        self._scrubber = Logfire(None)

    def text(self, text: str) -> str:
        return str(self._scrubber.scrub_value(("attributes", "text"), text)[0])

    def fields(self, fields: dict[str, Any]) -> Any:
        return self._scrubber.scrub_value(("attributes", "fields"), fields)[0]
