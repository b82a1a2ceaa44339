"""A `logging.LogRecord` as one of our records."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, cast

from discreet._context.ambient import Context, current
from discreet._context.capture import NOWHERE, correlate, take_exception
from discreet._record import Identity, Record, Source
from discreet._takeover.taken import IDS, STANDARD_ATTRIBUTES, TAKEN_BY
from discreet._values.messages import event_of
from discreet._values.plain import text_of
from discreet._values.proxies import resolved

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESS_NAME = "process_name"
_UNNAMED = ("MainProcess", None)

# `color_message` is uvicorn's copy of the message, with terminal colours in it.
_NOT_FIELDS = STANDARD_ATTRIBUTES | {"color_message", TAKEN_BY}
_NO_FIELDS: dict[str, object] = {}

duplicate_rows: dict[str, Callable[[logging.LogRecord], bool]] = {}
"""By logger: whether a row of a server only repeats what a request's record says. Integrations fill this in."""


def from_logging(record: logging.LogRecord) -> tuple[Record, Context, tuple[object, ...]]:
    """Our record, the context that it was made in, and the `%`-arguments that are still to be filled in.

    A record of another factory or of another process may have any type in any attribute.
    """
    ours = Record()
    ours.time_ns = int(record.created * 1_000_000) * 1000
    ours.level = record.levelno
    ours.logger = _text(record.name)
    ours.message = record.msg
    ours.template = None
    attributes = vars(record)
    fields = {key: value for key, value in attributes.items() if key not in _NOT_FIELDS}
    if issubclass(type(record.msg), dict):
        fields = _event(ours, cast("dict[object, object]", record.msg), fields)
    inner = take_exception(fields)  # a dict as the message may bring one
    ours.fields = fields = fields or _NO_FIELDS
    ours.ambient = _NO_FIELDS
    process = record.process
    ours.identity = NOWHERE if type(process) is not int or process == os.getpid() else Identity(process=process)
    if record.processName not in _UNNAMED and PROCESS_NAME not in fields:
        ours.fields = {**fields, PROCESS_NAME: _text(record.processName)}
    ours.thread = _text(record.threadName) or None
    ours.task = _text(getattr(record, "taskName", None)) or None
    ours.exception = _exception(record) or inner
    # A record that came through a queue or a socket has no exception any more, only its text in `exc_text`.
    stack = _text((record.exc_text if ours.exception is None else None) or record.stack_info)
    ours.stacktrace = stack or None
    if record.levelno >= logging.WARNING:
        line = record.lineno
        ours.source = Source(_text(record.pathname), line if type(line) is int else 0, _text(record.funcName))
    else:
        ours.source = None
    # The context of a request is on its exception, which a server may log after the request.
    try:
        attached: object = getattr(ours.exception, "__discreet_context__", None)
    except Exception:  # an exception with a __getattr__ of its own
        attached = None
    context = attached if isinstance(attached, Context) else current.get()
    correlate(ours, context)
    if TAKEN_BY in attributes:  # it comes from another process, where it was made by discreet or passed through it
        _take_ids(ours, attributes)
    args = record.args or ()
    return ours, context, args if isinstance(args, tuple) else (args,)


def _event(ours: Record, message: dict[object, object], fields: dict[str, object]) -> dict[str, object]:
    """A dict as the message: its fields, and those of the record. Sets the message.

    structlog's `wrap_for_formatter` marks its own, in which these three only repeat what the record says.
    """
    is_structlog = fields.pop("_logger", None) is not None and "_name" in fields
    ours.message, fields = event_of(message, fields)  # type: ignore[assignment]  # the redaction step makes it text
    if is_structlog:
        for name in ("_name", "level", "logger", "timestamp"):
            fields.pop(name, None)
    return fields


def _take_ids(ours: Record, attributes: dict[str, object]) -> None:
    """Read back the ids that discreet has put on a record for handlers of the host."""
    found = {name: attributes[name] for name in IDS if type(attributes.get(name)) is str}
    for name, value in found.items():
        setattr(ours, name, value)
    ours.fields = {key: value for key, value in ours.fields.items() if key not in found}


def is_duplicate(record: logging.LogRecord) -> bool:
    """Whether a request's record says, or will say, all that this row says; never raises."""
    test = duplicate_rows.get(record.name)
    if test is None:
        return False
    try:
        return test(record)
    except Exception:  # not a row as the server writes them, so it stays
        return False


def _exception(record: logging.LogRecord) -> BaseException | None:
    found: object = record.exc_info
    if isinstance(found, tuple) and len(found) == 3:
        found = found[1]
    elif record.exc_info:  # `True`, as handlers in other processes may leave it
        found = sys.exc_info()[1]
    for error in (resolved(found), record.msg):
        if issubclass(type(error), BaseException):  # isinstance() would run the object's own `__class__`
            return cast("BaseException", error)
    return None


def _text(value: object) -> str:
    return value if type(value) is str else "" if value is None else text_of(value)
