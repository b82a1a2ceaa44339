"""The standard library with a line of text. Fields of records that lack them come from the formatter's defaults."""

from __future__ import annotations

import logging

from peers.through_logging import attach, disabled, enabled, failing

__all__ = ["IMPORT", "NAME", "disabled", "enabled", "failing", "setup"]

NAME = "logging (text)"
IMPORT = "import logging"

FIELDS = ("tenant", "region", "route", "user_id", "release", "order_id", "amount", "customer", "carrier")


def setup(path: str) -> None:
    handler = logging.FileHandler(path)
    line = "%(asctime)s %(levelname)s %(name)s %(message)s " + " ".join(f"{name}=%({name})s" for name in FIELDS)
    handler.setFormatter(logging.Formatter(line, defaults=dict.fromkeys(FIELDS)))
    attach(handler)
