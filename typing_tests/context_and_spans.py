"""Context and spans: as `with`, as `async with`, and as decorators that keep the signature of what they decorate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from typing_extensions import assert_type

import discreet


def blocks() -> int:
    with discreet.context(tenant="acme", request_id="r-1"):
        discreet.bind_context(user_id=7)
        discreet.unbind_context("user_id")
        discreet.clear_context()
    with discreet.span("charge", amount=9) as span:
        span.set(tax=1)
        assert_type(span, discreet.span)
        assert_type(span.trace_id, str)
        assert_type(span.span_id, str)
        return 1  # neither block swallows exceptions, so the function needs no return after them


async def async_blocks() -> int:
    async with discreet.context(tenant="acme"), discreet.span("charge") as span:
        assert_type(span, discreet.span)
        return 1


@discreet.traced
def total(amount: float, *, tax: int = 0) -> float:
    return amount + tax


@discreet.traced(name="charge", arguments=["amount"], component="bank")
async def charge(amount: float) -> str:
    return str(amount)


@discreet.traced
def pages(count: int) -> Iterator[bytes]:
    yield bytes(count)


@discreet.traced()
async def events() -> AsyncIterator[int]:
    yield 1


@discreet.context(component="db")
def find(name: str) -> list[str]:
    return [name]


class Shop:
    @discreet.traced
    def sell(self, item: str) -> int:
        return len(item)

    @classmethod
    @discreet.traced
    def open(cls, name: str) -> Shop:
        return cls()


async def signatures_survive() -> None:
    assert_type(total(1.0, tax=2), float)
    assert_type(await charge(1.0), str)
    assert_type(pages(2), Iterator[bytes])
    assert_type(events(), AsyncIterator[int])
    assert_type(find("a"), list[str])
    assert_type(Shop.open("x").sell("a"), int)
    typed: Callable[[str], list[str]] = find
    typed("a")

    total("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the decorator kept the types
    find()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # and the arity
