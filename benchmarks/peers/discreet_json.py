"""discreet to a `File`: its default line, with redaction on as it always is."""

from __future__ import annotations

import discreet
import events
from events import FAILURE, MESSAGE

NAME = "discreet, File"
IMPORT = "from discreet import log"

log = discreet.get_logger("bench")


def setup(path: str) -> None:
    discreet.configure(sinks=[discreet.File(path)], level="info", environment="prod", service="bench")


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        with discreet.context(**request.context):
            for order_id, amount, customer, carrier in request.orders:
                log.info(
                    MESSAGE,
                    order_id=order_id,
                    amount=amount,
                    customer=customer,
                    carrier=carrier,
                )


def disabled(orders: list[events.Order]) -> None:
    for order_id, amount, customer, carrier in orders:
        log.debug(
            MESSAGE,
            order_id=order_id,
            amount=amount,
            customer=customer,
            carrier=carrier,
        )


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            log.exception(FAILURE, order_id=order.order_id)


def flush() -> None:
    discreet.flush()
