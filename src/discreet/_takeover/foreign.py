"""What the logging libraries of others share on their way in: structlog's events and loguru's records."""

from __future__ import annotations

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
from discreet._takeover.consoles import ends_on_console

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class _HandedOver(threading.local):
    """What this thread hands to another library now. What comes back with its text is that very record."""

    active = False
    text: str | None = None
    """None: whatever comes is that record."""


_handed_over = _HandedOver()


@contextmanager
def handing_over(text: str | None) -> Generator[None]:
    """While a record that was taken is given to somebody who may log it again, through another library."""
    here = _handed_over
    before = here.active, here.text
    here.active, here.text = True, text
    try:
        yield
    finally:
        here.active, here.text = before


def comes_back(text: Callable[[], str]) -> bool:
    """Whether a record with this text is one that was taken already."""
    here = _handed_over
    try:
        return here.active and (here.text is None or here.text == text())
    except Exception:  # a text that cannot be made is no other record's
        return False


def is_console(stream: object) -> bool:
    """Whether a stream is where discreet writes, so that the text need not be written there too."""
    pipeline = pipeline_in_force()
    return stream is not None and pipeline is not None and ends_on_console(stream, pipeline.runners)


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
    if pipeline is None or not levels.allows_elsewhere(logger, level):
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
