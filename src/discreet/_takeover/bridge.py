"""Every record of the standard library becomes one of ours, whoever configures handlers before or after us."""

from __future__ import annotations

import copy
import logging
import sys
from typing import TYPE_CHECKING

from discreet._base.levels import levels
from discreet._base.statistics import process_statistics
from discreet._pipeline import pipeline_in_force
from discreet._takeover.records import from_logging, redacted_copy, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._pipeline import Pipeline

_leveled: dict[str, int] = {}


class _Previous:
    """What `Logger.callHandlers` was before; an error tracker may have wrapped the standard library's own."""

    call_handlers = logging.Logger.callHandlers
    wrapped = False


def take_over() -> None:
    """Take every record of `logging` where all of them pass, whoever configures handlers before or after us.

    Handlers that write to stdout or stderr stay silent from here on, since discreet writes there; any other (a
    file, a mail, an error tracker) gets its records redacted.
    """
    # The one place that all records pass.
    if logging.Logger.callHandlers is not call_handlers:
        _Previous.call_handlers = logging.Logger.callHandlers
        _Previous.wrapped = getattr(_Previous.call_handlers, "__module__", "") != "logging"
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign,assignment]  # named for what it is
    if _apply_levels not in levels.listeners:
        levels.listeners.append(_apply_levels)
    _apply_levels()


def give_back() -> None:
    """Undo `take_over`."""
    if logging.Logger.callHandlers is not call_handlers:
        return
    for name in ("", *_leveled):
        logging.getLogger(name).setLevel(logging.NOTSET if name else logging.WARNING)
    _leveled.clear()
    logging.Logger.callHandlers = _Previous.call_handlers  # type: ignore[method-assign]  # as it was
    if _apply_levels in levels.listeners:
        levels.listeners.remove(_apply_levels)


def _apply_levels() -> None:
    """Let through `logging`'s own gate what our levels let through."""
    logging.getLogger().setLevel(levels.gate("", elsewhere=True))
    named = {name: levels.gate(name, elsewhere=True) for name in {*levels.named, *levels.temporary} if name}
    for name in _leveled.keys() - named.keys():
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name, level in named.items():
        logging.getLogger(name).setLevel(level)
    _leveled.clear()
    _leveled.update(named)


def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    """What `Logger.callHandlers` is while discreet has taken over."""
    pipeline = pipeline_in_force()
    if pipeline is None:
        _Previous.call_handlers(logger, record)
        return
    if not levels.temporary or levels.allows(logger.name, record.levelno, elsewhere=True):
        to_pipeline(pipeline, record)
    asking = [handler for handler in _handlers(logger) if record.levelno >= handler.level]
    others = [handler for handler in asking if not _is_ours(handler, pipeline)]
    if not others and not _Previous.wrapped:
        return
    try:
        safe = redacted_copy(record, pipeline.redactor_of(record.name))
        copies = [copy.copy(safe) for _ in others]  # what one handler does to its record is not the next one's
    except Exception as error:  # fail closed: what cannot be redacted is not handed on
        process_statistics.drop(f"logging {type(error).__name__}")
        return
    for handler, copied in zip(others, copies, strict=True):
        handler.handle(copied)
    if _Previous.wrapped:  # with a logger that has no handlers: they had their turn
        _Previous.call_handlers(_handlerless(safe.name), safe)


def _handlerless(name: str) -> logging.Logger:
    logger = logging.Logger(name)  # noqa: LOG001 - for this one call, and no part of the tree
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    """A logger's handlers and its parents', as far as it propagates."""
    here: logging.Logger | None = logger
    while here is not None:
        yield from here.handlers
        here = here.parent if here.propagate else None


def _is_ours(handler: logging.Handler, pipeline: Pipeline) -> bool:
    """Whether discreet already writes what this handler would."""
    if type(handler).__module__ == "discreet.stdlib":
        return True
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    if issubclass(type(handler), logging.StreamHandler) and getattr(handler, "stream", None) in console:
        return True
    if handler is getattr(sys.modules.get("flask.logging"), "default_handler", None):
        return True  # writes to the request's `wsgi.errors`, which is the server's stderr
    if type(handler).__module__ == "rich.logging":  # Rich's console handler is no StreamHandler
        return True
    return any(sink.replaces(handler) for sink in pipeline.sinks)


def to_pipeline(pipeline: Pipeline, record: logging.LogRecord) -> None:
    """One record of the standard library on our way; never raises."""
    if repeated(record):
        return
    try:
        ours, context, args = from_logging(record)
    except Exception as error:  # no record of the standard library's: of another factory, or half of one
        process_statistics.drop(f"logging {type(error).__name__}")
        return
    pipeline.take(ours, context, args)
