"""Context between processes: in a queue's message, a job's arguments, a child's environment.

    message.headers = carriers.inject({})                 # where the work is sent
    with carriers.continue_from(message.headers): ...     # where the work is done

The formats are W3C Trace Context and Baggage, so that the other side may use another library.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from discreet._context import trace_context
from discreet._context.ambient import Context, current, leave

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, MutableMapping

    Headers = TypeVar("Headers", bound=MutableMapping[str, str])

__all__ = ["continue_from", "continue_from_environ", "inject", "inject_environ"]


def inject(carrier: Headers) -> Headers:
    """Write the current trace, baggage and request id into the headers of an outgoing message, and return them.

    The keys are `traceparent`, `tracestate`, `baggage` and `x-request-id`, each only if the context has a value for
    it. Never raises.
    """
    here = current.get()
    trace_context.inject(carrier, here.span, here.request_id, here.baggage)
    return carrier


def inject_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: a copy of `environ` (this process's own by default) with `TRACEPARENT` set.

    `subprocess.run(command, env=carriers.inject_environ())`; `TRACESTATE` and `BAGGAGE` too, where there are any.
    """
    child = dict(os.environ if environ is None else environ)
    here = current.get()
    trace_context.inject_environ(child, here.span, here.baggage)
    return child


@contextmanager
def continue_from(
    carrier: Mapping[str, object] | Iterable[tuple[bytes | str, object]], /, **fields: object
) -> Generator[None, None, None]:
    """Enter the work that a message belongs to: its carrier and these fields replace the whole context.

    Nothing of the previous context remains inside; it is restored at the end. A carrier without a valid trace starts
    no trace, but the first `discreet.span` inside does. A missing or unsafe request id is left out.
    """
    with _entered(trace_context.extract(carrier), fields):
        yield


@contextmanager
def continue_from_environ(environ: Mapping[str, str] | None = None, /, **fields: object) -> Generator[None, None, None]:
    """Like `continue_from`, with the variables `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` as the carrier.

    For a job that another process started; without `environ` this process's own variables count.
    """
    with _entered(trace_context.extract_environ(os.environ if environ is None else environ), fields):
        yield


@contextmanager
def _entered(carrier: trace_context.Carrier, fields: Mapping[str, object]) -> Generator[None, None, None]:
    start = Context({}, carrier.parent, carrier.request_id, carrier.baggage)
    token = current.set(start.having(fields) if fields else start)
    try:
        yield
    finally:
        leave(token)
