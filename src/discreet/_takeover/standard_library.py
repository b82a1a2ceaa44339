"""Every record of the standard library's `logging` becomes one of ours."""

from __future__ import annotations

import copy
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from discreet._base.levels import levels
from discreet._base.statistics import process_statistics
from discreet._delivery.runner import OwnSink
from discreet._pipeline import pipeline_in_force
from discreet._redaction.record import redact
from discreet._takeover.log_record import STANDARD_ATTRIBUTES, TAKEN_BY, from_logging, handlers_of, is_duplicate

if TYPE_CHECKING:
    from discreet._pipeline import Pipeline
    from discreet._redaction.redactor import Redactor

_levels_set: dict[str, int] = {}
"""The levels that discreet has set on named loggers of `logging`."""

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
    if _apply_levels not in levels.listeners:
        levels.listeners.append(_apply_levels)
    _apply_levels()


def give_back() -> None:
    """Undo `take_over`."""
    if logging.Logger.callHandlers is not call_handlers:
        return
    for name in ("", *_levels_set):
        logging.getLogger(name).setLevel(logging.NOTSET if name else logging.WARNING)
    _levels_set.clear()
    logging.Logger.callHandlers = _Original.call_handlers  # type: ignore[method-assign]  # as it was
    if _apply_levels in levels.listeners:
        levels.listeners.remove(_apply_levels)


def _apply_levels() -> None:
    """Set the levels of `logging` so that what our levels let through gets here."""
    logging.getLogger().setLevel(levels.gate("", elsewhere=True))
    named = {name: levels.gate(name, elsewhere=True) for name in {*levels.named, *levels.temporary} if name}
    for name in _levels_set.keys() - named.keys():
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name, level in named.items():
        logging.getLogger(name).setLevel(level)
    _levels_set.clear()
    _levels_set.update(named)


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
    if not levels.temporary or levels.allows(logger.name, record.levelno, elsewhere=True):
        to_pipeline(pipeline, record)
    wanting = [handler for handler in handlers_of(logger) if record.levelno >= handler.level]
    others = [handler for handler in wanting if not _is_replaced(handler, pipeline)]
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


def _is_replaced(handler: logging.Handler, pipeline: Pipeline) -> bool:
    """Whether discreet already writes what this handler would."""
    if type(handler).__module__ == "discreet.stdlib":
        return True
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    if issubclass(type(handler), logging.StreamHandler) and getattr(handler, "stream", None) in console:
        return True
    if handler is getattr(sys.modules.get("flask.logging"), "default_handler", None):
        return True  # it writes to the request's `wsgi.errors`, which is the server's stderr
    if type(handler).__module__ == "rich.logging":  # Rich's console handler is no StreamHandler
        return True
    sinks = [runner.sink for runner in pipeline.runners]
    return any(isinstance(sink, OwnSink) and sink.replaces(handler) for sink in sinks)


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
