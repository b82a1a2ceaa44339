"""What the README's pictures show: one order, from a request to a payment that fails."""

import discreet
from discreet import log

password, token = "correct" + "horse", "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"  # made up, and in no file as such
discreet.configure(service="shop", version="1.4.2")


def charge(amount):
    raise ConnectionError(f"no answer from https://shop:{password}@pay.example/charges")


with discreet.context(request_id="req-7f3a", tenant="acme"), discreet.span("checkout"):
    log.info("connected", url=f"postgresql://shop:{password}@db.example/orders")
    orders = log.bind(order_id=42)
    orders.info("order {order_id} placed", total=129.9, items=["lamp", "desk"], password=password)
    orders.warning("slow query", duration_ms=1840.2, rows=20311)
    orders.debug("calling the bank", headers={"Authorization": f"Bearer {token}"})
    try:
        try:
            charge(amount=129.9)
        except ConnectionError as error:
            raise RuntimeError("payment not taken") from error
    except RuntimeError:
        orders.exception("checkout failed", retry=True)
