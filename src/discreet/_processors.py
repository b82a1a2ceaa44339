"""Between steps 2 and 3: the functions of the user that see each record before it is redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from discreet._base.diagnostics import report_problem
from discreet._base.levels import parse_level
from discreet._base.statistics import process_statistics
from discreet._values.deferred import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from discreet import _record
    from discreet._context.ambient import Context

    Processor: TypeAlias = Callable[["Record"], "Record | None"]
    """Gets a record, changes it, and returns it; or None, which drops it."""


class Record:
    """A record on its way, as a processor gets it: before redaction, so what it adds is redacted like all else.

    `fields` are those of the call and of its context, in one dict that may be changed. `message` is as the call wrote
    it: its placeholders are filled from the fields, and from `args`, after the processors.
    """

    __slots__ = ("_args", "_record", "fields")

    fields: dict[str, Any]

    def __init__(self, record: _record.Record, fields: dict[str, Any], args: tuple[object, ...]) -> None:
        self._record = record
        self._args = args
        self.fields = fields

    @property
    def level(self) -> int:
        """The level's number, as in `logging`. May be set, also by name; raises `InvalidValueError` for no level."""
        return self._record.level

    @level.setter
    def level(self, level: int | str) -> None:
        self._record.level = parse_level(level)

    @property
    def message(self) -> Any:
        """The message, in most records text. May be set."""
        return self._record.message

    @message.setter
    def message(self, message: str) -> None:
        self._record.message = message

    @property
    def logger(self) -> str:
        """The logger's name. May be set."""
        return self._record.logger

    @logger.setter
    def logger(self, name: str) -> None:
        self._record.logger = str(name)

    @property
    def args(self) -> tuple[object, ...]:
        """The positional arguments that will fill the message's `%` placeholders."""
        return self._args

    @property
    def exception(self) -> BaseException | None:
        """The exception that the record is about."""
        found = self._record.exception
        return found if issubclass(type(found), BaseException) else None  # type: ignore[return-value]  # by its type

    @property
    def trace_id(self) -> str | None:
        """The id of the trace, 32 hexadecimal digits."""
        return self._record.trace_id

    @property
    def span_id(self) -> str | None:
        """The id of the span, 16 hexadecimal digits."""
        return self._record.span_id

    @property
    def request_id(self) -> str | None:
        """The id of the request."""
        return self._record.request_id

    def __repr__(self) -> str:
        return f"<discreet.Record {self.level} {self.logger!r}>"


def process(
    processors: tuple[Processor, ...], record: _record.Record, context: Context, args: tuple[object, ...]
) -> bool:
    """Let each processor see and change the record, in order. False if one dropped it. The context's fields join it.

    A processor that raises, or returns anything else, costs its own changes: the record goes on as it was before.
    """
    fields = {name: resolve(value) for name, value in {**context.fields, **record.fields}.items()}
    for processor in processors:
        seen = Record(record, dict(fields), args)
        before = (record.level, record.message, record.logger)
        try:
            result = cast("object", processor(seen))
            if result is None:
                _count(processor, "dropped")
                return False
            if result is not seen or type(seen.fields) is not dict:
                raise TypeError("a processor returns the record that it got, or None")  # noqa: TRY301 - counted below
            fields = seen.fields
        except Exception as error:  # whatever a user's function raises costs no record
            record.level, record.message, record.logger = before
            if _count(processor, "failed"):
                report_problem(
                    f"{name_of(processor)}, a processor, raised {type(error).__name__}; "
                    "its records go on without it, and discreet.health() keeps count"
                )
    record.fields = fields
    return True


def name_of(processor: Processor) -> str:
    """What `health()` calls a processor."""
    named = processor if hasattr(processor, "__qualname__") else type(processor)
    return f"{getattr(named, '__module__', None) or '?'}.{named.__qualname__}"


def _count(processor: Processor, what: str) -> bool:
    """Count; whether it is the first."""
    counts = process_statistics.processors.setdefault(name_of(processor), {"dropped": 0, "failed": 0})
    counts[what] += 1
    return counts[what] == 1
