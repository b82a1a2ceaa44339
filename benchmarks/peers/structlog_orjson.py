"""structlog as its performance page recommends: filtering bound logger, orjson, bytes, cached loggers."""

from __future__ import annotations

import orjson
import structlog

import events
from events import FAILURE, MESSAGE

NAME = "structlog + orjson"
IMPORT = "import structlog, orjson"

log = structlog.get_logger()


def setup(path: str) -> None:
    global log
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.BytesLoggerFactory(file=open(path, "ab")),  # noqa: SIM115 - open as long as the process
        cache_logger_on_first_use=True,
    )
    log = structlog.get_logger().bind(logger="bench")


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        with structlog.contextvars.bound_contextvars(**request.context):
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
