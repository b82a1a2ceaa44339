"""detect-secrets: a scanner of files; its findings in each line are cut out here, as a wrapper would do it."""

from __future__ import annotations

import json
from typing import Any

from detect_secrets.core.scan import scan_line
from detect_secrets.settings import default_settings

NAME = "detect-secrets"


class Scrubber:
    def text(self, text: str) -> str:
        with default_settings():
            found = {secret.secret_value for line in text.splitlines() for secret in scan_line(line)}
        for value in sorted(filter(None, found), key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def fields(self, fields: dict[str, Any]) -> Any:
        safe = self.text(json.dumps(fields, default=repr))
        try:
            return json.loads(safe)
        except ValueError:
            return safe
