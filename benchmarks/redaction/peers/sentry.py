"""sentry-sdk: its event scrubber, recursive, with the default lists. It judges names only; texts pass as they are."""

from __future__ import annotations

import copy
from typing import Any

from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import AnnotatedValue

NAME = "sentry-sdk"


class Scrubber:
    def __init__(self) -> None:
        self._scrubber = EventScrubber(recursive=True)

    def text(self, text: str) -> str:
        return str(self.fields({"text": text})["text"])

    def fields(self, fields: dict[str, Any]) -> Any:
        safe = copy.deepcopy(fields)
        self._scrubber.scrub_dict(safe)
        return _shown(safe)


def _shown(value: Any) -> Any:
    if isinstance(value, AnnotatedValue):
        return value.value
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
