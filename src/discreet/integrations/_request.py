"""What every server integration shares: one request being served, and the one record that tells all of it."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from time import perf_counter_ns
from typing import TYPE_CHECKING

from discreet._base.levels import DEBUG, ERROR, INFO, WARNING, levels
from discreet._call.logger import active
from discreet._context.ambient import Context
from discreet._context.opentelemetry import active_ids, server_span
from discreet._context.trace_context import SpanContext, new_request_id, new_span_context
from discreet._span.span import first_to_see
from discreet._takeover.records import repeats

if TYPE_CHECKING:
    import logging

    from discreet._context.trace_context import Carrier

LOGGER = "http.server"
REQUEST_ID_HEADER = "x-request-id"

serving: ContextVar[Request | None] = ContextVar("discreet.serving", default=None)
"""The request that the running code answers."""


def annotate(**fields: object) -> None:
    """Add fields to the record of the request being served, from anywhere in it: a dependency, a thread, a task.

    Outside a request this does nothing.
    """
    request = serving.get()
    if request is not None:
        request.annotations.update(fields)


class Request:
    """One request or websocket connection, from its carrier to its record."""

    def __init__(
        self, method: str, path: str, client: str | None, carrier: Carrier | None, *, quiet: bool = False
    ) -> None:
        self.began = perf_counter_ns()
        served = server_span() if "opentelemetry.trace" in sys.modules and serving.get() is None else None
        if served is not None:  # OpenTelemetry has a span for this request: it is the request's
            self.span, self.parent_id = served
        else:
            parent = surrounding(None if carrier is None else carrier.parent)
            self.parent_id = None if parent is None else parent.span_id
            self.span = new_span_context() if parent is None else parent.child()
        self.request_id = (carrier.request_id if carrier is not None else None) or new_request_id()
        self.context = Context({}, self.span, self.request_id, None if carrier is None else carrier.baggage)
        """What the request starts with: its carrier alone."""
        self.method = method
        self.path = path
        self.client = client
        self.quiet = quiet
        self.route: str | None = None
        self.status: int | None = None
        self.error: BaseException | None = None
        self.disconnected = False
        self.annotations: dict[str, object] = {}
        self.ended = False

    def join_opentelemetry(self) -> None:
        """Take the trace of an OpenTelemetry span that began inside this request: its ids are the ids."""
        if "opentelemetry.trace" not in sys.modules:
            return
        served = server_span() if serving.get() is self else None
        if served is not None:
            self.span, self.parent_id = served
            return
        ids = active_ids()
        if ids is not None and ids[0] != self.span.trace_id:
            self.span = SpanContext(ids[0], self.span.span_id, self.span.flags)
            self.parent_id = None

    def record(self, outcome: str, shown: str = "", **fields: object) -> None:
        """Write the request's record, once. `outcome` is "ok", "error" or "cancelled", `shown` ends the message."""
        if self.ended:
            return
        self.ended = True
        channel = levels.channel(LOGGER)
        level = self._level(outcome)
        if channel.threshold > level:
            return
        where = self.route or self.path
        told: dict[str, object] = {
            "http.request.method": self.method,
            "http.route": self.route,
            "url.path": self.path,
            "http.response.status_code": self.status,
            "client.address": self.client,
            **fields,
        }
        told = {key: value for key, value in told.items() if value is not None}
        told |= self.annotations
        told |= {
            "span": f"{self.method} {where}",
            "span_kind": "server",
            "duration_ms": (perf_counter_ns() - self.began) / 1e6,
            "status": outcome,
            "request_id": self.request_id,
        }
        if self.parent_id is not None:
            told["parent_span_id"] = self.parent_id
        if self.error is not None:
            told["error_type"] = type(self.error).__name__
            # Marked even where it is no error: the server's row about a client that left says nothing more.
            if isinstance(self.error, Exception) and first_to_see(self.error) and outcome == "error":
                told["exc_info"] = self.error
        ending = shown or str(self.status or outcome)
        # Arguments, not a template of our own: a route has braces that must not be filled from the fields.
        active.emitter.emit(channel, level, "%s %s %s", (self.method, where, ending), told, None, self.span)

    def record_afterthought(self, error: BaseException) -> None:
        """Record an exception of work that went on after the response: a background task's, say."""
        channel = levels.channel(LOGGER)
        if channel.threshold <= ERROR and first_to_see(error):
            fields: dict[str, object] = {"error_type": type(error).__name__, "exc_info": error}
            arguments = (self.method, self.route or self.path)
            active.emitter.emit(channel, ERROR, "%s %s failed after its response", arguments, fields, None, None)

    def leave_with(self, error: BaseException) -> None:
        """Let the exception carry our context, for the server that logs it when the request is over."""
        try:
            error.__discreet_context__ = self.context  # type: ignore[attr-defined]  # a mark of ours
        except Exception:  # an exception class with slots: its row goes without ids
            return

    def _level(self, outcome: str) -> int:
        if outcome == "error":
            return ERROR
        if outcome == "cancelled" and not self.disconnected:
            return WARNING
        return DEBUG if self.quiet else INFO


def surrounding(parent: SpanContext | None) -> SpanContext | None:
    """The span to be a child of: `parent`, unless an OpenTelemetry span of another trace is active."""
    ids = active_ids() if "opentelemetry.trace" in sys.modules else None
    if ids is not None and (parent is None or parent.trace_id != ids[0]):
        return SpanContext(*ids)
    return parent


def told_by_record(record: logging.LogRecord) -> bool:
    """Whether a server's row is about an exception that left a request and stands in that request's record."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return (
        getattr(error, "__discreet_recorded__", False) is True
        and getattr(error, "__discreet_context__", None) is not None
    )


def access_is_told() -> bool:
    """Whether records of requests are written at all; if they are switched off, the server's access rows stay."""
    return levels.channel(LOGGER).threshold <= INFO


_gunicorn_marks: set[str] = set()


def silence_gunicorn(mark: str) -> None:
    """Leave out gunicorn's rows about requests that have a record; `mark` is an atom that only their rows have."""
    _gunicorn_marks.add(mark)
    repeats["gunicorn.access"] = _is_gunicorn_access_row
    repeats["gunicorn.error"] = told_by_record


def _is_gunicorn_access_row(record: logging.LogRecord) -> bool:
    atoms: object = record.args
    return isinstance(atoms, dict) and not _gunicorn_marks.isdisjoint(atoms) and access_is_told()
