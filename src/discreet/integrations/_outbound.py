"""What every client integration shares: one outgoing request, its headers, its span and its record."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from discreet._base.levels import DEBUG, WARNING, levels
from discreet._call.logger import active
from discreet._context.ambient import current, leave
from discreet._context.trace_context import BAGGAGE, REQUEST_ID, TRACEPARENT, TRACESTATE, inject, new_span_context
from discreet.integrations._request import surrounding

if TYPE_CHECKING:
    from collections.abc import Collection, MutableMapping
    from contextvars import Token
    from types import TracebackType

    from discreet._context.ambient import Context
    from discreet._context.trace_context import SpanContext

LOGGER = "http.client"


class Call:
    """One outgoing request, as a context manager around the sending of it.

    At DEBUG it is a span of its own, whose id goes out and which is recorded at the end. Above, the current span's
    id goes out, so that no trace points at a span that nobody recorded; only failures leave a record, at WARNING.
    """

    def __init__(self, method: str, host: str, path: str, port: int | None = None) -> None:
        self._method = method
        self._host = host
        self._port = port
        self._path = path
        self._status: int | None = None
        self._began = perf_counter_ns()
        self._token: Token[Context] | None = None
        here = current.get()
        parent = surrounding(here.span)
        self._parent_id: str | None = None
        self._span: SpanContext | None = None
        self._sent = parent
        if levels.channel(LOGGER).threshold <= DEBUG:
            self._span = self._sent = new_span_context() if parent is None else parent.child()
            self._parent_id = None if parent is None else parent.span_id

    def carry(self, headers: MutableMapping[str, str], hosts: Collection[str] | None) -> None:
        """Write the ids into the request's headers, unless the caller set them or the host is none of ours."""
        if hosts is not None and not any(self._host == host or self._host.endswith(f".{host}") for host in hosts):
            return
        here = current.get()
        given = {_text(name).lower() for name in headers}
        inject(
            headers,
            None if given & {TRACEPARENT, TRACESTATE} else self._sent,
            None if REQUEST_ID in given else here.request_id,
            None if BAGGAGE in given else here.baggage,
        )

    def answered(self, status: int) -> None:
        """There is a response."""
        self._status = status

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
        fields: dict[str, object] = {
            "http.request.method": self._method,
            "server.address": self._host,
            "server.port": self._port,
            "url.path": self._path,
            "http.response.status_code": self._status,
            "duration_ms": (perf_counter_ns() - self._began) / 1e6,
            "error_type": None if error is None else type(error).__name__,
        }
        fields = {name: value for name, value in fields.items() if value is not None}
        where = f"{self._host}{self._path}"
        if self._span is not None:
            fields |= {"span": f"{self._method} {self._host}", "span_kind": "client"}
            interrupted = error is not None and not isinstance(error, Exception)
            fields["status"] = "cancelled" if interrupted else "error" if failed else "ok"
            if self._parent_id is not None:
                fields["parent_span_id"] = self._parent_id
        # The exception itself is the caller's, who handles or records it: here it is only named.
        outcome = type(error).__name__ if error is not None else str(self._status)
        active.emitter.emit(channel, level, "%s %s %s", (self._method, where, outcome), fields, None, self._span)


def _text(name: object) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)
