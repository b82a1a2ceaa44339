"""A `logging.LogRecord` as one of our records, and as a redacted copy of itself."""

from __future__ import annotations

import copy
import logging
import sys
from typing import TYPE_CHECKING

from discreet._collect import NOWHERE, correlate
from discreet._context import Context, current
from discreet._record import Record, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._redaction.engine import Redactor

# What `logging` itself puts on a record; all else came in through `extra` or a filter.
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
# uvicorn's copy of the message with terminal colours in it.
_NOISE = frozenset({"color_message"})
_NO_FIELDS: dict[str, object] = {}

repeats: dict[str, Callable[[logging.LogRecord], bool]] = {}
"""By logger: whether a row of a server only repeats what the record of a request says. Integrations fill it in."""


def from_logging(record: logging.LogRecord) -> tuple[Record, Context, tuple[object, ...]]:
    """Our record, the context it was made in, and the `%`-arguments still to be filled in."""
    ours = Record()
    ours.time_ns = int(record.created * 1_000_000) * 1000
    ours.level = record.levelno
    ours.logger = record.name
    ours.message = record.msg
    ours.template = None
    ours.fields = {
        key: value for key, value in vars(record).items() if key not in _OWN and key not in _NOISE
    } or _NO_FIELDS
    ours.ambient = _NO_FIELDS
    ours.identity = NOWHERE
    ours.thread = record.threadName
    ours.task = getattr(record, "taskName", None)
    ours.stacktrace = record.stack_info or None
    warns = record.levelno >= logging.WARNING
    ours.source = Source(record.pathname, record.lineno, record.funcName or "") if warns else None
    ours.exception = _exception(record)
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
    if isinstance(given, BaseException):
        return given
    return record.msg if isinstance(record.msg, BaseException) else None


def redacted_copy(record: logging.LogRecord, redactor: Redactor) -> logging.LogRecord:
    """The same record with nothing secret in it, for handlers that are not ours."""
    from discreet._redaction.record import redact

    ours, _, args = from_logging(record)
    safe = redact(ours, args, redactor, with_locals=False)
    twin = copy.copy(record)
    for key in vars(record).keys() - _OWN:
        del twin.__dict__[key]
    twin.__dict__.update(safe.fields)
    twin.msg, twin.args, twin.message = safe.message, None, safe.message
    twin.exc_info = None  # a formatter would print the raw traceback
    twin.exc_text = safe.stacktrace if safe.exception is not None else None
    twin.stack_info = safe.stacktrace if safe.exception is None else None
    return twin
