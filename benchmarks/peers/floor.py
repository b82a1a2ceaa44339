"""The floor: what no logging library can beat. One dict, `orjson.dumps`, one `os.write`; no levels, no context."""

from __future__ import annotations

import os
import traceback
from datetime import datetime, timezone

import orjson

import events
from events import FAILURE, MESSAGE

NAME = "floor (orjson.dumps + os.write)"
IMPORT = "import orjson"

_file = -1


def setup(path: str) -> None:
    global _file
    _file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        context = request.context
        for order_id, amount, customer, carrier in request.orders:
            line = {
                "timestamp": datetime.now(timezone.utc),
                "severity": "INFO",
                "logger": "bench",
                "message": MESSAGE,
                **context,
                "order_id": order_id,
                "amount": amount,
                "customer": customer,
                "carrier": carrier,
            }
            os.write(_file, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            line = {
                "timestamp": datetime.now(timezone.utc),
                "severity": "ERROR",
                "logger": "bench",
                "message": FAILURE,
                "order_id": order.order_id,
                "exception": traceback.format_exc(),
            }
            os.write(_file, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
