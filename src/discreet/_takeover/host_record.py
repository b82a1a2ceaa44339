"""A record of ours as `logging` would have made it, redacted and correlated, for the handlers of the application."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._base.escape import escape
from discreet._base.levels import severity_text
from discreet._redaction.record import clear_of_reserved
from discreet._takeover.redacted_copy import exception_in, judged_message, text_where_source_is_secret
from discreet._takeover.redacted_exception import redacted_exception, redacted_fields
from discreet._takeover.taken import IDS, STANDARD_ATTRIBUTES, TAKEN_BY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import FrameType

    from discreet._context.ambient import Context
    from discreet._record import Record, Redacted
    from discreet._takeover.redacted_exception import Judge


class HostRecord(logging.LogRecord):
    """A record of ours as a `logging.LogRecord`; its slots keep our record, for a formatter of ours."""

    __slots__ = ("original", "shown_fields")

    original: Redacted
    shown_fields: str | None
    """The fields as text, where formatters show only the message; None where they see the attributes."""

    @property
    def message(self) -> str:
        """What a formatter shows as the message; `getMessage()` is without fields, so that trackers can group by it."""
        return str(self.__dict__["message"])

    @message.setter
    def message(self, text: str) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  # formatters set it
        fields = self.shown_fields
        if fields is not None and not (fields and fields in text):  # a queue's handler sets what was formatted already
            text = f"{escape(text)}{fields}"
        self.__dict__["message"] = text

    def __reduce__(self) -> Any:
        """As an ordinary record in another process, which may not have discreet."""
        return logging.makeLogRecord, (dict(self.__dict__),)


class Given(NamedTuple):
    """What a log call gave, before it was redacted: handlers get these very objects where they are clean."""

    message: object
    args: tuple[object, ...]
    fields: Mapping[str, object]
    ambient: Mapping[str, object]
    exception: object
    redactor: Judge

    @classmethod
    def of(cls, record: Record, context: Context, args: tuple[object, ...], redactor: Judge) -> Given:
        """To be called before the record is redacted, which changes it."""
        return cls(record.message, args, record.fields, context.fields, record.exception, redactor)


def host_record(record: Redacted, given: Given, handlers: Iterable[logging.Handler], token: str) -> HostRecord:
    """Our record as `logging` would have made it; `token` says who has written it already."""
    redactor = given.redactor
    file, line, function = record.source or _caller(redactor)
    msg, args = judged_message(given.message, given.args, record.message, redactor)
    made = HostRecord(record.logger, record.level, file, line, msg, (), None, function)
    attributes = vars(made)
    attributes["args"] = args
    made.original = record
    made.levelname = logging.getLevelName(record.level) if record.level % 10 else severity_text(record.level)
    made.created = record.time_ns / 1e9
    made.msecs = record.time_ns // 1_000_000 % 1000
    made.threadName = record.thread
    error = exception_in(given.exception)
    text = record.stacktrace
    if error is not None:
        shown = redacted_exception(error, redactor)
        made.exc_info = (type(shown), shown, shown.__traceback__)
        text = text_where_source_is_secret(error, redactor)
    elif given.exception is None:
        made.stack_info, text = text, None
    ambient = _kept(given.ambient, record.ambient, redactor)
    fields = {**ambient, **_kept(given.fields, record.fields, redactor)}
    for name in IDS:
        value = getattr(record, name)
        if value is not None:
            fields[name] = value
    made.shown_fields = None
    if _are_plain(handlers):
        # These show no field outside the message, and neither quote nor escape: a line break would forge a row.
        ids = {name: fields[name] for name in IDS if name in fields}
        made.shown_fields = _as_text({**record.ambient, **record.fields, **ids})
        text = text and "\n".join(map(escape, text.split("\n")))
    made.exc_text = text
    for key, value in fields.items():
        attributes[f"field.{key}" if key in STANDARD_ATTRIBUTES else key] = value
    attributes[TAKEN_BY] = token
    return made


def _kept(given: Mapping[str, object], safe: Mapping[str, object], redactor: Judge) -> dict[str, object]:
    """The fields of a record with the very objects that a call gave, where nothing in them is secret."""
    if len(safe) != len(given):  # a field of the call hides one of the context, or `request_id` went its own way
        known = {key: value for key, value in clear_of_reserved(given).items() if key in safe}
        return {**safe, **redacted_fields(known, redactor, {key: safe[key] for key in known})}
    return redacted_fields(clear_of_reserved(given), redactor, safe)


def _are_plain(handlers: Iterable[logging.Handler]) -> bool:
    """Whether the handlers show the message only. None at all is a tracker, which reads attributes."""
    formatters = [handler.formatter for handler in handlers]
    return bool(formatters) and all(found is None or type(found) is logging.Formatter for found in formatters)


def _as_text(fields: Mapping[str, object]) -> str:
    from discreet._encoding.console.style import field_tokens  # not before there is a handler that needs it

    shown = ["".join(text for text, _ in field_tokens(key, value, escape, "")) for key, value in fields.items()]
    return "".join(f" {text}" for text in shown)


def _caller(redactor: Judge) -> tuple[str, int, str]:
    """Where a call stands whose record does not say it, since its level is low."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "discreet":
        frame = frame.f_back
    if frame is None:
        return "", 0, ""
    code = frame.f_code
    return redactor.text(code.co_filename), frame.f_lineno, redactor.text(code.co_name)
