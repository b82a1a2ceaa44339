"""The standard library with the JSON formatter that people write for it, using the standard library's json."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

from peers.through_logging import attach, disabled, enabled, failing

__all__ = ["IMPORT", "NAME", "disabled", "enabled", "failing", "setup"]

NAME = "logging + json"
IMPORT = "import logging, json"

_OWN = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"})


class JsonFormatter(logging.Formatter):
    """One JSON object per record, with whatever came in `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Encode one record."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update((name, value) for name, value in record.__dict__.items() if name not in _OWN)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def setup(path: str) -> None:
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter())
    attach(handler)
