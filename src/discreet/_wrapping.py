"""Run a function inside a context manager, whatever kind of function it is.

A generator must not leak its context to its consumer between two items, and must find it again for the next:
so each step of it runs in a `contextvars` context of its own.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from contextlib import AbstractContextManager

F = TypeVar("F", bound="Callable[..., Any]")


def wrap(function: F, manager: Callable[..., AbstractContextManager[Any]], *, with_arguments: bool = False) -> F:
    """`function`, with each call (or each whole iteration) inside `manager()`.

    With `with_arguments` the manager is made from the call's arguments.
    """

    def enter(args: tuple[Any, ...], kwargs: dict[str, Any]) -> AbstractContextManager[Any]:
        return manager(*args, **kwargs) if with_arguments else manager()

    wrapped: Callable[..., Any]
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            with enter(args, kwargs):
                return await function(*args, **kwargs)

    elif inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def wrapped(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            inside = copy_context()
            steps = function(*args, **kwargs)
            async with _Inside(inside, enter(args, kwargs)):
                sent: Any = None
                while True:
                    try:
                        item = await _Stepped(inside, steps.asend(sent))
                    except StopAsyncIteration:
                        return
                    try:
                        sent = yield item
                    except GeneratorExit:
                        await _Stepped(inside, steps.aclose())
                        raise

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            inside = copy_context()
            with _Inside(inside, enter(args, kwargs)):
                return (yield from _stepping(inside, function(*args, **kwargs)))

    else:

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with enter(args, kwargs):
                return function(*args, **kwargs)

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the signature, which no checker can see


def _stepping(inside: Context, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Drive a generator in its own context, passing values and exceptions through as `yield from` does."""
    step: Callable[[], Any] = functools.partial(next, steps)
    while True:
        try:
            item = inside.run(step)
        except StopIteration as stop:
            return stop.value
        try:
            step = functools.partial(steps.send, (yield item))
        except GeneratorExit:
            inside.run(steps.close)
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the consumer throws belongs to the generator
            step = functools.partial(steps.throw, error)


class _Inside:
    """A context manager entered and left within another `contextvars` context."""

    def __init__(self, inside: Context, manager: AbstractContextManager[Any]) -> None:
        self._inside = inside
        self._manager = manager

    def __enter__(self) -> None:
        self._inside.run(self._manager.__enter__)

    def __exit__(self, *error: Any) -> bool | None:
        return self._inside.run(self._manager.__exit__, *error)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *error: Any) -> bool | None:
        return self.__exit__(*error)


class _Stepped:
    """An awaitable whose every step runs within another `contextvars` context."""

    def __init__(self, inside: Context, awaitable: Awaitable[Any]) -> None:
        self._inside = inside
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaitable.__await__()
        return (yield from _stepping(self._inside, steps))  # type: ignore[arg-type]  # an iterator with send/throw
