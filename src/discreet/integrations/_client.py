"""What every client integration shares: one outgoing request, its headers, its span, its record, and the patch."""

from __future__ import annotations

import functools
from time import perf_counter_ns
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from discreet._base.levels import DEBUG, WARNING, levels
from discreet._call.logger import active
from discreet._context.ambient import current, leave
from discreet._context.opentelemetry import parent_span
from discreet._context.trace_context import BAGGAGE, REQUEST_ID, TRACEPARENT, TRACESTATE, inject, new_span_context

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
    from contextvars import Token
    from types import TracebackType

    from discreet._context.ambient import Context
    from discreet._context.trace_context import SpanContext

    Send = Callable[..., Any]

LOGGER = "http.client"
_ORIGINAL = "__discreet_original__"
_NAMES = (TRACEPARENT, TRACESTATE, REQUEST_ID, BAGGAGE)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def patch(classes: tuple[Any, ...], client: Any, name: str, instrumented: Callable[[Send, Any], Send]) -> None:
    """Replace a method of one client, or of all clients of these classes; a patch of ours is replaced, not wrapped.

    `instrumented` gets the original method and the client's class, and returns the function to put in its place.
    """
    for owner in classes if client is None else (client,):
        kind: Any = owner if client is None else client.__class__
        method: Send = getattr(kind, name)
        method = getattr(method, _ORIGINAL, method)
        method = method if client is None else functools.partial(method, client)
        patched = instrumented(method, kind)
        setattr(patched, _ORIGINAL, method)
        setattr(owner, name, patched)


def restore(classes: tuple[Any, ...], client: Any, name: str) -> None:
    """Undo `patch`, unless somebody else has wrapped the method since."""
    for kind in classes if client is None else ():
        method = getattr(kind, name)
        setattr(kind, name, getattr(method, _ORIGINAL, method))
    if client is not None:
        client.__dict__.pop(name, None)


def request_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The request among the arguments of `send`, whose last positional argument it is."""
    return kwargs["request"] if "request" in kwargs else args[-1]


def carry(
    headers: MutableMapping[str, str],
    host: str,
    hosts: Collection[str] | None,
    span: SpanContext | None,
    ours: Mapping[str, str],
) -> dict[str, str]:
    """Put the ids into the headers if `hosts` (None: every host) has the host or a domain above it; returns them.

    What is left of `ours`, the ids that were put in for another hop, is taken out first. What the caller set stays.
    """
    for name, value in ours.items():
        if headers.get(name) == value:
            del headers[name]
    if hosts is not None and not any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts):
        return {}
    names: Iterable[object] = headers
    given = {(name.decode("latin-1") if isinstance(name, bytes) else str(name)).lower() for name in names}
    here = current.get()
    inject(
        headers,
        None if given & {TRACEPARENT, TRACESTATE} else span,
        None if REQUEST_ID in given else here.request_id,
        None if BAGGAGE in given else here.baggage,
    )
    return {name: headers[name] for name in _NAMES if name not in given and name in headers}


class Call:
    """One outgoing request, as a context manager around the sending of it.

    At DEBUG it is a span of its own, whose id goes out and which is recorded at the end. Above DEBUG, the current
    span's id goes out, so that no trace points at a span that nobody recorded; only failures leave a record, at
    WARNING. The ids go into `headers` if `hosts` (None: every host) has the host or a domain above it.
    """

    def __init__(
        self,
        method: str,
        host: str,
        path: str,
        port: int | None,
        headers: MutableMapping[str, str],
        hosts: Collection[str] | None,
        ours: Mapping[str, str] = _NOTHING,
    ) -> None:
        self._method = method
        self._host = host
        self._port = port
        self._path = path
        self._status: int | None = None
        self._start_ns = perf_counter_ns()
        self._token: Token[Context] | None = None
        parent = sent_span = parent_span(current.get().span)
        self._parent_id: str | None = None
        self._span: SpanContext | None = None
        if levels.channel(LOGGER).threshold <= DEBUG:
            self._span = sent_span = new_span_context() if parent is None else parent.child()
            self._parent_id = None if parent is None else parent.span_id
        self.written = carry(headers, host, hosts, sent_span, ours)
        """What went into the headers, for a redirect: another host may be one that must not get it."""

    def answered(self, response: Any) -> Any:
        """Note the status of the response, and return the response."""
        self._status = response.status_code
        return response

    def __enter__(self) -> Call:
        if self._span is not None:
            self._token = current.set(current.get().within(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            leave(self._token)
        failed = error is not None or (self._status is not None and self._status >= 500)
        level = WARNING if failed else DEBUG
        channel = levels.channel(LOGGER)
        if channel.threshold > level:
            return
        known: dict[str, object] = {
            "http.request.method": self._method,
            "server.address": self._host,
            "server.port": self._port,
            "url.path": self._path,
            "http.response.status_code": self._status,
            "duration_ms": (perf_counter_ns() - self._start_ns) / 1e6,
            "error_type": None if error is None else type(error).__name__,
        }
        fields = {name: value for name, value in known.items() if value is not None}
        if self._span is not None:
            fields |= {"span": f"{self._method} {self._host}", "span_kind": "client"}
            interrupted = error is not None and not isinstance(error, Exception)
            fields["status"] = "cancelled" if interrupted else "error" if failed else "ok"
            if self._parent_id is not None:
                fields["parent_span_id"] = self._parent_id
        # The exception is only named: the caller handles or records it.
        outcome = type(error).__name__ if error is not None else str(self._status)
        arguments = (self._method, f"{self._host}{self._path}", outcome)
        active.emitter.emit(channel, level, "%s %s %s", arguments, fields, None, self._span and self._span[:2])
