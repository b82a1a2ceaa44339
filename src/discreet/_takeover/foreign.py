"""What the logging libraries of others share on their way in: structlog's events and loguru's records."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from discreet._base.levels import WARNING, levels
from discreet._base.statistics import process_statistics
from discreet._context.ambient import current
from discreet._context.capture import NOWHERE, correlate, task_name
from discreet._pipeline import pipeline_in_force
from discreet._record import Record, Source

if TYPE_CHECKING:
    from collections.abc import Generator


class _HandedOver(threading.local):
    """The text of the record that this thread hands to another library now. What comes back with it is that record."""

    text: str | None = None


_handed_over = _HandedOver()


@contextmanager
def handing_over(text: str) -> Generator[None]:
    """While a record of ours is given to a handler that may log it again, through another library, under its text."""
    before, _handed_over.text = _handed_over.text, text
    try:
        yield
    finally:
        _handed_over.text = before


def is_handed_over(text: object) -> bool:
    """Whether a record with this text is one of ours that comes back."""
    return _handed_over.text is not None and _handed_over.text == text


def is_console(stream: object) -> bool:
    """Whether a stream is where discreet writes, so that the text need not be written there too."""
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return stream in console or any(stream is getattr(own, "buffer", None) for own in console if own is not None)


def take(
    logger: str,
    level: int,
    text: object,
    fields: dict[str, object],
    *,
    source: Source | None,
    exception: BaseException | None = None,
    stack: str | None = None,
    time_ns: int | None = None,
) -> None:
    """Send one record of another library through our pipeline, if our levels let it pass; never raises."""
    pipeline = pipeline_in_force()
    if pipeline is None or not levels.allows(logger, level, elsewhere=True):
        return
    try:
        record = Record()
        record.time_ns = time.time_ns() if time_ns is None else time_ns
        record.level = level
        record.logger = logger
        record.message = "%s"  # the text is finished: its braces and percent signs are no placeholders
        record.template = None
        record.fields = fields
        record.ambient = {}
        record.identity = NOWHERE
        record.thread = threading.current_thread().name
        record.task = task_name()
        record.source = source if level >= WARNING else None
        record.exception = exception
        record.stacktrace = stack
        context = current.get()
        correlate(record, context)
    except Exception as error:  # an event that holds what nobody expects
        process_statistics.drop(f"foreign {type(error).__name__}")
        return
    pipeline.take(record, context, (text,))
