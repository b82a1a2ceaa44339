"""Steps 2 to 5 for one record, read from top to bottom: context, redact, encode, deliver."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from discreet._collect import collect
from discreet._health import ledger
from discreet._levels import levels
from discreet._redaction.record import around, redact

if TYPE_CHECKING:
    from types import FrameType

    from discreet._context import Context
    from discreet._correlation import SpanContext
    from discreet._delivery.sink import Sink
    from discreet._levels import Channel
    from discreet._record import Encoder, Identity, Record, Redacted
    from discreet._redaction.engine import Redactor


class Output(NamedTuple):
    """One way out: from this level up, so encoded, to that sink."""

    level: int
    encode: Encoder
    sink: Sink


class _Depth(threading.local):
    now = 0


_MOST_DEPTH = 3  # a record whose own values log, and theirs again: enough to see it, not enough to overflow
_depth = _Depth()


class Pipeline:
    """What happens to a record that passed the gate."""

    def __init__(
        self, redactor: Redactor, outputs: tuple[Output, ...], identity: Identity, *, with_locals: bool = False
    ) -> None:
        self.redactor = redactor
        self.outputs = outputs
        self.identity = identity
        self.with_locals = with_locals

    def emit(
        self,
        channel: Channel,
        level: int,
        message: object,
        args: tuple[object, ...],
        fields: dict[str, object],
        frame: FrameType | None,
        span: SpanContext | None = None,
    ) -> None:
        """A call's record; never raises. With `span` it speaks for that span, whatever is active."""
        depth = _depth.now
        if depth >= _MOST_DEPTH:
            ledger.drop("recursion")
            return
        _depth.now = depth + 1
        try:
            if not levels.temporary or levels.allows(channel.name, level):
                record, context = collect(channel.name, level, message, fields, frame)
                if span is not None:
                    record.trace_id, record.span_id = span.trace_id, span.span_id
                self.process(record, context, args)
        except Exception as error:  # a log call never raises
            self._salvage(channel.name, level, error)
        finally:
            _depth.now = depth

    def take(self, record: Record, context: Context, args: tuple[object, ...]) -> None:
        """A record that was made elsewhere, by the standard library's `logging`; never raises."""
        depth = _depth.now
        if depth >= _MOST_DEPTH:
            ledger.drop("recursion")
            return
        _depth.now = depth + 1
        try:
            self.process(record, context, args)
        except Exception as error:  # as above
            self._salvage(record.logger, record.level, error)
        finally:
            _depth.now = depth

    def _salvage(self, logger: str, level: int, error: Exception) -> None:
        """Nothing of a record can be trusted that failed on its way: say that there was one, and why it is not here."""
        try:
            reason: dict[str, object] = {"reason": type(error).__name__}
            self.process(*collect(logger, level, "a record could not be made", reason, None))
        except Exception as again:  # say it where nothing more can fail
            ledger.drop(f"internal {type(again).__name__}")

    def process(self, record: Record, context: Context, args: tuple[object, ...] = ()) -> None:
        """Redact, then encode and deliver to each output that wants it."""
        record.identity = self.identity
        safe = redact(record, args, self.redactor, with_locals=self.with_locals)
        safe.ambient = around(context, self.redactor, safe.fields)
        self.deliver(safe)

    def deliver(self, record: Redacted) -> None:
        """Steps 4 and 5."""
        for level, encode, sink in self.outputs:
            if record.level >= level:
                try:
                    line = encode(record)
                except Exception as error:  # one sink's encoder must not cost the others their record
                    sink.drop(f"encoding {type(error).__name__}")
                else:
                    sink.accept(line)
