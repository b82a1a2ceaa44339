"""loguru with its own JSON (`serialize`), without the variable values that it adds to tracebacks by default."""

from __future__ import annotations

from loguru import logger as log

import events
from events import FAILURE, MESSAGE

NAME = "loguru (serialize)"
IMPORT = "from loguru import logger"


def setup(path: str) -> None:
    log.remove()
    log.add(path, level="INFO", format="{message}", serialize=True, backtrace=False, diagnose=False)


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        with log.contextualize(**request.context):
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
