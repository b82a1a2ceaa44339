"""Context follows work into threads and thread pools.

    discreet.propagation.threads.instrument()   # every Thread and ThreadPoolExecutor; `configure()` does it

Or, without a patch, this module's `ThreadPoolExecutor`. `asyncio.to_thread` passes the context on by itself.
"""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from discreet.propagation._jobs import in_context
from discreet.propagation._thread_patches import detached, instrument, uninstrument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ThreadPoolExecutor", "detached", "instrument", "uninstrument"]

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """A thread pool whose jobs run in the context in which they were submitted, without any patch."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]:
        """Submit a job; it runs in the context of this call."""
        return super().submit(in_context(fn), *args, **kwargs)
