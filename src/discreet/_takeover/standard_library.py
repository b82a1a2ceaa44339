"""Every record of the standard library's `logging` becomes one of ours."""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

from discreet._base.imports import when_imported
from discreet._base.levels import levels
from discreet._base.statistics import process_statistics
from discreet._pipeline import Nobody, host, pipeline_in_force
from discreet._redaction.record import redact
from discreet._takeover import consoles, reconfigured
from discreet._takeover.foreign import comes_back, handing_over
from discreet._takeover.host_record import Given, host_record
from discreet._takeover.log_record import from_logging, is_duplicate
from discreet._takeover.redacted_copy import redacted_copy
from discreet._takeover.taken import handlers_of, is_taken, taker

if TYPE_CHECKING:
    from discreet._context.ambient import Context
    from discreet._pipeline import Pipeline
    from discreet._record import Record, Redacted

_standard_call_handlers, _standard_handle = logging.Logger.callHandlers, logging.Logger.handle
"""Both before discreet changed anything."""


class _Unknown(Nobody):
    """A logger that may have handlers."""

    handlers = (None,)


_nobody = logging.NullHandler()  # without any handler, `logging` would print to stderr


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
    _pass_on()
    consoles.install()
    reconfigured.install()


def give_back() -> None:
    """Undo `take_over`."""
    reconfigured.uninstall()
    consoles.uninstall()
    _pass_on(on=False)
    if logging.Logger.callHandlers is call_handlers:
        logging.Logger.callHandlers = _Original.call_handlers  # type: ignore[method-assign]  # as it was
        _Original.call_handlers = _standard_call_handlers  # the wrapper may be gone when discreet takes over again


def _pass_on(*, on: bool = True) -> None:
    """Give the records of our own loggers to other handlers, and those of `logging` before anything wraps them."""
    if on:
        logging.Logger.handle = handle  # type: ignore[assignment]  # our argument's name
        host.emit, host.unknown, host.logger_class = emit, _Unknown, logging.Logger
        host.call_handlers = None if _Original.wrapped else call_handlers
        if logging.getLogger().handlers:  # now: see `_PRELOADED` in `configure.py`
            import_module("discreet._encoding.console.style")
        if not taker.is_shared:
            taker.is_shared = True
            when_imported("multiprocessing.process", taker.share)  # before it makes a child
        return
    host.__init__()  # type: ignore[misc]  # as it was: nobody listens
    _Original.wrapped = False
    if logging.Logger.handle is handle:
        logging.Logger.handle = _standard_handle  # type: ignore[method-assign]  # as it was


def handle(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Take the record, and pass on to handlers and wrappers of others what they may see of it.

    This is `Logger.handle` while discreet has taken over. `call_handlers` would be too late where something wraps it:
    an error tracker that came after discreet would see the record as it was made.
    """
    if pipeline_in_force() is None:
        _standard_handle(logger, record)
        return
    if logger.disabled:
        return
    passed: object = logger.filter(record)
    if not passed:
        return
    if isinstance(passed, logging.LogRecord):  # since Python 3.12 a filter may return another record
        record = passed
    seen = record if _is_ours(logger) else _take(logger, record)
    if seen is not None:
        logger.callHandlers(seen)


def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Take the record, unless that is done, then call the handlers that are not replaced by discreet.

    This is `Logger.callHandlers` while discreet has taken over.
    """
    pipeline = pipeline_in_force()
    given_back = host.emit is None
    if pipeline is None or given_back or record is _passing.record:  # a function that wraps ours calls it
        _standard_call_handlers(logger, record)
        return
    safe = record if is_taken(record) else _take(logger, record)
    others = _others(logger, record.levelno, pipeline)
    if safe is None or others is None:
        return
    if not _Original.wrapped:
        with handing_over(safe.getMessage()) if "loguru" in sys.modules else nullcontext():
            for handler in others:
                handler.handle(safe)
        return
    # What wrapped `callHandlers` before us gets a logger that has those handlers only.
    stand_in = logging.Logger(safe.name)  # noqa: LOG001 - for this one call, outside the tree of loggers
    stand_in.__dict__.update(vars(logger))
    stand_in.propagate = False
    stand_in.handlers = others or [_nobody]
    _call_original(stand_in, safe)


def _take(logger: logging.Logger, record: logging.LogRecord) -> logging.LogRecord | None:
    """Write the record; what others may see of it, or None if nobody else listens or it cannot be redacted."""
    pipeline = pipeline_in_force()
    if pipeline is None or is_taken(record):
        return record
    shown = None if comes_back(record.getMessage) else consoles.shown(logger, record, pipeline.runners)
    allowed = shown is not None and levels.allows_elsewhere(logger.name, record.levelno)
    safe = to_pipeline(pipeline, shown) if shown is not None and allowed else None
    if shown is not record:  # the filter of a console handler has changed it, for the console only
        safe = None
    if _others(logger, record.levelno, pipeline) is None:
        return None
    try:
        redactor = pipeline.redactor_of(record.name)
        if safe is None:
            ours, _, args = from_logging(record)
            safe = redact(ours, None, args, redactor, with_locals=False)
        return redacted_copy(record, safe, redactor, taker.token)
    except Exception as error:  # fail closed: a record that cannot be redacted is not passed on
        process_statistics.drop(f"logging {type(error).__name__}")
        return None


def emit(pipeline: Pipeline, record: Record, context: Context, args: tuple[object, ...]) -> None:
    """Write a record of our own loggers, and give it to those who listen, too."""
    name = record.logger
    logger = host.loggers.get(name)
    if logger is None:
        logger = host.loggers[name] = logging.getLogger(name)
    others = _others(logger, record.level, pipeline)
    if others is None or logger.manager.disable >= record.level:
        pipeline.process(record, context, args)
        return
    given = Given.of(record, context, args, pipeline.redactor_of(name))
    safe = pipeline.process(record, context, args)
    if safe is None:
        return
    try:
        logger.handle(host_record(safe, given, others, taker.token))
    except Exception as error:  # a handler of the application's: our log calls never raise
        process_statistics.drop(f"other handlers: {type(error).__name__}")


def _is_ours(logger: logging.Logger) -> bool:
    """Whether nothing has wrapped `callHandlers` since we put ours there."""
    return type(logger).callHandlers is call_handlers


def _others(logger: logging.Logger, level: int, pipeline: Pipeline) -> list[logging.Handler] | None:
    """The handlers that discreet does not replace and that want this level; None if they, and wrappers, are none."""
    wanting = [handler for handler in handlers_of(logger) if level >= handler.level]
    others = [handler for handler in wanting if not consoles.is_replaced(handler, pipeline.runners)]
    return others if others or _Original.wrapped or not _is_ours(logger) else None


def _call_original(logger: logging.Logger, record: logging.LogRecord) -> None:
    before, _passing.record = _passing.record, record
    try:
        _Original.call_handlers(logger, record)
    finally:
        _passing.record = before


def to_pipeline(pipeline: Pipeline, record: logging.LogRecord) -> Redacted | None:
    """Send one record of the standard library through our pipeline; what it made of it, if anything. Never raises."""
    if is_duplicate(record):
        return None
    try:
        ours, context, args = from_logging(record)
    except Exception as error:  # a record of another factory, or an incomplete one
        process_statistics.drop(f"logging {type(error).__name__}")
        return None
    return pipeline.take(ours, context, args)
