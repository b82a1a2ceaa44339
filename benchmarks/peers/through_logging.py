"""The calls that every peer built on the standard library shares, and the usual way to give them context: a filter."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING

import events
from events import FAILURE, MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("bench")
context: ContextVar[Mapping[str, object]] = ContextVar("context")


class AddContext(logging.Filter):
    """Copies the ambient fields into each record, where formatters find them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.__dict__.update(context.get({}))
        return True


def attach(handler: logging.Handler) -> None:
    handler.addFilter(AddContext())
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        token = context.set(request.context)
        for order_id, amount, customer, carrier in request.orders:
            log.info(
                MESSAGE,
                extra={
                    "order_id": order_id,
                    "amount": amount,
                    "customer": customer,
                    "carrier": carrier,
                },
            )
        context.reset(token)


def disabled(orders: list[events.Order]) -> None:
    for order_id, amount, customer, carrier in orders:
        log.debug(
            MESSAGE,
            extra={
                "order_id": order_id,
                "amount": amount,
                "customer": customer,
                "carrier": carrier,
            },
        )


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            log.exception(FAILURE, extra={"order_id": order.order_id})
