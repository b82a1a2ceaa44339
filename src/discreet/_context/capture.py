"""From a call to a record: time, place, thread and context are captured now, because they change."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, cast

from discreet._context.ambient import current
from discreet._context.opentelemetry import active_ids
from discreet._record import Identity, Record, Source
from discreet._values.deferred import resolve
from discreet._values.proxies import resolved

if TYPE_CHECKING:
    from types import FrameType

    from discreet._context.ambient import Context

NOWHERE = Identity()
_NO_FIELDS: dict[str, object] = {}


def collect(
    logger: str, level: int, message: object, fields: dict[str, object], frame: FrameType | None
) -> tuple[Record, Context]:
    """The record before redaction, and the context it was made in."""
    record = Record()
    record.time_ns = time.time_ns()
    record.level = level
    record.logger = logger
    record.message = message  # type: ignore[assignment]  # the redaction step makes it text
    record.template = None
    record.exception = None
    record.stacktrace = None
    record.source = None
    record.ambient = _NO_FIELDS
    record.identity = NOWHERE
    if frame is not None:
        code = frame.f_code
        record.source = Source(code.co_filename, frame.f_lineno, code.co_name)
    if "exc_info" in fields:
        record.exception = _take_exception(fields)
    elif type(message) is not str and issubclass(type(message), BaseException):  # isinstance() asks the object itself
        record.exception = message  # type: ignore[assignment]  # as the line above says
    record.fields = fields
    record.thread = threading.current_thread().name
    record.task = _task_name() if "asyncio" in sys.modules else None
    context = current.get()
    correlate(record, context)
    return record, context


def correlate(record: Record, context: Context) -> None:
    """Set the ids of trace, span and request. An active OpenTelemetry span comes before our own."""
    record.request_id = context.request_id
    span = context.span
    record.trace_id, record.span_id = (None, None) if span is None else (span.trace_id, span.span_id)
    if "opentelemetry.trace" in sys.modules:
        ids = active_ids()
        if ids is not None:
            record.trace_id, record.span_id = ids
    fields = record.fields
    if "request_id" in fields:
        given = resolve(fields["request_id"])
        if type(given) is str:
            record.request_id = given
            record.fields = {key: value for key, value in fields.items() if key != "request_id"}
        else:  # computed once
            record.fields = {**fields, "request_id": given}


def _take_exception(fields: dict[str, object]) -> BaseException | None:
    """The exception in `exc_info`, in the forms that `logging` takes; any other value remains an ordinary field."""
    given = fields["exc_info"]
    triple = cast("tuple[object, ...]", given) if type(given) is tuple else ()
    inner: object = resolved(triple[1] if len(triple) == 3 else fields["exc_info"])
    # By type only: isinstance() and == would run the object's own code.
    kind = type(inner)
    if issubclass(kind, BaseException):
        found = cast("BaseException | None", inner)
    elif (kind is bool or kind is int) and not triple:
        found = sys.exc_info()[1] if inner else None
    elif inner is None:
        found = None
    else:
        return None
    del fields["exc_info"]
    return found


def _task_name() -> str | None:
    asyncio = sys.modules["asyncio"]
    try:
        if asyncio._get_running_loop() is None:
            return None
        task = asyncio.current_task()
        return None if task is None else str(task.get_name())
    except Exception:  # an event loop of another make; asyncio still being imported
        return None
