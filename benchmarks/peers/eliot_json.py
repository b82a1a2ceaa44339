"""eliot to a file. It has no levels, so no disabled call; ambient fields are merged into each message by hand."""

from __future__ import annotations

from contextvars import ContextVar

import eliot

import events
from events import MESSAGE

NAME = "eliot"
IMPORT = "import eliot"

context: ContextVar[dict[str, str | int]] = ContextVar("context")


def setup(path: str) -> None:
    eliot.to_file(open(path, "ab"))  # noqa: SIM115 - open as long as the process


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        token = context.set(request.context)
        for order_id, amount, customer, carrier in request.orders:
            eliot.log_message(
                MESSAGE,
                **context.get(),
                order_id=order_id,
                amount=amount,
                customer=customer,
                carrier=carrier,
            )
        context.reset(token)


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            eliot.write_traceback()
