"""Logging calls: any value is a field, a bound logger is a logger."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from typing_extensions import assert_type

import discreet
from discreet import log

assert_type(log, discreet.Logger)
assert_type(discreet.get_logger("shop"), discreet.Logger)
assert_type(discreet.get_logger(), discreet.Logger)

log.debug("started")
log.info("order placed", order_id=42, amount=Decimal("9.90"), at=datetime.now(timezone.utc), path=Path("/tmp"))
log.info("paid {amount}", amount=9.9)
log.info("paid %s of %d", "9.90", 10)
log.warning("slow", seconds=1.5, parts={"bank": 1.2}, tags=["a", "b"])
log.error("failed", exc_info=ValueError("no"))
log.critical(ValueError("any object may be the message"))
log.log("warning", "by name", answer=42)
log.log(30, "by number", answer=42)

# Fields may be called like the parameters of most logging calls.
log.info("taken names", message="m", level="l", name="n", self="s", args=(1,))

try:
    raise ValueError("no")
except ValueError:
    log.exception("failed", order_id=42)

assert_type(log.bind(component="db"), discreet.Logger)
assert_type(log.bind(component="db").unbind("component").new(other=1), discreet.Logger)
log.once.warning("deprecated", name="old")
log.every(5).info("still alive")
log.sample(0.01).debug("detail", state=discreet.lazy(lambda: {"size": 1}))
assert_type(log.is_enabled_for("debug"), bool)
assert_type(log.name, str)

log.info()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a record has a message
log.log("no message")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # likewise
