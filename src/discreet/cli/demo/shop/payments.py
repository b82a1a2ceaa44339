"""Payments: Flask under gunicorn, and it has never heard of discreet. `discreet run` starts it.

It logs card numbers with `logging`, and puts its database's password into an error.
"""

from __future__ import annotations

import logging
import os
import socket
from urllib.parse import urlsplit

from flask import Flask, request

logger = logging.getLogger("payments")
app = Flask(__name__)


class LedgerError(Exception):
    """The database of large payments does not answer."""


@app.post("/charges")
def charge() -> dict[str, str]:
    """Charge a card; large amounts are written to a ledger too."""
    order = request.get_json()
    logger.info("charging %s to card %s", order["amount"], order["card"])
    if order["amount"] > 1000:
        write_to_ledger(os.environ["LEDGER_DATABASE"])
    return {"status": "paid"}


def write_to_ledger(url: str) -> None:
    """Connect to the ledger's database."""
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port or 5432), timeout=2).close()
    except OSError as error:
        raise LedgerError(f"cannot connect to {url}") from error
