"""Every record of the standard library's `logging` becomes one of ours."""

from __future__ import annotations

import copy
import logging
import os
import threading
from typing import TYPE_CHECKING

from discreet._base.levels import levels
from discreet._base.statistics import process_statistics
from discreet._pipeline import pipeline_in_force
from discreet._redaction.record import redact
from discreet._takeover import consoles, reconfigured
from discreet._takeover.log_record import STANDARD_ATTRIBUTES, TAKEN_BY, from_logging, handlers_of, is_duplicate

if TYPE_CHECKING:
    from discreet._pipeline import Pipeline
    from discreet._redaction.redactor import Redactor

_standard_call_handlers = logging.Logger.callHandlers
"""`Logger.callHandlers` before discreet changed anything."""


class _Original:
    """`Logger.callHandlers` as `take_over` found it; an error tracker may have wrapped the function, even ours."""

    call_handlers = logging.Logger.callHandlers
    wrapped = False


class _Passing(threading.local):
    """The record that the original function handles now. A function that wraps ours calls ours again with it."""

    record: logging.LogRecord | None = None


_passing = _Passing()


def take_over() -> None:
    """Take every record of `logging`, no matter who configures handlers, before or after this.

    Handlers that write to stdout or stderr stay silent from here on, since discreet writes there; any other handler
    (a file, a mail, an error tracker) gets its records redacted.
    """
    # All records pass through `callHandlers`.
    if logging.Logger.callHandlers is not call_handlers:
        _Original.call_handlers = logging.Logger.callHandlers
        _Original.wrapped = getattr(_Original.call_handlers, "__module__", "") != "logging"
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign,assignment]  # our argument's name
    consoles.install()
    reconfigured.install()


def give_back() -> None:
    """Undo `take_over`."""
    reconfigured.uninstall()
    consoles.uninstall()
    if logging.Logger.callHandlers is call_handlers:
        logging.Logger.callHandlers = _Original.call_handlers  # type: ignore[method-assign]  # as it was


def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Take the record, then give redacted copies to the handlers that are not replaced by discreet.

    This is `Logger.callHandlers` while discreet has taken over.
    """
    pipeline = pipeline_in_force()
    given_back = pipeline is None and logging.Logger.callHandlers is not call_handlers
    if given_back or record is _passing.record:  # a function that wraps ours calls it
        _standard_call_handlers(logger, record)
        return
    if pipeline is None:
        _call_original(logger, record)
        return
    shown = consoles.shown(logger, record, pipeline.runners)
    if shown is not None and levels.allows_elsewhere(logger.name, record.levelno):
        to_pipeline(pipeline, shown)
    wanting = [handler for handler in handlers_of(logger) if record.levelno >= handler.level]
    others = [handler for handler in wanting if not consoles.is_replaced(handler, pipeline.runners)]
    if not others and not _Original.wrapped:
        return
    try:
        safe = _redacted_copy(record, pipeline.redactor_of(record.name))
        copies = [copy.copy(safe) for _ in others]  # a handler may change its record, and only its own
    except Exception as error:  # fail closed: a record that cannot be redacted is not passed on
        process_statistics.drop(f"logging {type(error).__name__}")
        return
    for handler, copied in zip(others, copies, strict=True):
        handler.handle(copied)
    if _Original.wrapped:  # the wrapper gets a logger without handlers, since the handlers have their copies already
        stand_in = logging.Logger(safe.name)  # noqa: LOG001 - for this one call, outside the tree of loggers
        stand_in.propagate = False
        stand_in.addHandler(logging.NullHandler())
        _call_original(stand_in, safe)


def _redacted_copy(record: logging.LogRecord, redactor: Redactor) -> logging.LogRecord:
    """A copy of the record without secrets, for handlers that are not ours.

    Every attribute that another formatter may use keeps its name.
    """
    ours, _, args = from_logging(record)
    safe = redact(ours, None, args, redactor, with_locals=False)
    copied = copy.copy(record)
    extra = {key: value for key, value in vars(record).items() if key not in STANDARD_ATTRIBUTES}
    for key in extra:
        del copied.__dict__[key]
    copied.__dict__.update(redactor.fields(extra))
    copied.__dict__[TAKEN_BY] = os.getpid()
    copied.name, copied.threadName = safe.logger, safe.thread
    if "taskName" in vars(copied):
        copied.taskName = safe.task
    copied.msg, copied.args, copied.message = safe.message, None, safe.message
    copied.exc_info = None  # a formatter would print the raw traceback
    is_traceback = safe.exception is not None or record.exc_text
    copied.exc_text = safe.stacktrace if is_traceback else None
    copied.stack_info = None if is_traceback else safe.stacktrace
    return copied


def _call_original(logger: logging.Logger, record: logging.LogRecord) -> None:
    before, _passing.record = _passing.record, record
    try:
        _Original.call_handlers(logger, record)
    finally:
        _passing.record = before


def to_pipeline(pipeline: Pipeline, record: logging.LogRecord) -> None:
    """Send one record of the standard library through our pipeline; never raises."""
    if is_duplicate(record):
        return
    try:
        ours, context, args = from_logging(record)
    except Exception as error:  # a record of another factory, or an incomplete one
        process_statistics.drop(f"logging {type(error).__name__}")
        return
    pipeline.take(ours, context, args)
