"""Context between processes: in a queue's message, a job's arguments, a child's environment.

    message.headers = carriers.inject({})                 # where the work is sent
    with carriers.continue_from(message.headers): ...     # where the work is done

The formats are W3C Trace Context and Baggage, so that the other side may use another library.
"""

from __future__ import annotations

import os
from copy import copy
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from discreet._base.diagnostics import Reporter
from discreet._context import trace_context
from discreet._context.ambient import Context, context, current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    Headers = TypeVar("Headers", bound=MutableMapping[Any, Any] | list[Any])

__all__ = ["continue_from", "continue_from_environ", "inject", "inject_environ"]

_said = Reporter()


def inject(carrier: Headers) -> Headers:
    """Write the current trace, baggage and request id into the headers of an outgoing message, and return them.

    The headers are a mapping that can be changed, or a list of pairs as ASGI, gRPC and Kafka have them; names and
    values become text or bytes as the others in it are, in an empty one text. The keys are `traceparent`,
    `tracestate`, `baggage` and `x-request-id`, each only if the context has a value for it. Never raises; what cannot
    be written to stays as it is, and that is said once.
    """
    here = current.get()
    if not trace_context.inject(carrier, here.span, here.request_id, here.baggage):
        kind = type(carrier).__name__
        _said.once(kind, f"no ids were put into a {kind}: give inject() a dict, or a list of pairs, or list(headers)")
    return carrier


def inject_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: a copy of `environ` (this process's own by default) with `TRACEPARENT` set.

    `subprocess.run(command, env=carriers.inject_environ())`; `TRACESTATE` and `BAGGAGE` too, where there are any.
    """
    child = dict(os.environ if environ is None else environ)
    here = current.get()
    trace_context.inject_environ(child, here.span, here.baggage)
    return child


class continue_from(context):  # noqa: N801 - reads as the verb it is
    """Enter the work that a message belongs to: its carrier and these fields replace the whole context.

    Works as `with`, as `async with`, and as a decorator of functions, coroutines and generators; then each call
    continues from the same carrier. A carrier is a mapping, or pairs as ASGI and gRPC have them, of text or bytes.

    Nothing of the previous context remains inside; it is restored at the end. A carrier without a valid trace starts
    no trace, but the first `discreet.span` inside does. A missing or unsafe request id is left out. Raises `TypeError`
    for a function, which is what `@continue_from` without a carrier would get.
    """

    __slots__ = ("_carrier",)

    def __init__(
        self, carrier: Mapping[str, object] | Iterable[tuple[bytes | str, object]], /, **fields: object
    ) -> None:
        if isinstance(cast("object", carrier), (FunctionType, MethodType)):
            raise TypeError("continue_from needs a carrier. Write @continue_from(carrier)")
        self._carrier = trace_context.extract(carrier)
        super().__init__(**fields)

    def _inside(self, here: Context) -> Context:
        carrier = self._carrier
        start = Context({}, carrier.parent, carrier.request_id, carrier.baggage)
        return start.having(self._fields) if self._fields else start

    def _again(self) -> continue_from:
        return copy(self)


class continue_from_environ(continue_from):  # noqa: N801 - likewise
    """Like `continue_from`, with the variables `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` as the carrier.

    For a job that another process started; without `environ` this process's own variables count.
    """

    __slots__ = ()

    def __init__(self, environ: Mapping[str, str] | None = None, /, **fields: object) -> None:
        super().__init__((), **fields)
        self._carrier = trace_context.extract_environ(os.environ if environ is None else environ)
