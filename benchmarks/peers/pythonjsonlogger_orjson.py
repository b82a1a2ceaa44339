"""python-json-logger with its orjson formatter, on the standard library."""

from __future__ import annotations

import logging

from pythonjsonlogger.orjson import OrjsonFormatter

from peers.through_logging import attach, disabled, enabled, failing

__all__ = ["IMPORT", "NAME", "disabled", "enabled", "failing", "setup"]

NAME = "python-json-logger + orjson"
IMPORT = "import logging; from pythonjsonlogger.orjson import OrjsonFormatter"


def setup(path: str) -> None:
    handler = logging.FileHandler(path)
    handler.setFormatter(OrjsonFormatter(["levelname", "name", "message"], timestamp=True))
    attach(handler)
