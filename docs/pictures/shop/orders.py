"""The program in the README's pictures: an order is placed, and the bank does not answer."""

import os

import discreet
from discreet import log


def pay(card):
    try:
        raise TimeoutError("no answer from " + os.environ["BANK_URL"])
    except TimeoutError as error:
        raise RuntimeError("payment not taken") from error


log.info("connected", database=os.environ["DATABASE_URL"])

with discreet.context(request_id="req-7f3a", tenant="acme"), discreet.span("checkout"):
    log = log.bind(order_id=42)
    log.info("order {order_id} placed", total=129.9, password=os.environ["PASSWORD"])
    log.warning("slow query", duration_ms=1840.2)
    try:
        pay(os.environ["CARD"])
    except RuntimeError:
        log.exception("payment failed", retry_in="30s")
