"""Steps 2 to 5 for one record, read from top to bottom: context, redact, encode, deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from discreet._base.levels import INFO, levels
from discreet._base.statistics import process_statistics
from discreet._call.logger import active
from discreet._context.ambient import EMPTY as NO_CONTEXT
from discreet._context.capture import collect
from discreet._delivery.stream import echoes, recent, writing
from discreet._encoding.salvage import salvage
from discreet._redaction.audit import audit, current
from discreet._redaction.record import redact
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import Any

    from discreet._base.levels import Channel
    from discreet._call.logger import Ids
    from discreet._context.ambient import Context
    from discreet._delivery.runner import Runner
    from discreet._record import Encoder, Identity, Record, Redacted


ANY = 1 << 62  # above every level


class Output(NamedTuple):
    """A sink's runner, the encoder of its lines, and the levels that it takes: from `level` up, and below `below`."""

    level: int
    encode: Encoder | None
    """None: the sink takes records instead of lines."""
    runner: Runner
    below: int = ANY


class Nobody:
    """In the place of a logger of `logging` while discreet has not taken `logging` over: nobody listens."""

    callHandlers: Any = None  # noqa: N815 - logging's name
    handlers: Sequence[object] = ()


class _Host:
    """The application's `logging`, as far as the pipeline knows it. `_takeover` fills this in."""

    def __init__(self) -> None:
        self.loggers: dict[str, Any] = {}
        """By the name of our logger: the logger of `logging` that has it."""
        self.unknown: Any = None
        """What stands for one that is not in `loggers` yet."""
        self.logger_class: Any = Nobody
        self.call_handlers: Any = None
        """What `callHandlers` of that class is while nothing has wrapped it."""
        self.emit: Callable[[Pipeline, Record, Context, tuple[object, ...]], None] | None = None
        """Processes a record, and gives it to handlers and wrappers that listen."""


host = _Host()
_MOST_DEPTH = 3  # a record whose own values log, and theirs again: enough to see it, not enough to overflow


class Pipeline:
    """What happens to a record that passed the logger's level check."""

    def __init__(
        self,
        redactor: Redactor,
        outputs: tuple[Output, ...],
        identity: Identity,
        *,
        with_locals: bool = False,
        processors: Callable[[Record, Context, tuple[object, ...]], bool] | None = None,
    ) -> None:
        self.redactor = redactor
        key, policies = redactor.pseudonym_key, redactor.policy.loggers
        self._redactors = {name: Redactor(policy, key) for name, policy in policies.items()}
        self.outputs = outputs
        self.runners = tuple(output.runner for output in outputs)
        self.identity = identity
        self.with_locals = with_locals
        self.processors = processors
        """Lets the user's processors see a record; False if one dropped it. None: there are none."""
        self.sums_up = True
        """Whether there is a record from time to time of what was redacted."""

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
        """Make one record of a call and write it; never raises. With `ids`, the record has these."""
        try:
            here = current.__dict__  # of this thread: each attribute of a `local` costs more than a whole look there
            depth = here.get("depth", 0)
        except AttributeError:  # the interpreter is shutting down and has emptied this module
            return
        if depth >= _MOST_DEPTH:
            process_statistics.drop("recursion")
            return
        here["depth"] = depth + 1
        here["logger"] = channel.name
        try:
            if not levels.temporary or levels.allows(channel.name, level):
                record, context = collect(channel.name, level, message, fields, frame)
                if ids is not None:
                    record.trace_id, record.span_id = ids
                # Does anybody else listen? Mostly no logger of this branch has a handler, and nothing is wrapped.
                branch = host.loggers.get(channel.name, host.unknown)
                while branch is not None and not branch.handlers:
                    branch = branch.parent if branch.propagate else None
                if branch is None and host.logger_class.callHandlers is host.call_handlers:
                    self.process(record, context, args)
                elif host.emit is not None:
                    host.emit(self, record, context, args)
        except Exception as error:  # a log call never raises
            self._report_failure(channel.name, level, error)
        finally:
            here["depth"] = depth

    def take(self, record: Record, context: Context, args: tuple[object, ...]) -> Redacted | None:
        """Write a record that the standard library's `logging` made, and return it redacted; never raises.

        None: there is none, because it failed or is only the echo of another.
        """
        try:
            here = current.__dict__
            depth = here.get("depth", 0)
        except AttributeError:  # as above
            return None
        if depth >= _MOST_DEPTH:
            process_statistics.drop("recursion")
            return None
        here["depth"] = depth + 1
        here["logger"] = record.logger
        try:
            return self.process(record, context, args)
        except Exception as error:  # as above
            self._report_failure(record.logger, record.level, error)
            return None
        finally:
            here["depth"] = depth

    def _report_failure(self, logger: str, level: int, error: Exception) -> None:
        """Write another record in the place of one that failed. Nothing of the failed record can be trusted."""
        try:
            reason: dict[str, object] = {"reason": type(error).__name__}
            self.process(*collect(logger, level, "a record could not be made", reason, None))
        except Exception as again:  # all that is left is to count it
            process_statistics.drop(f"internal {type(again).__name__}")

    def process(self, record: Record, context: Context, args: tuple[object, ...] = ()) -> Redacted | None:
        """Redact a record, then encode and deliver it to each output that takes its level; return it redacted.

        None: a processor dropped it, or it was only the echo of a line that discreet wrote.
        """
        if (writing or recent) and echoes(record.message, args):
            return None
        # A record that came from another process says which.
        process = record.identity.process
        record.identity = self.identity if process is None else self.identity._replace(process=process)
        if self.processors is not None:
            if not self.processors(record, context, args):
                return None
            context = NO_CONTEXT  # its fields are among the record's now
        redactor = self.redactor_of(record.logger) if self._redactors else self.redactor
        safe = redact(record, context, args, redactor, with_locals=self.with_locals)
        self.deliver(safe)
        if audit.due and self.sums_up:
            self._sum_up()
        return safe

    def redactor_of(self, logger: str) -> Redactor:
        """The redactor with the policy of a logger, or of the nearest one above it that has one."""
        while logger:
            if logger in self._redactors:
                return self._redactors[logger]
            logger = logger.rpartition(".")[0]
        return self.redactor

    def _sum_up(self) -> None:
        """Write a record of how often each kind of secret was redacted since the last such record."""
        news = audit.summarize()
        if news:
            # A list, because a mapping with "password" as a key would be redacted itself.
            counted = [{"kind": kind, "count": count} for kind, count in news.items()]
            self.process(*collect("discreet", INFO, "redacted since the last summary", {"redacted": counted}, None))

    def deliver(self, record: Redacted) -> None:
        """Encode a redacted record and hand the line, or the record, to each output that takes its level."""
        severity = record.level
        for level, encode, runner, below in self.outputs:
            if level <= severity < below:
                if encode is None:
                    runner.accept_record(record)
                    continue
                try:
                    line = encode(record)
                except Exception as error:  # one sink's encoder must not cost the others their record
                    self._salvage(record, encode, runner, error)
                else:
                    runner.accept(line, severity)

    def _salvage(self, record: Redacted, encode: Encoder, runner: Runner, error: Exception) -> None:
        try:
            line = salvage(record, encode, error)
        except Exception:  # nothing of it can be encoded
            runner.drop(f"encoding {type(error).__name__}")
        else:
            runner.accept(line, record.level)


def pipeline_in_force() -> Pipeline | None:
    """The pipeline that records take now; None before anything was configured."""
    emitter = active.emitter
    return emitter if isinstance(emitter, Pipeline) else None
