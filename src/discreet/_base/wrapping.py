"""Run a function, coroutine or generator inside a context manager.

Between two items, a generator's context must not be visible to its consumer, and the generator must see it again for
the next item. So each step of a generator runs in a `contextvars` context of its own.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from contextlib import AbstractContextManager

F = TypeVar("F", bound="Callable[..., Any]")
Enter: TypeAlias = "Callable[..., AbstractContextManager[Any]]"


def wrap(function: F, enter: Enter) -> F:
    """`function`, with each call (or each whole iteration) inside the manager that `enter` makes of its arguments."""
    if inspect.iscoroutinefunction(function):
        wrapped = _coroutine(function, enter)
    elif inspect.isasyncgenfunction(function):
        wrapped = _async_generator(function, enter)
    elif inspect.isgeneratorfunction(function):
        wrapped = _generator(function, enter)
    else:
        wrapped = _plain(function, enter)
    return cast("F", functools.wraps(function)(wrapped))


def _plain(function: Callable[..., Any], enter: Enter) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with enter(*args, **kwargs):
            return function(*args, **kwargs)

    return wrapped


def _coroutine(function: Callable[..., Any], enter: Enter) -> Callable[..., Any]:
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        with enter(*args, **kwargs):
            return await function(*args, **kwargs)

    return wrapped


def _generator(function: Callable[..., Any], enter: Enter) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inside = copy_context()
        with _Inside(inside, enter(*args, **kwargs)):
            return (yield from _stepping(inside, function(*args, **kwargs)))

    return wrapped


def _async_generator(function: Callable[..., Any], enter: Enter) -> Callable[..., Any]:
    async def wrapped(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inside = copy_context()
        steps = function(*args, **kwargs)
        with _Inside(inside, enter(*args, **kwargs)):
            step = steps.asend(None)
            while True:
                try:
                    item = await _Stepped(inside, step)
                except StopAsyncIteration:
                    return
                try:
                    step = steps.asend((yield item))
                except GeneratorExit:
                    await _Stepped(inside, steps.aclose())
                    raise
                except BaseException as error:  # what the consumer throws is for the generator to handle
                    step = steps.athrow(error)

    return wrapped


def _stepping(inside: Context, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Drive a generator in its own context, passing values and exceptions through as `yield from` does."""
    step: Callable[[], Any] = steps.__next__
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
        except BaseException as error:  # as above
            step = functools.partial(steps.throw, error)


class _Inside:
    """A context manager entered and left within another `contextvars` context."""

    def __init__(self, inside: Context, manager: AbstractContextManager[Any]) -> None:
        self._inside = inside
        self._manager = manager

    def __enter__(self) -> None:
        self._inside.run(self._manager.__enter__)

    def __exit__(self, *error: object) -> bool | None:
        return self._inside.run(self._manager.__exit__, *cast("tuple[Any, Any, Any]", error))


class _Stepped:
    """An awaitable whose every step runs within another `contextvars` context."""

    def __init__(self, inside: Context, awaitable: Awaitable[Any]) -> None:
        self._inside = inside
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaitable.__await__()
        return (yield from _stepping(self._inside, steps))
