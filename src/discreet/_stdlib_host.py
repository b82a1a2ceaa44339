"""The host configured `logging` itself: our records flow into its handlers, redacted and correlated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discreet import _pipeline
from discreet._delivery.sink import Sink
from discreet._health import reason_of
from discreet._levels import severity_text

if TYPE_CHECKING:
    from discreet._record import Identity, Redacted
    from discreet._redaction.engine import Redactor

_TAKEN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


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
            if logger.isEnabledFor(record.level):
                logger.handle(_as_logging(logger, record))
                with self._lock:
                    self.delivered += 1
        except Exception as error:  # a handler of the host's
            self.drop(reason_of(error))


class HostPipeline(_pipeline.Pipeline):
    """Steps 2 and 3 as ever; encoding and delivery are the host's."""

    def __init__(self, sink: HostSink, redactor: Redactor, identity: Identity, *, with_locals: bool) -> None:
        super().__init__(redactor, (), identity, with_locals=with_locals)
        self.sink = sink

    def deliver(self, record: Redacted) -> None:
        """To the host."""
        self.sink.hand_over(record)


def _as_logging(logger: logging.Logger, record: Redacted) -> logging.LogRecord:
    attributes: dict[str, object] = {**record.ambient, **record.fields}
    for name in ("trace_id", "span_id", "request_id"):
        value = getattr(record, name)
        if value is not None:
            attributes[name] = value
    message = record.message
    if attributes and _shows_only_messages(logger):
        message += "".join(f" {key}={value}" for key, value in attributes.items())
    source = record.source
    twin = logging.LogRecord(
        record.logger,
        record.level,
        source.file if source else "",
        source.line if source else 0,
        message,
        None,
        None,
        source.function if source else None,
    )
    twin.levelname = logging.getLevelName(record.level) if record.level % 10 else severity_text(record.level)
    twin.created = record.time_ns / 1e9
    twin.msecs = record.time_ns // 1_000_000 % 1000
    twin.threadName = record.thread
    twin.exc_text = record.stacktrace  # already text: the host must not print the raw traceback
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
