"""Where the application configured `logging` itself: our records go to its handlers, redacted and correlated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discreet._delivery.runner import OwnSink, RecordRunner, Runner, runner_of
from discreet._encoding.console import style
from discreet._pipeline import Pipeline
from discreet._takeover.host_record import Given, host_record
from discreet._takeover.taken import handlers_of

if TYPE_CHECKING:
    from types import FrameType

    from discreet._base.levels import Channel
    from discreet._call.logger import Ids
    from discreet._context.ambient import Context
    from discreet._record import Record, Redacted

_PRELOADED = (style,)  # see `_PRELOADED` in `configure.py`


class HostSink(OwnSink):
    """The host's `logging` tree as a sink that takes records instead of lines."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[int, Given] = {}
        """What the calls gave whose records are on their way here, by the id of the record."""

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
            logger.handle(host_record(record, self.given[id(record)], handlers_of(logger), ""))
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

    def process(self, record: Record, context: Context, args: tuple[object, ...] = ()) -> Redacted | None:
        """As in every pipeline; the sink learns what the call gave."""
        sink = self.runners[0].sink
        assert isinstance(sink, HostSink)
        sink.given[id(record)] = Given.of(record, context, args, self.redactor_of(record.logger))
        try:
            return super().process(record, context, args)
        finally:
            del sink.given[id(record)]
