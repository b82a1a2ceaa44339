"""Where the application configured `logging` itself: our records go to its handlers, redacted and correlated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discreet._base.escape import escape
from discreet._base.levels import severity_text
from discreet._delivery.runner import OwnSink, RecordRunner, Runner, runner_of
from discreet._encoding.console.style import field_tokens
from discreet._pipeline import Pipeline
from discreet._takeover.log_record import STANDARD_ATTRIBUTES, handlers_of

if TYPE_CHECKING:
    from types import FrameType

    from discreet._base.levels import Channel
    from discreet._call.logger import Ids
    from discreet._record import Redacted


class HostRecord(logging.LogRecord):
    """A record of ours as a `logging.LogRecord`; its slot keeps our record, for a formatter of ours."""

    __slots__ = ("original",)

    original: Redacted


class HostSink(OwnSink):
    """The host's `logging` tree as a sink that takes records instead of lines."""

    @property
    def name(self) -> str:
        """What `health()` calls it."""
        return "logging"

    def make_runner(self) -> Runner:
        """One without a lock around the handlers, which have locks of their own."""
        return RecordRunner(self, self.write_record)

    def write_record(self, record: Redacted) -> bool:
        """Give the host the record as a `logging.LogRecord`; False if its levels do not let it through."""
        logger = logging.getLogger(record.logger)
        if logger.disabled:  # `dictConfig` disables all loggers that it does not name
            runner_of(self).drop("disabled logger")
            return False
        if logger.isEnabledFor(record.level):
            logger.handle(_as_logging(logger, record))
            return True
        return False


class HostPipeline(Pipeline):
    """Capture and redaction as in every pipeline; the host's handlers encode and deliver."""

    def emit(
        self,
        channel: Channel,
        level: int,
        message: object,
        args: tuple[object, ...],
        fields: dict[str, object],
        frame: FrameType | None,
        ids: Ids | None = None,
    ) -> None:
        """As in every pipeline, if the host's levels let the call through."""
        logger = logging.getLogger(channel.name)
        if logger.disabled or logger.isEnabledFor(level):
            super().emit(channel, level, message, args, fields, frame, ids)


def _as_logging(logger: logging.Logger, record: Redacted) -> HostRecord:
    attributes: dict[str, object] = {**record.ambient, **record.fields}
    for name in ("trace_id", "span_id", "request_id"):
        value = getattr(record, name)
        if value is not None:
            attributes[name] = value
    message = record.message
    stacktrace = record.stacktrace
    formatters = (handler.formatter for handler in handlers_of(logger))
    if all(formatter is None or type(formatter) is logging.Formatter for formatter in formatters):
        # Plain formatters show no field outside the message, and neither quote nor escape: a line break would forge a
        # row.
        shown = ["".join(text for text, _ in field_tokens(key, value, escape, "")) for key, value in attributes.items()]
        message = " ".join([escape(message), *shown])
        stacktrace = stacktrace and "\n".join(map(escape, stacktrace.split("\n")))
    source = record.source
    converted = HostRecord(
        record.logger,
        record.level,
        source.file if source else "",
        source.line if source else 0,
        message,
        None,
        None,
        source.function if source else None,
    )
    converted.original = record
    converted.levelname = logging.getLevelName(record.level) if record.level % 10 else severity_text(record.level)
    converted.created = record.time_ns / 1e9
    converted.msecs = record.time_ns // 1_000_000 % 1000
    converted.threadName = record.thread
    converted.exc_text = stacktrace  # redacted text, so that the host does not print the raw traceback
    for key, value in attributes.items():
        converted.__dict__[f"field.{key}" if key in STANDARD_ATTRIBUTES else key] = value
    return converted
