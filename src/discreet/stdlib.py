"""discreet inside plain `logging`: a handler and a formatter, by code or by `dictConfig`.

They are for applications that keep their own `logging` set-up. `discreet.configure()` needs neither: it takes every
record of the standard library by itself (`_takeover/standard_library.py`).
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from discreet._base.diagnostics import Reporter
from discreet._config.configure import configure_at_first_record
from discreet._config.outputs import by_format, identity_of
from discreet._config.parsing import FORMATS
from discreet._config.settings import resolve, state
from discreet._delivery.sink import Sink
from discreet._encoding.salvage import encode_or_salvage
from discreet._pipeline import pipeline_in_force
from discreet._redaction.record import redact
from discreet._redaction.redactor import Redactor
from discreet._takeover.host_record import HostRecord
from discreet._takeover.log_record import from_logging
from discreet._takeover.standard_library import to_pipeline
from discreet._takeover.taken import is_taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._config.parsing import Format
    from discreet._context.ambient import Context
    from discreet._record import Record

__all__ = ["Formatter", "Handler"]

# A formatter does not decide where lines go, so that a wrong value of these must not stop it.
_PLACES = ("DISCREET_FILE", "DISCREET_STREAM")
_LAYOUT_MARKS = ("%(", "{", "$")
_LAYOUT_UNUSED = (
    "discreet.stdlib.Formatter does not use the layout in its configuration (format, datefmt, style, defaults): its "
    "lines have every field. Leave these out, or give a format such as json or console"
)
_reporter = Reporter()


class Handler(logging.Handler):
    """A `logging` handler that passes records to discreet: `"class": "discreet.stdlib.Handler"` in `dictConfig`.

    It configures discreet from the environment at its first record, if nobody has.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the record on, unless discreet has it already; never raises."""
        if is_taken(record):
            return
        if pipeline_in_force() is None or state.hosted:
            configure_at_first_record(inside_host=True)
        pipeline = pipeline_in_force()
        if pipeline is not None:
            if type(record) is HostRecord:  # discreet made it for the host's handlers, before it had this one
                pipeline.deliver(record.original)
            else:
                to_pipeline(pipeline, record)


class Formatter(logging.Formatter):
    """A `logging` formatter that writes discreet's lines, redacted and correlated, through any handler.

    `"()": "discreet.stdlib.Formatter", "format": "json"` in `dictConfig`, `class=discreet.stdlib.Formatter` in an .ini
    file. `format` is one that `DISCREET_FORMAT` takes; an unknown one raises `ConfigurationError`. A layout such as
    `%(message)s` is accepted, as every formatter gets one, and not used; one line on stderr says so, once.
    """

    def __init__(
        self,
        format: Format | str | None = None,  # noqa: A002 - dictConfig's name
        datefmt: str | None = None,
        style: str = "%",
        validate: bool = True,
        *,
        defaults: Mapping[str, object] | None = None,
        fmt: str | None = None,
    ) -> None:
        """Take what `logging.config` gives a formatter; the layout of a line (`%(message)s`) is not used."""
        super().__init__()
        format = format or fmt or "json"  # noqa: A001 - as above
        is_layout = format not in FORMATS and any(mark in format for mark in _LAYOUT_MARKS)
        if is_layout or datefmt or defaults:
            _reporter.once("layout", _LAYOUT_UNUSED)
        if is_layout:
            format = "json"  # noqa: A001 - as above
        environ = {name: value for name, value in os.environ.items() if name not in _PLACES}
        given = {"sinks": ()} if format == "auto" else {"sinks": (), "format": format}
        self._settings = resolve(given, environ, who="discreet.stdlib.Formatter")
        self._redactor = Redactor(self._settings.redaction, self._settings.pseudonym_key)
        self._identity = identity_of(self._settings, self._redactor)
        self._encode = by_format(Sink(), self._settings, self._redactor)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line without its newline; a traceback on the console has more lines. Never raises."""
        try:
            if type(record) is HostRecord:
                return encode_or_salvage(record.original, self._encode).decode().removesuffix("\n")
            return self._line(*from_logging(record))
        except Exception as error:  # `logging` would print the record to stderr, with nothing in it redacted
            reason = type(error).__name__
            substitute = logging.makeLogRecord({"name": "discreet", "levelno": logging.ERROR, "reason": reason})
            substitute.msg = "a record could not be made"
            return self._line(*from_logging(substitute))

    def _line(self, record: Record, context: Context, args: tuple[object, ...]) -> str:
        if self._identity.process != os.getpid():  # the process was forked
            self._identity = identity_of(self._settings, self._redactor)
        record.identity = self._identity
        safe = redact(record, context, args, self._redactor, with_locals=self._settings.with_locals)
        return encode_or_salvage(safe, self._encode).decode().removesuffix("\n")
