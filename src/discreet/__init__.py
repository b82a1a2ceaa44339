"""discreet: logs that tell you everything but your secrets.

The public names and nothing else; importing this has no side effect.
"""

from __future__ import annotations

import sys

from discreet import errors as _errors
from discreet._base.fork_lock import configuring as _configuring
from discreet._base.version import __version__ as __version__
from discreet._call.logger import Logger, get_logger
from discreet._call.logger import active as _active
from discreet._context.ambient import bind_context, clear_context, context, unbind_context
from discreet._context.ambient import current_trace_id as _current_trace_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from discreet._call.logger import Emitter
    from discreet._config.configure import configure, set_level
    from discreet._config.lifecycle import flush
    from discreet._config.shutdown import shutdown
    from discreet._config.status import explain, health, mask
    from discreet._delivery.file.sink import File
    from discreet._delivery.sink import Sink
    from discreet._delivery.stream import Stream
    from discreet._processors import Record
    from discreet._redaction.policy import Redaction
    from discreet._redaction.secrets import Secret, register_secret
    from discreet._span.span import span, traced
    from discreet._takeover.applications import instrument
    from discreet._values.deferred import lazy
    from discreet.errors import ConfigurationError, DiscreetError
    from discreet.testing import capture

    log: Logger
    """The calling module's own logger."""


__all__ = [
    "ConfigurationError",
    "DiscreetError",
    "File",
    "Logger",
    "Record",
    "Redaction",
    "Secret",
    "Sink",
    "Stream",
    "bind_context",
    "capture",
    "clear_context",
    "configure",
    "context",
    "explain",
    "flush",
    "get_logger",
    "health",
    "instrument",
    "lazy",
    "log",
    "mask",
    "register_secret",
    "set_level",
    "shutdown",
    "span",
    "traced",
    "unbind_context",
]

# By module: what is loaded when it is first asked for, so that `import discreet` costs next to nothing.
_MODULES = {
    "_config.configure": ("configure", "set_level"),
    "_config.lifecycle": ("flush",),
    "_config.shutdown": ("shutdown",),
    "_config.status": ("explain", "health", "mask"),
    "_delivery.file.sink": ("File",),
    "_delivery.sink": ("Sink",),
    "_delivery.stream": ("Stream",),
    "_processors": ("Record",),
    "_redaction.policy": ("Redaction",),
    "_redaction.secrets": ("Secret", "register_secret"),
    "_span.span": ("span", "traced"),
    "_takeover.applications": ("instrument",),
    "_values.deferred": ("lazy",),
    "errors": ("ConfigurationError", "DiscreetError"),
    "testing": ("capture",),
}
_LATER = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """`log` is the logger of the module that asks for it, so `from discreet import log` needs no name."""
    if name == "log":
        return Logger(str(sys._getframe(1).f_globals.get("__name__", "root")))
    if name in _LATER:
        from importlib import import_module

        found = getattr(import_module(f"discreet.{_LATER[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'discreet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _configure_at_first_record() -> Emitter:
    with _configuring:  # before the import: a child would wait forever for a module that another thread was importing
        from discreet._config.configure import configure_at_first_record

        return configure_at_first_record()


def _mask(text: str) -> str:
    from discreet._redaction.redactor import Redactor

    return Redactor().text(text)


# The lower layers are handed what they need of the upper ones, so that no import runs up.
_active.configure = _configure_at_first_record
_active.trace_id = _current_trace_id
_errors.mask = _mask
