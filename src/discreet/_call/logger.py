"""Step 1, call: the logger. It compares levels first; a disabled call does nothing else."""

from __future__ import annotations

import os
import sys

from discreet._base.levels import CRITICAL, DEBUG, ERROR, INFO, TRACE, WARNING, Channel, levels, parse_level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Protocol

    from discreet._call.limits import Limit

    Ids = tuple[str, str]
    """The ids of a trace and of a span, in hexadecimal: for the record that is written after the span has ended."""

    class Emitter(Protocol):
        """Steps 2 to 5, as far as a logger knows them."""

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
            """Make, redact, encode and deliver one record; never raises."""


class _Unconfigured:
    """The emitter of a process that nobody has configured: it configures at the first record."""

    def __init__(self) -> None:
        self.dropped: dict[str, int] = {}
        """The records that could not be made, because nothing could be configured, by reason."""

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
        try:
            emitter = active.configure()
            if channel.threshold <= level and emitter is not self:
                emitter.emit(channel, level, message, args, fields, frame if level >= active.located else None, ids)
        except Exception as error:  # a log call never raises
            self._drop(f"configuring {type(error).__name__}")

    def _drop(self, reason: str) -> None:
        """Count a record without an import, which may be what failed: at exit, or for want of file descriptors."""
        if reason not in self.dropped:
            try:
                os.write(2, f"discreet: a record was lost: {reason}\n".encode("utf-8", "backslashreplace"))
            except Exception:  # no stderr: `health()` still knows
                pass
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


unconfigured = _Unconfigured()


class _Active:
    """The pipeline in force. Loggers read it at each call, so that a new configuration takes effect at once.

    The package sets what a logger needs from higher layers here, so that this module need not import them.
    """

    __slots__ = ("configure", "emitter", "located", "trace_id")

    def __init__(self) -> None:
        self.emitter: Emitter = unconfigured
        self.located = 0
        """From this level up, records contain file, line and function of the call."""
        self.configure: Callable[[], Emitter] = lambda: unconfigured
        """Called at the first record of a process that has not called `configure()`; returns the new pipeline."""
        self.trace_id: Callable[[], str | None] = lambda: None
        """Returns the id of the active trace, which decides what `sample` keeps."""


active = _Active()


_ELSEWHERE = {
    "setLevel": "use discreet.set_level(name, level)",
    "isEnabledFor": "use is_enabled_for(level)",
    "getChild": "use discreet.get_logger(name)",
    "addHandler": "use discreet.configure(sinks=[...])",
    "addFilter": "use discreet.configure(processors=[...])",
    "add": "use discreet.configure(sinks=[...])",
    "contextualize": "use discreet.context(...)",
    "catch": "use discreet.span(...), or exception(...) in an except clause",
    "success": "use info(...)",
}
"""What loggers of other libraries have, and where it is here."""


class Logger:
    """Writes records under one name. Cheap to make, safe to share, never raises from a log call.

    Keyword arguments are fields, but for the four that `logging` has, which mean the same here: `exc_info` (True, an
    exception, or the triple of `sys.exc_info()`), `stack_info`, `stacklevel`, and `extra`, a mapping of further
    fields. `{name}` in a message is filled from the fields, also as `{name:.2f}`; positional arguments fill `%`
    placeholders as in `logging`. A dict as the message is fields, and its `event` or `message` the message.
    """

    __slots__ = ("_bound", "_channel", "_limit")

    def __init__(self, name: str, bound: dict[str, object] | None = None, limit: Limit | None = None) -> None:
        self._channel = levels.channel(name)
        self._bound: dict[str, object] = {} if bound is None else bound
        self._limit = limit

    @property
    def name(self) -> str:
        """The logger's name, as it stands in each record."""
        return self._channel.name

    def trace(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at TRACE: every step, for someone who follows the code line by line."""
        if self._channel.threshold <= 5:
            self._emit(TRACE, message, args, fields)

    def debug(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at DEBUG: details for someone who reads the code too."""
        if self._channel.threshold <= 10:
            self._emit(DEBUG, message, args, fields)

    def info(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at INFO: something happened as expected."""
        if self._channel.threshold <= 20:
            self._emit(INFO, message, args, fields)

    def warning(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at WARNING: the work continues, but someone should look at this."""
        if self._channel.threshold <= 30:
            self._emit(WARNING, message, args, fields)

    def error(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at ERROR: this piece of work failed."""
        if self._channel.threshold <= 40:
            self._emit(ERROR, message, args, fields)

    def critical(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at CRITICAL: the process cannot do its work."""
        if self._channel.threshold <= 50:
            self._emit(CRITICAL, message, args, fields)

    warn = warning
    fatal = critical

    def exception(self, message: object, /, *args: object, **fields: object) -> None:
        """Log at ERROR with the exception being handled, as structure and as text."""
        if self._channel.threshold <= 40:
            fields.setdefault("exc_info", True)
            self._emit(ERROR, message, args, fields)

    def log(self, level: int | str, message: object, /, *args: object, **fields: object) -> None:
        """Log at a level given by name or number; an unknown one logs at ERROR and says so in `invalid_level`."""
        number = level
        if type(number) is not int:
            try:
                number = parse_level(level)
            except Exception:  # a log call never raises, and a wrong level loses nothing
                number = ERROR
                fields["invalid_level"] = level
        if self._channel.threshold <= number:
            self._emit(number, message, args, fields)

    def is_enabled_for(self, level: int | str) -> bool:
        """Whether a record at that level would be written now."""
        number = parse_level(level)
        if self._channel.threshold > number:
            return False
        return not levels.temporary or levels.allows(self._channel.name, number)

    def bind(self, /, **fields: object) -> Logger:
        """A logger of the same name that adds these fields to each record."""
        return Logger(self._channel.name, {**self._bound, **fields}, self._limit)

    def unbind(self, /, *names: str) -> Logger:
        """A logger without those bound fields; unknown names are ignored."""
        return Logger(self._channel.name, {k: v for k, v in self._bound.items() if k not in names}, self._limit)

    def new(self, /, **fields: object) -> Logger:
        """A logger of the same name with these bound fields only."""
        return Logger(self._channel.name, fields, self._limit)

    @property
    def once(self) -> Logger:
        """`log.once.warning("...")`: each message once per call site for the life of the process."""
        from discreet._call.limits import once

        return Logger(self._channel.name, self._bound, once)

    def every(self, seconds: float) -> Logger:
        """`log.every(5).info("...")`: each call site at most once in so many seconds.

        The next record that passes says in `suppressed` how many did not.
        """
        from discreet._call.limits import every

        return Logger(self._channel.name, self._bound, every(seconds))

    def sample(self, rate: float) -> Logger:
        """`log.sample(0.01).debug("...")`: this share of records, from 0 to 1.

        Inside a trace the decision is the trace's, so that a sampled trace is whole.
        """
        from discreet._call.limits import sample

        return Logger(self._channel.name, self._bound, sample(rate, active.trace_id))

    def _emit(self, level: int, message: object, args: tuple[object, ...], fields: dict[str, object]) -> None:
        if self._limit is not None and not self._passes(level, message, fields, caller(fields, sys._getframe(2))):
            return
        if self._bound:
            fields = {**self._bound, **fields}
        frame = sys._getframe(2) if level >= active.located else None
        active.emitter.emit(self._channel, level, message, args, fields, frame)

    def _passes(self, level: int, message: object, fields: dict[str, object], frame: FrameType) -> bool:
        """Whether the limit lets the record pass; adds to its fields how many it held back before."""
        if levels.temporary and not levels.allows(self._channel.name, level):
            return False
        assert self._limit is not None
        suppressed = self._limit((frame.f_code, frame.f_lineno, message if type(message) is str else None))
        if suppressed is None:
            from discreet._base.statistics import process_statistics

            process_statistics.suppress()
            return False
        if suppressed:
            fields["suppressed"] = suppressed
        return True

    def __getattr__(self, name: str) -> object:
        remedy = f": {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
        raise AttributeError(f"a discreet.Logger has no {name}{remedy}", name=name, obj=self)

    def __reduce__(self) -> tuple[Callable[..., Logger], tuple[object, ...]]:
        return type(self), (self._channel.name, self._bound)

    def __repr__(self) -> str:
        return f"<discreet.Logger {self._channel.name!r}>"


def caller(fields: Mapping[str, object], frame: FrameType) -> FrameType:
    """The frame that a record is said to come from: as far above the call's own as `stacklevel` says, as in `logging`.

    Frames outside the stack do not exist; then it is the outermost one.
    """
    level = fields.get("stacklevel")
    while type(level) is int and level > 1 and frame.f_back is not None:
        frame, level = frame.f_back, level - 1
    return frame


def get_logger(name: str | None = None, /, **fields: object) -> Logger:
    """The logger of that name (the calling module's, if none is given), with these fields bound."""
    if name is None:
        name = caller_name(2)
    return Logger(name, fields or None)


def caller_name(depth: int) -> str:
    """The name of the module that many frames up."""
    try:
        return str(sys._getframe(depth).f_globals.get("__name__") or "root")
    except ValueError:  # called from C, with no Python frame above
        return "root"
