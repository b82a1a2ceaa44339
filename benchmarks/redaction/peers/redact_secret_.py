"""redact-secret: every built-in detector and the default action."""

from __future__ import annotations

import json
from typing import Any

import redact_secret

NAME = "redact-secret"


class Scrubber:
    def text(self, text: str) -> str:
        return redact_secret.scan_and_redact(text).text

    def fields(self, fields: dict[str, Any]) -> Any:
        safe = self.text(json.dumps(fields, default=repr))
        try:
            return json.loads(safe)
        except ValueError:
            return safe
