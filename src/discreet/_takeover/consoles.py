"""Handlers of the host that write to the console, where discreet writes: silent, they still decide what is shown.

What a handler is, is found out once and kept on it. By whatever way a record comes to it (a queue, a buffer, another
handler), it is stopped where the text would be written, so that there is one line for each record.
"""

from __future__ import annotations

import functools
import io
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._delivery.runner import OwnSink, running
from discreet._takeover.console_code import only_prints, stream_of
from discreet._takeover.console_streams import Places
from discreet._takeover.taken import handlers_of, is_taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from discreet._delivery.runner import Runner

OTHER, SILENT, MUTED, LEADS = range(4)
"""What a handler is: no console; a console and nothing else; one that may do more; one that leads to other handlers."""
_SILENT_CLASSES = ("discreet.stdlib", "awslambdaric.bootstrap", "textual.logging")
"""Modules whose handlers write to the console only, in ways of their own."""
_WATCHED = ("stream", "target", "console", "_current_handler")
"""Attributes that tell where a handler leads, and may get another value."""
_KEPT = "_discreet_console"  # on a handler: what it is
_MOST_DEPTH = 8  # handlers that lead to handlers


class _Kind(NamedTuple):
    token: object
    watched: str
    value: object
    kind: int


class _Nowhere(io.TextIOBase):
    """What a muted handler writes to meanwhile."""

    def write(self, text: str, /) -> int:
        return len(text)


_nowhere = _Nowhere()
_places: Places | None = None
_patched: list[tuple[type[logging.Handler], str, Any, Any]] = []
"""Class, name, our function and the one before it."""


class _Asked(threading.local):
    """Which handlers were asked about the record that this thread logs now, and would let it pass."""

    def __init__(self) -> None:
        self.passed: dict[int, bool] = {}


_asked = _Asked()


def is_replaced(handler: logging.Handler, runners: Sequence[Runner]) -> bool:
    """Whether discreet writes already all that this handler would; `runners` are those in force."""
    if _kind_of(handler, _places_of(runners)) == SILENT:
        return True
    return any(isinstance(runner.sink, OwnSink) and runner.sink.replaces(handler) for runner in runners)


def ends_on_console(stream: object, runners: Sequence[Runner]) -> bool:
    """Whether all text that is written to a stream ends where discreet writes."""
    return _places_of(runners).have(stream)


def shown(logger: logging.Logger, record: logging.LogRecord, runners: Sequence[Runner]) -> logging.LogRecord | None:
    """The record as the filters of the host's console handlers leave it; None if none of those would show it.

    Where the host has no console handler, all is shown.
    """
    places = _places_of(runners)
    asked = False
    found: logging.LogRecord | None = None
    for handler in handlers_of(logger):
        kind = _kind_of(handler, places)
        if kind == OTHER or (kind == LEADS and not _leads_to_console(handler, places)):
            continue
        if not asked:
            asked = True
            _asked.passed.clear()
        if record.levelno < handler.level:
            continue
        passed = _passed(handler, record)
        if kind != SILENT:
            _asked.passed[id(handler)] = passed is not None
        if passed is not None and found is None:
            found = passed if kind != LEADS else _shown_behind(handler, passed, places)
    return found if asked else record


def _passed(handler: logging.Handler, record: logging.LogRecord) -> logging.LogRecord | None:
    """The record as the handler's filters leave it, or None. A filter that raises costs nothing."""
    try:
        found: object = handler.filter(record)
    except Exception:  # a filter of the host's
        return record
    return found if isinstance(found, logging.LogRecord) else record if found else None


def _shown_behind(
    handler: logging.Handler, record: logging.LogRecord, places: Places, depth: int = 0
) -> logging.LogRecord | None:
    """The record as the first handler would show it to which this one leads, or None."""
    for inner, level in _behind(handler):
        kind = _kind_of(inner, places)
        if kind == OTHER or record.levelno < level or depth > _MOST_DEPTH:
            continue
        passed = _passed(inner, record)
        if passed is not None and kind == LEADS:
            passed = _shown_behind(inner, passed, places, depth + 1)
        if passed is not None:
            return passed
    return None


def _leads_to_console(handler: logging.Handler, places: Places, depth: int = 0) -> bool:
    kind = _kind_of(handler, places)
    if kind != LEADS or depth > _MOST_DEPTH:
        return kind in (SILENT, MUTED)
    return any(_leads_to_console(inner, places, depth + 1) for inner, _ in _behind(handler))


def _behind(handler: logging.Handler) -> Iterator[tuple[logging.Handler, int]]:
    """The handlers that a handler gives its records to, and the level that it asks of a record for each."""
    listener = _listener_of(handler) if _is_queue(handler) else None
    if listener is not None:
        for inner in listener.handlers:
            yield inner, inner.level if listener.respect_handler_level else logging.NOTSET
    for value in vars(handler).values():
        for found in value if type(value) in (list, tuple) else (value,):
            if isinstance(found, logging.Handler):
                yield found, logging.NOTSET


def _is_queue(handler: logging.Handler) -> bool:
    module = sys.modules.get("logging.handlers")
    return module is not None and isinstance(handler, module.QueueHandler)


def _listener_of(handler: Any) -> Any:
    """The listener of a queue. Who starts one by hand tells nobody, but its thread has the listener's method to run."""
    listener = getattr(handler, "listener", None)
    if listener is not None:
        return listener
    kind: Any = sys.modules["logging.handlers"].QueueListener
    for thread in threading.enumerate():
        owner = cast("Any", getattr(getattr(thread, "_target", None), "__self__", None))
        if isinstance(owner, kind) and owner.queue is handler.queue:
            return owner
    return None


# --- what a handler is


def _places_of(runners: Sequence[Runner]) -> Places:
    global _places  # noqa: PLW0603 - the streams are the process's, not an object's
    places = _places
    if places is None or not places.are_current(runners):
        places = _places = Places(runners)
    return places


def forget() -> None:
    """Find out anew what each handler is: descriptors may have changed."""
    global _places  # noqa: PLW0603 - as above
    _places = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)


def _kind_of(handler: logging.Handler, places: Places) -> int:
    attributes: dict[str, Any] | None = getattr(handler, "__dict__", None)
    if attributes is None:  # not what `logging` calls a handler
        return OTHER
    known: _Kind | None = attributes.get(_KEPT)
    if known is not None and known.token is places.token and attributes.get(known.watched) is known.value:
        return known.kind
    try:
        kind = _find_kind(handler, places)
    except Exception:  # a handler with properties of its own
        kind = OTHER
    watched = next((name for name in _WATCHED if name in attributes), "")
    attributes[_KEPT] = _Kind(places.token, watched, attributes.get(watched), kind)
    return kind


def _find_kind(handler: logging.Handler, places: Places) -> int:
    classes = type(handler).__mro__
    modules = [kind.__module__ for kind in classes]
    if any(module in _SILENT_CLASSES for module in modules):
        return SILENT
    if _is_queue(handler):
        return LEADS
    prints = _own_code(handler, places)
    if _ends_on_console(handler, places):
        if "rich.logging" in modules:
            _mute(next(kind for kind in classes if kind.__module__ == "rich.logging"))
        return MUTED if prints is None else SILENT
    if prints:
        return SILENT
    return LEADS if next(_behind(handler), None) is not None else OTHER


def _ends_on_console(handler: logging.Handler, places: Places) -> bool:
    if type(handler).__module__.startswith("_pytest."):
        return False  # what pytest captures is its business
    kind: type[object] = type(handler)
    if issubclass(kind, logging.StreamHandler):
        stream = getattr(handler, "stream", None)
        if stream is None:
            return places.have_path(getattr(handler, "baseFilename", None))
        return places.have(stream)
    console: object = getattr(handler, "console", None)
    return console is not None and places.have(stream_of(console))


def _own_code(handler: logging.Handler, places: Places) -> bool | None:
    """Whether what the host's classes do with a record is to print it: as `only_prints` says, of all of them."""
    found = False
    for kind in type(handler).__mro__:
        if kind.__module__.partition(".")[0] == "logging" or kind.__module__ == "rich.logging":
            break
        for name in ("emit", "handle"):
            if name in vars(kind):
                prints = only_prints(vars(kind)[name], handler, places.have)
                if prints is None:
                    return None
                found = prints or found
    return found


# --- stopping a record where it would be written


def _give(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Give a copy to a handler whose filters have let the record pass."""
    handler.acquire()
    try:
        stream = vars(handler).get("stream")
        if stream is None or not _ends_on_console(handler, _places_of(running.runners)):
            handler.emit(record)
            return
        muted: Any = handler
        muted.stream = _nowhere
        try:
            handler.emit(record)
        finally:
            if muted.stream is _nowhere:
                muted.stream = stream
    finally:
        handler.release()


def install() -> None:
    """Stop records that discreet has written wherever a console handler would write them again."""
    forget()
    if not _patched:
        original = logging.Handler.handle

        @functools.wraps(original)
        def handle(self: logging.Handler, record: logging.LogRecord) -> Any:
            kind = _kind_of(self, _places_of(running.runners)) if is_taken(record) else OTHER
            passed = _asked.passed.pop(id(self), None) if kind != OTHER else None
            if kind == SILENT or passed is False:
                return False
            if kind == MUTED and passed is None:
                changed = _passed(self, record)
                if changed is None:
                    return False
                record, passed = changed, True
            if passed:
                _give(self, record)
                return record
            return original(self, record)

        _patch(logging.Handler, "handle", handle)
        _mute(logging.StreamHandler)


def _mute(kind: type[logging.Handler]) -> None:
    """Have `emit` of a class write nothing to the console that discreet has written; subclasses may call it."""
    if any(patched is kind and name == "emit" for patched, name, _, _ in _patched):
        return
    original = kind.emit

    @functools.wraps(original)
    def emit(self: logging.Handler, record: logging.LogRecord) -> None:
        if not (is_taken(record) and _ends_on_console(self, _places_of(running.runners))):
            original(self, record)

    _patch(kind, "emit", emit)


def _patch(kind: type[logging.Handler], name: str, ours: Any) -> None:
    _patched.append((kind, name, ours, vars(kind)[name]))
    setattr(kind, name, ours)


def uninstall() -> None:
    """Undo `install`, where nobody has replaced our functions."""
    while _patched:
        kind, name, ours, before = _patched.pop()
        if vars(kind).get(name) is ours:
            setattr(kind, name, before)
    forget()
