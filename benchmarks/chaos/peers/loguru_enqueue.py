"""loguru with enqueue=True."""

from __future__ import annotations

import sys
from typing import Any

from loguru import logger

from chaos.peers.queue_handler import NOTE, is_whole

__all__ = ["begin", "flush", "is_whole", "log", "statistics"]


def begin(options: dict[str, Any]) -> None:
    logger.remove()
    logger.add(options.get("file") or sys.stdout, format="{time} {level} {message}", enqueue=True)


def log(number: int) -> None:
    logger.info("order {} placed customer={} amount={} note={}", number, "c-4711", 12.5, NOTE)


def flush(timeout: float) -> None:
    logger.complete()


def statistics() -> None:
    """There are none."""
