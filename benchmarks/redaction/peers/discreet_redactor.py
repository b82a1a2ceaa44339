"""discreet with its defaults: the redactor that every record passes."""

from __future__ import annotations

from typing import Any

from discreet._redaction.redactor import Redactor

NAME = "discreet"


class Scrubber:
    def __init__(self) -> None:
        self._redactor = Redactor()

    def text(self, text: str) -> str:
        return self._redactor.text(text)

    def fields(self, fields: dict[str, Any]) -> Any:
        return self._redactor.fields(fields)
