"""The host configured `logging` itself: our records flow into its handlers, redacted and correlated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discreet import _pipeline
from discreet._base.diagnostics import reason_of
from discreet._base.escape import escape
from discreet._base.levels import severity_text
from discreet._delivery.sink import Sink
from discreet._encoding.console.values import field_tokens

if TYPE_CHECKING:
    from types import FrameType

    from discreet._base.levels import Channel
    from discreet._call.logger import TraceIds
    from discreet._record import Identity, Redacted
    from discreet._redaction.redactor import Redactor

_TAKEN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


class HostRecord(logging.LogRecord):
    """A record of ours in the host's clothes. In a slot it keeps the original, for a formatter of ours to write."""

    __slots__ = ("original",)

    original: Redacted


class HostSink(Sink):
    """The host's `logging` tree as a sink: it keeps the books, and takes records instead of lines."""

    @property
    def name(self) -> str:
        """What `health()` calls it."""
        return "logging"

    def hand_over(self, record: Redacted) -> None:
        """Give the host one of its own kind of record; never raises."""
        logger = logging.getLogger(record.logger)
        try:
            if logger.disabled:  # `dictConfig` does this to all loggers that it does not name
                self.drop("disabled logger")
            elif logger.isEnabledFor(record.level):
                logger.handle(_as_logging(logger, record))
                with self._lock:
                    self.statistics.emitted += 1
                    self.statistics.delivered += 1
        except Exception as error:  # a handler of the host's
            self.drop(reason_of(error))


class HostPipeline(_pipeline.Pipeline):
    """Steps 2 and 3 as ever; encoding and delivery are the host's."""

    def __init__(self, sink: HostSink, redactor: Redactor, identity: Identity, *, with_locals: bool) -> None:
        super().__init__(redactor, (), identity, with_locals=with_locals)
        self.sink = sink
        self.sinks = (sink,)

    def emit(
        self,
        channel: Channel,
        level: int,
        message: object,
        args: tuple[object, ...],
        fields: dict[str, object],
        frame: FrameType | None,
        span: TraceIds | None = None,
    ) -> None:
        """As ever, once the host's levels let it through: a call that they disable does nothing else."""
        logger = logging.getLogger(channel.name)
        if logger.disabled or logger.isEnabledFor(level):
            super().emit(channel, level, message, args, fields, frame, span)

    def deliver(self, record: Redacted) -> None:
        """To the host."""
        self.sink.hand_over(record)


def _as_logging(logger: logging.Logger, record: Redacted) -> HostRecord:
    attributes: dict[str, object] = {**record.ambient, **record.fields}
    for name in ("trace_id", "span_id", "request_id"):
        value = getattr(record, name)
        if value is not None:
            attributes[name] = value
    message = record.message
    stacktrace = record.stacktrace
    if _shows_only_messages(logger):
        # Nothing behind this will quote or escape: a line break would forge a row.
        shown = ["".join(text for text, _ in field_tokens(key, value, escape, "")) for key, value in attributes.items()]
        message = " ".join([escape(message), *shown])
        stacktrace = stacktrace and "\n".join(map(escape, stacktrace.split("\n")))
    source = record.source
    twin = HostRecord(
        record.logger,
        record.level,
        source.file if source else "",
        source.line if source else 0,
        message,
        None,
        None,
        source.function if source else None,
    )
    twin.original = record
    twin.levelname = logging.getLevelName(record.level) if record.level % 10 else severity_text(record.level)
    twin.created = record.time_ns / 1e9
    twin.msecs = record.time_ns // 1_000_000 % 1000
    twin.threadName = record.thread
    twin.exc_text = stacktrace  # already text: the host must not print the raw traceback
    for key, value in attributes.items():
        twin.__dict__[f"field.{key}" if key in _TAKEN else key] = value
    return twin


def _shows_only_messages(logger: logging.Logger) -> bool:
    """Whether every handler formats plainly, so that fields would be lost unless the message shows them."""
    here: logging.Logger | None = logger
    while here is not None:
        for handler in here.handlers:
            if handler.formatter is not None and type(handler.formatter) is not logging.Formatter:
                return False
        here = here.parent if here.propagate else None
    return True
