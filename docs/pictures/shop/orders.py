"""The program in the README's pictures: an order is placed, and its payment fails."""

import os

import discreet
from discreet import log


def pay(order_id, card):
    try:
        raise TimeoutError("no answer from " + os.environ["BANK_URL"])
    except TimeoutError as error:
        raise RuntimeError(f"order {order_id} is not paid") from error


with discreet.context(request_id="req-7f3a", tenant="acme"), discreet.span("checkout"):
    log.info("connected", database=os.environ["DATABASE_URL"])
    order = log.bind(order_id=42)
    order.info("order {order_id} placed", total=129.9, password=os.environ["PASSWORD"])
    order.warning("slow query", duration_ms=1840.2, rows=20311)
    try:
        pay(42, os.environ["CARD"])
    except RuntimeError:
        order.exception("checkout failed", retry=True)
