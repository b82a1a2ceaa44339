"""logging's QueueHandler and QueueListener, stopped at exit as the cookbook does."""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import queue
import sys
from typing import Any

_logger = logging.getLogger("shop")
NOTE = "left at the door, as agreed with the customer"


def begin(options: dict[str, Any]) -> None:
    path = options.get("file")
    handler = logging.FileHandler(path) if path else logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    lines: queue.Queue[logging.LogRecord] = queue.Queue(-1)
    listener = logging.handlers.QueueListener(lines, handler)
    listener.start()
    atexit.register(listener.stop)
    _logger.setLevel(logging.INFO)
    _logger.addHandler(logging.handlers.QueueHandler(lines))


def log(number: int) -> None:
    _logger.info("order %d placed customer=%s amount=%s note=%s", number, "c-4711", 12.5, NOTE)


def flush(timeout: float) -> None:
    """There is no such thing."""


def statistics() -> None:
    """There are none."""


def is_whole(line: bytes) -> bool:
    """Whether a line arrived as it was written."""
    return line.endswith(NOTE.encode()) and line.count(b"placed") == 1
