"""The gateway: FastAPI under uvicorn. Takes orders and asks the inventory."""

from __future__ import annotations

import os
from typing import Any

import httpx
from fastapi import FastAPI, Request

import discreet
from discreet import log
from discreet.integrations.asgi import ASGIMiddleware
from discreet.integrations.httpx import instrument

discreet.configure(service="gateway")
instrument()

api = FastAPI()
inventory = httpx.AsyncClient(base_url=os.environ["INVENTORY_URL"], timeout=600)


class OrderError(Exception):
    """The inventory did not take the order."""


@api.post("/login")
async def login(credentials: dict[str, str]) -> dict[str, str]:
    """Log everything that came in, as people do while they look for a bug."""
    log.info("{user} signs in", **credentials)
    return {"hello": credentials["user"]}


@api.get("/prices")
async def prices(api_key: str) -> Any:
    """Pass a partner's question on; httpx logs the whole URL."""
    answer = await inventory.get("/prices", params={"api_key": api_key})
    return answer.json()


@api.post("/orders")
async def place_order(order: dict[str, Any], request: Request) -> Any:
    """Reserve the items and charge the card, which the inventory does."""
    with discreet.context(customer=order["customer"]):
        log.info("order received", order=order, headers=dict(request.headers))
        try:
            answer = await inventory.post("/reservations", json=order)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise OrderError(f"no reservation for {order['customer']}") from error
        log.info("order placed", items=len(order["items"]))
        return answer.json()


app = ASGIMiddleware(api)
