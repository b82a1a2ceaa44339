"""picologging, the standard library's logging in C++. It drops `extra`, so all nine fields are positional arguments."""

from __future__ import annotations

from contextvars import ContextVar

import picologging

import events
from events import FAILURE, MESSAGE

NAME = "picologging (text)"
IMPORT = "import picologging"

log = picologging.getLogger("bench")
context: ContextVar[dict[str, str | int]] = ContextVar("context")

LINE = f"{MESSAGE} tenant=%s region=%s route=%s user_id=%s release=%s order_id=%s amount=%s customer=%s carrier=%s"


def setup(path: str) -> None:
    handler = picologging.FileHandler(path)
    # Its %(asctime)s sometimes writes bytes that are not the time, and such a line does not pass the check.
    handler.setFormatter(picologging.Formatter("%(created)f %(levelname)s %(name)s %(message)s"))
    picologging.getLogger().addHandler(handler)
    picologging.getLogger().setLevel(picologging.INFO)


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        token = context.set(request.context)
        for order_id, amount, customer, carrier in request.orders:
            log.info(LINE, *context.get().values(), order_id, amount, customer, carrier)
        context.reset(token)


def disabled(orders: list[events.Order]) -> None:
    for order_id, amount, customer, carrier in orders:
        log.debug(LINE, order_id, amount, customer, carrier)


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            log.exception("%s order_id=%s", FAILURE, order.order_id)
