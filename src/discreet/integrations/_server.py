"""What every server integration shares: the request that is being served, its one record, and the options."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from time import perf_counter_ns
from typing import TYPE_CHECKING, Generic, TypeVar

from discreet._base.levels import DEBUG, ERROR, INFO, WARNING, levels
from discreet._base.statistics import process_statistics
from discreet._call.logger import active
from discreet._context.ambient import Context, current, mark_recorded, merge
from discreet._context.opentelemetry import active_ids, parent_span, server_span
from discreet._context.trace_context import (
    Carrier,
    SpanContext,
    accept_request_id,
    extract,
    new_request_id,
    new_span_context,
)
from discreet._takeover.log_record import duplicate_rows

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Sequence

LOGGER = "http.server"
REQUEST_ID_HEADER = "x-request-id"

App = TypeVar("App")

serving: ContextVar[Request | None] = ContextVar("discreet.serving", default=None)
"""The request that the running code serves."""


def annotate(**fields: object) -> None:
    """Add fields to the record of the request being served, from anywhere in it: a dependency, a thread, a task.

    Outside a request this does nothing. Two dicts under one name become one. What comes after the request's record is
    lost, and counted as `late_fields` in `discreet.health()`.
    """
    request = serving.get() or current.get().request
    if isinstance(request, Request):
        if request.recorded:
            process_statistics.add_late(len(fields), "a request")
        merge(request.annotations, fields)


def keep_error(error: BaseException | None) -> None:
    """Note the exception that a framework answers with 500 before any middleware can see it."""
    request = serving.get()
    if request is not None:
        request.error = error


def is_about_kept_error(record: logging.LogRecord) -> bool:
    """Whether a framework's row is about the exception that the request's record will hold."""
    request = serving.get()
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return request is not None and error is not None and error is request.error and errors_are_recorded()


def errors_are_recorded() -> bool:
    """Whether the level lets records of failed requests through; if not, the frameworks' rows about errors stay."""
    return levels.channel(LOGGER).threshold <= ERROR


class Middleware(Generic[App]):
    """The options of the ASGI and the WSGI middleware, and how a request begins."""

    def __init__(
        self,
        app: App,
        *,
        request_id_header: str = REQUEST_ID_HEADER,
        trust_incoming: bool = True,
        quiet: Collection[str] = (),
    ) -> None:
        self.app = app
        self._header = request_id_header.lower()
        self._trust = trust_incoming
        self._quiet = frozenset(quiet)
        self._leave_out_server_rows()

    def _leave_out_server_rows(self) -> None:
        """Name the rows of servers that only repeat what our record of the request says."""

    def _request(
        self, method: str, path: str, client: str | None, headers: Sequence[tuple[str | bytes, object]]
    ) -> Request:
        carrier = None
        if self._trust:
            carrier = extract(headers)
            if self._header != REQUEST_ID_HEADER:
                names = (self._header, self._header.encode("latin-1"))
                given = [value for name, value in headers if name.lower() in names]
                carrier = Carrier(carrier.parent, carrier.baggage, accept_request_id(given))
        return Request(method, path, client, carrier, quiet=path in self._quiet)


class Request:
    """One request or websocket connection, from its carrier to its record."""

    def __init__(
        self, method: str, path: str, client: str | None, carrier: Carrier | None, *, quiet: bool = False
    ) -> None:
        self.start_ns = perf_counter_ns()
        otel_span = server_span() if "opentelemetry.trace" in sys.modules and serving.get() is None else None
        if otel_span is not None:  # an OpenTelemetry instrumentation has a span for this request already
            self.span, self.parent_id = otel_span
        else:
            parent = parent_span(None if carrier is None else carrier.parent)
            self.parent_id = None if parent is None else parent.span_id
            self.span = new_span_context() if parent is None else parent.child()
        self.request_id = (carrier.request_id if carrier is not None else None) or new_request_id()
        baggage = None if carrier is None else carrier.baggage
        self.context = Context({}, self.span, self.request_id, baggage, request=self)
        """The context that the application starts with: what the carrier holds, and nothing else."""
        self.method = method
        self.path = path
        self.client = client
        self.quiet = quiet
        self.route: str | None = None
        self.status: int | None = None
        self.error: BaseException | None = None
        self.disconnected = False
        self.annotations: dict[str, object] = {}
        self.recorded = False

    def join_opentelemetry(self) -> None:
        """Take over the ids of an OpenTelemetry span that began inside this request."""
        if "opentelemetry.trace" not in sys.modules:
            return
        otel_span = server_span() if serving.get() is self else None
        if otel_span is not None:
            self.span, self.parent_id = otel_span
            return
        ids = active_ids()
        if ids is not None and ids[0] != self.span.trace_id:
            self.span = SpanContext(ids[0], self.span.span_id, self.span.flags)
            self.parent_id = None

    def record(self, outcome: str, ending: str = "", **fields: object) -> None:
        """Write the request's record, once.

        `outcome` is "ok", "error" or "cancelled"; `ending` is the last word of the message, by default the status.
        """
        if self.recorded:
            return
        self.recorded = True
        channel = levels.channel(LOGGER)
        level = DEBUG if self.quiet else INFO
        if outcome != "ok":
            level = ERROR if outcome == "error" else level if self.disconnected else WARNING
        if channel.threshold > level:
            return
        where = self.route or self.path
        known: dict[str, object] = {
            "http.request.method": self.method,
            "http.route": self.route,
            "url.path": self.path,
            "http.response.status_code": self.status,
            "client.address": self.client,
            **fields,
        }
        record = {key: value for key, value in known.items() if value is not None}
        record |= self.annotations
        record |= {
            "span": f"{self.method} {where}",
            "span_kind": "server",
            "duration_ms": (perf_counter_ns() - self.start_ns) / 1e6,
            "status": outcome,
            "request_id": self.request_id,
        }
        if self.parent_id is not None:
            record["parent_span_id"] = self.parent_id
        if self.error is not None:
            record["error_type"] = type(self.error).__name__
            # The error is marked in every case, so that the server's own row about it is left out.
            if isinstance(self.error, Exception) and mark_recorded(self.error) and outcome == "error":
                record["exc_info"] = self.error
        arguments = (self.method, where, ending or str(self.status or outcome))
        # The route is an argument and not part of the template: its braces must not be filled from the fields.
        active.emitter.emit(channel, level, "%s %s %s", arguments, record, None, self.span[:2])

    def record_late_error(self, error: BaseException) -> None:
        """Record an exception that was raised after the response, by a background task for example."""
        channel = levels.channel(LOGGER)
        if channel.threshold <= ERROR and mark_recorded(error):
            fields: dict[str, object] = {"error_type": type(error).__name__, "exc_info": error}
            arguments = (self.method, self.route or self.path)
            active.emitter.emit(channel, ERROR, "%s %s failed after its response", arguments, fields, None, None)

    def attach_context(self, error: BaseException) -> None:
        """Put the request's context on the exception, for the server that logs it after the request has ended."""
        try:
            error.__discreet_context__ = self.context  # type: ignore[attr-defined]  # an attribute of our own
        except Exception:  # an exception class with slots: the server's row then has no ids
            return


def repeats_recorded_error(record: logging.LogRecord) -> bool:
    """Whether a server's row is about an exception that stands in a request's record already."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return (
        getattr(error, "__discreet_recorded__", False) is True
        and getattr(error, "__discreet_context__", None) is not None
    )


def requests_are_recorded() -> bool:
    """Whether the level lets records of requests through; if not, the servers' access rows stay."""
    return levels.channel(LOGGER).threshold <= INFO


_gunicorn_atoms: set[str] = set()


def leave_out_gunicorn_rows(atom: str) -> None:
    """Leave out gunicorn's rows about requests that have a record; only rows about these have the log atom `atom`."""
    _gunicorn_atoms.add(atom)
    duplicate_rows["gunicorn.access"] = _is_gunicorn_access_row
    duplicate_rows["gunicorn.error"] = repeats_recorded_error


def _is_gunicorn_access_row(record: logging.LogRecord) -> bool:
    atoms: object = record.args
    return isinstance(atoms, dict) and not _gunicorn_atoms.isdisjoint(atoms) and requests_are_recorded()
