"""discreet inside plain `logging`: a handler and a formatter, by code or by `dictConfig`.

They are for applications that keep their own `logging` set-up. `discreet.configure()` needs neither: it takes every
record of the standard library by itself (`_stdlib_bridge.py`).
"""

from __future__ import annotations

import logging
import os

from discreet._configure import configure_at_first_record
from discreet._delivery.sink import Discard
from discreet._encoding import choose
from discreet._redaction.engine import Redactor
from discreet._redaction.record import around, identity_of, redact
from discreet._settings import FORMATS, resolve
from discreet._state import state
from discreet._stdlib_bridge import to_pipeline
from discreet._stdlib_record import from_logging
from discreet.errors import ConfigurationError

__all__ = ["Formatter", "Handler"]

# A formatter has no say in where lines go, so these must not keep it from working.
_NOT_OURS = ("DISCREET_FILE", "DISCREET_STREAM")


class Handler(logging.Handler):
    """A `logging` handler that hands records to discreet: `"class": "discreet.stdlib.Handler"` in `dictConfig`.

    It configures discreet from the environment at its first record, if nobody has.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record on; never raises."""
        if state.pipeline is None:
            configure_at_first_record(inside_host=True)
        if state.pipeline is not None:
            to_pipeline(state.pipeline, record)


class Formatter(logging.Formatter):
    """A `logging` formatter that writes discreet's lines, redacted and correlated, through any handler.

    `"()": "discreet.stdlib.Formatter", "format": "json"` in `dictConfig`. `format` is "auto", "json" or "console"; an
    unknown one raises `ConfigurationError`.
    """

    def __init__(self, format: str = "json", *args: object, **kwargs: object) -> None:  # noqa: A002 - dictConfig's name
        super().__init__()
        if format not in FORMATS:
            raise ConfigurationError("format", format, "no such format", f"Use {', '.join(FORMATS)}")
        environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        settings = resolve(sinks=(), environ=environ)
        self._redactor = Redactor(settings.redaction)
        self._identity = identity_of(settings, self._redactor)
        self._with_locals = settings.with_locals
        self._encode = choose(Discard(format=format), settings)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line (a traceback on the console has more), without its newline."""
        ours, context, args = from_logging(record)
        ours.identity = self._identity
        safe = redact(ours, args, self._redactor, with_locals=self._with_locals)
        safe.ambient = around(context, self._redactor, safe.fields)
        return self._encode(safe).decode().removesuffix("\n")
