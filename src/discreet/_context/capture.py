"""From a call to a record: time, place, thread and context are captured now, because they change."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from discreet._base.levels import ERROR
from discreet._call.logger import caller
from discreet._context.ambient import current, note_severity
from discreet._context.opentelemetry import active_ids
from discreet._record import Identity, Record, Source
from discreet._values.deferred import resolve
from discreet._values.exceptions import stack_text
from discreet._values.messages import event_of
from discreet._values.proxies import resolved

if TYPE_CHECKING:
    from types import FrameType

    from discreet._context.ambient import Context

NOWHERE = Identity()
_NO_FIELDS: dict[str, object] = {}
_KEYWORDS = frozenset(("exc_info", "extra", "stack_info", "stacklevel"))
"""Of a log call: those that `logging` has too."""


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
    if type(message) is not str:  # by type only: isinstance() asks the object itself
        if issubclass(type(message), BaseException):
            record.exception = message  # type: ignore[assignment]  # as the line above says
        elif issubclass(type(message), dict):
            record.message, fields = event_of(message, fields)  # type: ignore[arg-type,assignment]  # a dict
    if not _KEYWORDS.isdisjoint(fields):
        fields = _take_keywords(record, fields, frame)
    elif frame is not None:
        code = frame.f_code
        record.source = Source(code.co_filename, frame.f_lineno, code.co_name)
    record.fields = fields
    record.thread = threading.current_thread().name
    record.task = task_name() if "asyncio" in sys.modules else None
    context = current.get()
    correlate(record, context)
    return record, context


def correlate(record: Record, context: Context) -> None:
    """Set the ids of trace, span and request. An active OpenTelemetry span comes before our own."""
    if record.level >= ERROR and context.scope is not None:
        note_severity(context.scope, record.level)
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


def _take_keywords(record: Record, fields: dict[str, object], frame: FrameType | None) -> dict[str, object]:
    """Put what the keywords of `logging` say on the record. The fields without them; any other value is a field."""
    record.exception = take_exception(fields) or record.exception
    level, wants_stack = fields.get("stacklevel"), fields.get("stack_info", False)
    if type(wants_stack) is bool:
        fields.pop("stack_info", None)
        if wants_stack:
            record.stacktrace = stack_text(caller(fields, frame or _outermost_call()))
    if type(level) is int:
        if frame is not None:
            frame = caller(fields, frame)
        del fields["stacklevel"]
    if frame is not None:
        record.source = Source(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
    extra = resolved(fields.get("extra", _NO_FIELDS))
    if extra is None or issubclass(type(extra), Mapping):  # isinstance() would ask the object itself
        given = cast("Mapping[object, object]", _NO_FIELDS if extra is None else extra)
        try:
            more = {str(name): value for name, value in given.items()}
        except Exception as error:  # a mapping of the user's: its own failure costs its fields only
            more = {"extra": f"<{type(extra).__name__} raised {type(error).__name__}>"}
        fields = {**more, **{name: value for name, value in fields.items() if name != "extra"}}
    return fields


def _outermost_call() -> FrameType:
    """The frame that called the logger, where the record needs no source and so was not given it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("discreet."):
        frame = frame.f_back
    return frame


def take_exception(fields: dict[str, object]) -> BaseException | None:
    """The exception in `exc_info`, in the forms that `logging` takes; any other value remains an ordinary field."""
    given = fields.get("exc_info")
    if given is None:
        fields.pop("exc_info", None)
        return None
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


def task_name() -> str | None:
    """The name of the running asyncio task."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        if asyncio._get_running_loop() is None:
            return None
        task = asyncio.current_task()
        return None if task is None else str(task.get_name())
    except Exception:  # an event loop of another make; asyncio still being imported
        return None
