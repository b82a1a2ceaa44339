"""structlog's events become records of ours.

Every bound logger, whatever its class, passes `BoundLoggerBase._proxy_to_logger`. There the event is taken as its last
processor, the renderer, gets it: after all that the application's own processors add, rename and drop. What the
renderer makes of it still goes to files and to other loggers, redacted; a console stays silent: discreet writes there.
"""

from __future__ import annotations

import copy
import logging
import sys
from typing import TYPE_CHECKING, Any, cast

from discreet._base.levels import ERROR, INFO, parse_level
from discreet._context.capture import take_exception
from discreet._pipeline import pipeline_in_force
from discreet._record import Source
from discreet._takeover.foreign import handing_over, is_console, take
from discreet._values.plain import text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType

# structlog finds the caller as the first frame outside of modules that are called structlog: so this one is.
__name__ = "structlog._discreet"

_METHODS = {"exception": ERROR, "err": ERROR, "failure": ERROR, "msg": INFO, "log": INFO}
"""By method: the level of those that are not called like one."""
_REPEATED = ("level", "log_level", "level_number", "logger", "logger_name", "timestamp", "_record", "_from_structlog")
"""What processors add that a record of ours says by itself."""


class _Original:
    """structlog's own function, while ours is in its place."""

    proxy: Callable[..., Any]


def install(module: ModuleType) -> None:
    """Take events from now on. `module` is `structlog._base`."""
    base = module.BoundLoggerBase
    if base._proxy_to_logger is not _proxy_to_logger:
        _Original.proxy, base._proxy_to_logger = base._proxy_to_logger, _proxy_to_logger


def uninstall() -> None:
    """Leave structlog as it was, unless somebody has replaced our function."""
    base = sys.modules["structlog._base"].BoundLoggerBase if "structlog._base" in sys.modules else None
    if base is not None and base._proxy_to_logger is _proxy_to_logger:
        base._proxy_to_logger = _Original.proxy


def _proxy_to_logger(bound: Any, method_name: str, event: object = None, **event_kw: Any) -> Any:
    original = _Original.proxy
    processors: Any = bound._processors
    if pipeline_in_force() is None or not processors:
        return original(bound, method_name, event, **event_kw)
    exception = take_exception({"exc_info": True if method_name == "exception" else None, **event_kw})
    tap = _Tap(bound._logger, method_name, exception)
    tapped = copy.copy(bound)
    tapped._logger = tap
    tapped._processors = [*processors[:-1], tap.see, processors[-1]]
    return original(tapped, method_name, event, **event_kw)


class _Tap:
    """Stands for the logger that an event ends in: it takes the event, and lets its rendered form pass redacted."""

    def __init__(self, logger: Any, method: str, exception: BaseException | None) -> None:
        self.logger = logger
        self._method = method
        self._exception = exception
        self.event: dict[str, Any] = {}

    def see(self, _logger: object, _method: str, event: object) -> object:
        """A processor that stands before the last one."""
        is_dict = issubclass(type(event), dict)
        self.event = {**cast("dict[str, Any]", event)} if is_dict else {"event": event}
        return event

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.logger, name)
        return found if name != self._method else _Write(self, found)

    def take(self) -> None:
        """Make the record. The renderer has not dropped the event."""
        fields = self.event
        text = fields.pop("event", "")
        name = fields.get("logger") or getattr(self.logger, "name", None)
        frame = _caller()
        logger = name if isinstance(name, str) else str(frame.f_globals.get("__name__") or "root")
        for repeated in _REPEATED:
            fields.pop(repeated, None)
        exception = take_exception(fields) or self._exception
        stack = fields.pop("stack", None)
        if exception is not None:  # as an object; a processor may have rendered it too
            fields.pop("exception", None)
        elif type(fields.get("exception")) is str:
            stack = fields.pop("exception")
        take(
            logger,
            _level(self._method),
            text if type(text) is str else text_of(text),
            fields,
            source=Source(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name),
            exception=exception,
            stack=stack if type(stack) is str else None,
        )


class _Write:
    """The method of the logger that an event ends in."""

    def __init__(self, tap: _Tap, write: Callable[..., Any]) -> None:
        self._tap = tap
        self._write = write

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        text = self._tap.event.get("event", "")
        self._tap.take()
        file = getattr(self._tap.logger, "_file", None)
        if file is not None and (is_console(file) or _was_console(file)):
            return None
        # A logger of `logging` gets it as it is: its handlers get redacted copies.
        is_loggings = issubclass(type(self._tap.logger), logging.Logger)
        with handing_over(None if is_loggings else str(text)):
            return self._write(*(args if file is None else map(_redacted, args)), **kwargs)


def _was_console(file: object) -> bool:
    """structlog keeps the streams that there were when it was imported."""
    output = sys.modules.get("structlog._output")
    return file in (getattr(output, "stdout", None), getattr(output, "stderr", None))


def _redacted(rendered: Any) -> Any:
    pipeline = pipeline_in_force()
    if pipeline is None:
        return rendered
    if isinstance(rendered, (bytes, bytearray)):
        return pipeline.redactor.text(bytes(rendered).decode("utf-8", "backslashreplace")).encode()
    return pipeline.redactor.text(rendered) if isinstance(rendered, str) else rendered


def _level(method: str) -> int:
    if method in _METHODS:
        return _METHODS[method]
    try:
        return parse_level(method)
    except ValueError:  # a method of a logger that the user wrote
        return INFO


def _caller() -> FrameType:
    """The frame that logged, also where structlog's asynchronous loggers work in another thread."""
    try:
        frame: FrameType = sys.modules["structlog._frames"]._find_first_app_frame_and_name(["discreet."])[0]
    except Exception:  # another version of structlog
        return sys._getframe(3)
    return frame
