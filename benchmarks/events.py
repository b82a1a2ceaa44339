"""The one event that every peer writes: a message, five context fields per request and four fields per record."""

from __future__ import annotations

from typing import NamedTuple

MESSAGE = "order placed"
FAILURE = "charge failed"
RECORDS_PER_REQUEST = 10


class Order(NamedTuple):
    """The four own fields of a record; all differ from call to call, as real ones do."""

    order_id: int
    amount: float
    customer: str
    carrier: str | list[str]


class Request(NamedTuple):
    """The five context fields, in force for all records of one request."""

    context: dict[str, str | int]
    orders: list[Order]


class PaymentError(Exception):
    """What goes wrong in the exception case, with another error as its cause."""


def requests(first: int, count: int, case: str = "enabled") -> list[Request]:
    """`count` requests of ten records each, numbered from `first`.

    In the case "listed", the last field is a list. In the case "unseen", its two texts are such as no record had
    before: not the same text, nor one that differs in its digits only.
    """
    change = {"listed": _with_list, "unseen": _never_seen}.get(case)
    made = [Request(_context(number), orders(number)) for number in range(first, first + count)]
    if change is None:
        return made
    return [Request(context, [change(order) for order in own]) for context, own in made]


def orders(number: int) -> list[Order]:
    """The ten orders of one request."""
    start = 1_000_000 + number * RECORDS_PER_REQUEST
    return [
        Order(
            order_id=order_id,
            amount=round(order_id % 9973 * 1.37 + 0.01, 2),
            customer=f"customer number {order_id * 7919 % 100_003}",
            carrier=("by post", "by courier", "picked up")[order_id % 3],
        )
        for order_id in range(start, start + RECORDS_PER_REQUEST)
    ]


def _with_list(order: Order) -> Order:
    lists = (["by post", "insured"], ["by courier"], ["picked up", "as a gift", "paid in cash"])
    return Order(order.order_id, order.amount, order.customer, lists[order.order_id % 3])


def _never_seen(order: Order) -> Order:
    word = "".join(chr(ord("a") + int(digit)) for digit in str(order.order_id * 7919))
    return Order(order.order_id, order.amount, f"{word} and sons", f"by {word}")


def _context(number: int) -> dict[str, str | int]:
    return {
        "tenant": f"tenant-{number % 97}",
        "region": ("eu-central", "eu-west", "us-east")[number % 3],
        "route": f"/shops/{number % 11}/orders",
        "user_id": 40_000 + number % 1013,
        "release": "2026.11.3",
    }


def charge(order: Order) -> None:
    """Fail three calls deep, as a payment does."""
    _authorise(order)


def _authorise(order: Order) -> None:
    try:
        _ask_bank({}, order)
    except KeyError as error:
        raise PaymentError(f"no account for order {order.order_id}") from error


def _ask_bank(accounts: dict[int, str], order: Order) -> str:
    return accounts[order.order_id]
