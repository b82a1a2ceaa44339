"""discreet to standard output or to a file, as lines of JSON."""

from __future__ import annotations

import json
from typing import Any

import discreet
from discreet import log as logger

NOTE = "left at the door, as agreed with the customer"


def begin(options: dict[str, Any]) -> None:
    sinks = [discreet.File(options["file"])] if options.get("file") else [discreet.Stream()]
    discreet.configure(sinks=sinks, format="json", delivery=options["delivery"])


def log(number: int) -> None:
    logger.info(f"order {number} placed", customer="c-4711", amount=12.5, note=NOTE)


def flush(timeout: float) -> None:
    discreet.flush(timeout)


def statistics() -> dict[str, Any] | None:
    return discreet.health()


def is_whole(line: bytes) -> bool:
    """Whether a line arrived as it was written."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
