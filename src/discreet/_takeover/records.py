"""A `logging.LogRecord` as one of our records, and as a redacted copy of itself."""

from __future__ import annotations

import copy
import logging
import os
import sys
from typing import TYPE_CHECKING, cast

from discreet._context.ambient import Context, current
from discreet._context.capture import NOWHERE, correlate
from discreet._record import Record, Source
from discreet._values.messages import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._redaction.redactor import Redactor

# What `logging` itself puts on a record; all else came in through `extra` or a filter.
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
TAKEN = "_discreet_taken"
"""On a copy for other handlers: the process that has taken the record, should a queue bring it back to us."""
# uvicorn's copy of the message with terminal colours in it, and our own mark.
_NOISE = frozenset({"color_message", TAKEN})
_NO_FIELDS: dict[str, object] = {}

repeats: dict[str, Callable[[logging.LogRecord], bool]] = {}
"""By logger: whether a row of a server only repeats what the record of a request says. Integrations fill it in."""


def from_logging(record: logging.LogRecord) -> tuple[Record, Context, tuple[object, ...]]:
    """Our record, the context it was made in, and the `%`-arguments still to be filled in.

    The record may come from a factory of the host's or from another process, so any attribute may be of another type.
    """
    ours = Record()
    ours.time_ns = int(record.created * 1_000_000) * 1000
    ours.level = record.levelno
    ours.logger = _text(record.name)
    ours.message = record.msg
    ours.template = None
    ours.fields = {
        key: value for key, value in vars(record).items() if key not in _OWN and key not in _NOISE
    } or _NO_FIELDS
    ours.ambient = _NO_FIELDS
    ours.identity = NOWHERE
    ours.thread = _text(record.threadName) or None
    ours.task = _text(getattr(record, "taskName", None)) or None
    ours.exception = _exception(record)
    # `exc_text` is all that is left of an exception in a record that came through a queue or a socket.
    stack = _text((record.exc_text if ours.exception is None else None) or record.stack_info)
    ours.stacktrace = stack or None
    if record.levelno >= logging.WARNING:
        line = record.lineno
        ours.source = Source(_text(record.pathname), line if type(line) is int else 0, _text(record.funcName))
    else:
        ours.source = None
    context = _context_of(ours.exception)
    correlate(ours, context)
    args = record.args
    if not args:
        return ours, context, ()
    return ours, context, args if isinstance(args, tuple) else (args,)


def repeated(record: logging.LogRecord) -> bool:
    """Whether discreet has said, or will say, all that this row says; never raises."""
    test = repeats.get(record.name)
    if test is None:
        return False
    try:
        return test(record)
    except Exception:  # a row of another shape than the server's is nothing to leave out
        return False


def _context_of(error: BaseException | None) -> Context:
    """Where the row belongs. A server logs an exception after the request is over: then the exception knows."""
    if error is not None:
        try:
            left: object = getattr(error, "__discreet_context__", None)
        except Exception:  # an exception with a __getattr__ of its own
            left = None
        if isinstance(left, Context):
            return left
    return current.get()


def _exception(record: logging.LogRecord) -> BaseException | None:
    given: object = record.exc_info
    if isinstance(given, tuple) and len(given) == 3:
        given = given[1]
    elif record.exc_info:  # `True`, as handlers in other processes may leave it
        given = sys.exc_info()[1]
    for error in (given, record.msg):
        if issubclass(type(error), BaseException):  # isinstance() would ask the object itself
            return cast("BaseException", error)
    return None


def _text(value: object) -> str:
    return value if type(value) is str else "" if value is None else text_of(value)


def redacted_copy(record: logging.LogRecord, redactor: Redactor) -> logging.LogRecord:
    """The same record with nothing secret in it, for handlers that are not ours.

    Every attribute that a host's formatter may ask for stays under its name.
    """
    from discreet._redaction.record import redact

    ours, _, args = from_logging(record)
    safe = redact(ours, args, redactor, with_locals=False)
    twin = copy.copy(record)
    extra = {key: value for key, value in vars(record).items() if key not in _OWN}
    for key in extra:
        del twin.__dict__[key]
    twin.__dict__.update(redactor.fields(extra))
    twin.__dict__[TAKEN] = os.getpid()
    twin.name, twin.threadName = safe.logger, safe.thread
    if "taskName" in vars(twin):
        twin.taskName = safe.task
    twin.msg, twin.args, twin.message = safe.message, None, safe.message
    twin.exc_info = None  # a formatter would print the raw traceback
    traced = safe.exception is not None or record.exc_text
    twin.exc_text = safe.stacktrace if traced else None
    twin.stack_info = None if traced else safe.stacktrace
    return twin
