"""The inventory: Flask under gunicorn, SQLAlchemy on SQLite. Reserves items on a thread pool, then has them paid."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import sqlalchemy
from flask import Flask, request

import discreet
from discreet import log
from discreet.integrations import flask as discreet_flask
from discreet.integrations import httpx as discreet_httpx

discreet.configure(service="inventory")

app = Flask(__name__)
discreet_flask.instrument(app)
discreet_httpx.instrument()

database = sqlalchemy.create_engine(os.environ["INVENTORY_DATABASE"])
pool = ThreadPoolExecutor(max_workers=4)

with database.begin() as connection:
    connection.execute(sqlalchemy.text("CREATE TABLE IF NOT EXISTS stock (item TEXT PRIMARY KEY, pieces INTEGER)"))
    for item in ("tea", "pot", "cup"):
        connection.execute(sqlalchemy.text("INSERT OR IGNORE INTO stock VALUES (:item, 10)"), {"item": item})


class PaymentError(Exception):
    """The items are reserved, but nobody paid."""


@app.get("/prices")
def prices() -> dict[str, int]:
    """What everything costs."""
    return {"tea": 7, "pot": 42, "cup": 9}


@app.post("/reservations")
def reserve() -> dict[str, Any]:
    """Reserve all items at once, then charge the card."""
    order = request.get_json()
    left = dict(pool.map(reserve_item, order["items"]))
    with discreet.span("charge", amount=order["amount"]):
        try:
            httpx.post(f"{os.environ['PAYMENTS_URL']}/charges", json=order, timeout=600).raise_for_status()
        except httpx.HTTPError as error:
            raise PaymentError(f"{order['amount']} were not paid") from error
    return {"left": left}


@discreet.traced(arguments=True)
def reserve_item(item: str) -> tuple[str, int]:
    """Take one piece; runs in the pool, and its records belong to the request all the same."""
    with database.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE stock SET pieces = pieces - 1 WHERE item = :item"), {"item": item})
        select = sqlalchemy.text("SELECT pieces FROM stock WHERE item = :item")
        pieces: int = connection.execute(select, {"item": item}).scalar_one()
    if pieces < 10:
        log.warning("running low", item=item, pieces=pieces)
    return item, pieces
