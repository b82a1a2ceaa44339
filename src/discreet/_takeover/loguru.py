"""loguru's records become records of ours.

loguru gives each record to its handlers, one after the other. There the record is taken, once, if a handler that writes
to the console would show it, or if there is no such handler. Console handlers stay silent, since discreet writes there;
all others get a redacted copy, and what they make of it is redacted too.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING, Any

from discreet._base.levels import STANDARD_LEVELS, names_elsewhere
from discreet._base.statistics import process_statistics
from discreet._pipeline import pipeline_in_force
from discreet._record import Source
from discreet._takeover.foreign import comes_back, handing_over, is_console, take
from discreet._takeover.redacted_exception import redacted_exception, redacted_fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from discreet._pipeline import Pipeline
    from discreet._redaction.redactor import Redactor

_original: Callable[..., Any] | None = None


class _Seen(threading.local):
    """The last record of this thread that was taken, and what others get in its place."""

    record: dict[str, Any] | None = None
    taken = False
    safe: dict[str, Any] | None = None


_seen = _Seen()


def install(module: ModuleType) -> None:
    """Take records from now on. `module` is `loguru._handler`."""
    global _original
    if module.Handler.emit is not _emit:
        _original, module.Handler.emit = module.Handler.emit, _emit


def uninstall() -> None:
    """Leave loguru as it was, unless somebody has replaced our function."""
    names_elsewhere.clear()
    module: Any = sys.modules.get("loguru._handler")
    if module is not None and module.Handler.emit is _emit:
        module.Handler.emit = _original
        for handler in _handlers():
            if isinstance(handler._sink, _RedactingSink):
                handler._sink = handler._sink.restore()


def _emit(handler: Any, record: dict[str, Any], level_id: Any, from_decorator: Any, is_raw: Any, colored: Any) -> None:
    assert _original is not None
    pipeline = pipeline_in_force()
    if pipeline is None:
        _original(handler, record, level_id, from_decorator, is_raw, colored)
        return
    if _seen.record is not record:
        _seen.record, _seen.taken, _seen.safe = record, comes_back(lambda: str(record["message"])), None
    silent = _writes_to_console(handler)
    if not _seen.taken and (silent or not any(map(_writes_to_console, _handlers()))) and _lets_pass(handler, record):
        _seen.taken = True
        _take(record)
    if silent:
        return
    if not isinstance(handler._sink, _RedactingSink):
        handler._sink = _RedactingSink(handler)
    if _seen.safe is None:
        try:
            _seen.safe = _redacted(record, pipeline)
        except Exception as error:  # fail closed: a record that cannot be redacted is not passed on
            process_statistics.drop(f"loguru {type(error).__name__}")
            return
    safe = _seen.safe
    clean = safe["message"] == record["message"]
    with handing_over(safe["message"]):
        _original(handler, safe, level_id, from_decorator, is_raw, colored if clean else None)


def _handlers() -> list[Any]:
    """Every handler of loguru's one logger."""
    return list(sys.modules["loguru"].logger._core.handlers.values())


def _writes_to_console(handler: Any) -> bool:
    sink = handler._sink.inner if isinstance(handler._sink, _RedactingSink) else handler._sink
    return is_console(getattr(sink, "_stream", None))


def _lets_pass(handler: Any, record: dict[str, Any]) -> bool:
    """Whether a handler's level and filter let a record through; a filter that raises does."""
    if handler._levelno > record["level"].no:
        return False
    try:
        return handler._filter is None or bool(handler._filter(record))
    except Exception:  # the user's filter; the handler itself would report it
        return True


def _take(record: dict[str, Any]) -> None:
    level = record["level"]
    if level.no not in STANDARD_LEVELS:
        names_elsewhere[level.no] = level.name
    error = record["exception"]
    take(
        str(record["name"] or "root"),
        level.no,
        record["message"],
        dict(record["extra"]),
        source=Source(record["file"].path, record["line"], record["function"]),
        exception=None if error is None else error.value,
        time_ns=int(record["time"].timestamp() * 1_000_000) * 1000,
    )


def _redacted(record: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """A copy for other handlers. Where nothing in it is secret, its parts are those of the original."""
    redactor = pipeline.redactor_of(str(record["name"] or ""))
    message = redactor.text(record["message"])
    safe = {**record, "message": message, "extra": redacted_fields(record["extra"], redactor)}
    error = record["exception"]
    if error is not None and error.value is not None:
        shown = redacted_exception(error.value, redactor)
        if shown is not error.value:
            safe["exception"] = type(error)(error.type, shown, error.traceback)
    return safe


def _redacted_json(message: str, redactor: Redactor) -> str:
    """A record that loguru has serialized: each of its values by itself, so that it stays JSON."""
    given = json.loads(message)
    judged = redactor.plain(given)
    return message if judged == given else json.dumps(judged, ensure_ascii=False) + "\n"


class _RedactingSink:
    """Around a sink that writes elsewhere: its finished text is redacted, tracebacks with local variables included."""

    def __init__(self, handler: Any) -> None:
        self.inner = handler._sink
        self._is_json = handler._serialize
        # It shows the values of variables without their names, so that nobody can tell which are secret.
        self._formatter = handler._exception_formatter
        self._diagnose, self._formatter._diagnose = self._formatter._diagnose, False

    def restore(self) -> Any:
        """The sink as it was."""
        self._formatter._diagnose = self._diagnose
        return self.inner

    def write(self, message: Any) -> None:
        """Write the text, redacted; as the sink's own kind of text, which has the record with it."""
        pipeline = pipeline_in_force()
        if pipeline is not None:
            text = _redacted_json(message, pipeline.redactor) if self._is_json else pipeline.redactor.text(str(message))
            if text != message:
                replaced = type(message)(text)
                replaced.record = message.record
                message = replaced
        self.inner.write(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
