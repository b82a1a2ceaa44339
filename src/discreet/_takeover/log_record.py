"""A `logging.LogRecord` as one of our records."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from discreet._context.ambient import Context, current
from discreet._context.capture import NOWHERE, correlate
from discreet._record import Identity, Record, Source
from discreet._values.plain import text_of
from discreet._values.proxies import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

STANDARD_ATTRIBUTES = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message", "asctime", "taskName",
}  # fmt: skip
"""What `logging` itself puts on a record; all other attributes came in through `extra` or a filter."""
TAKEN_BY = "_discreet_taken"
"""On what other handlers get: who has taken the record (see `Taker`), in case a queue brings it back. "": nobody."""
PROCESS_NAME = "process_name"
IDS = ("trace_id", "span_id", "request_id")
_UNNAMED = ("MainProcess", None)


class Taker:
    """Who takes records: a random name, since a process id is not one (the first process of every container is 1).

    The processes of one `multiprocessing` family have it in common: what one of them has written, the others, which
    write to the same places, do not write again. The name travels as the key of `multiprocessing` does.
    """

    def __init__(self) -> None:
        self._own = os.urandom(8).hex()
        self.is_shared = False
        """Whether children made by `multiprocessing` will have the name."""

    def share(self, _process: ModuleType) -> None:
        """Let the children that `multiprocessing` makes have the name."""
        self.token  # noqa: B018 - which puts it where they find it

    @property
    def token(self) -> str:
        """The name of this process's family."""
        process: Any = sys.modules.get("multiprocessing.process")
        if process is None:
            return self._own
        try:
            current: Any = process.current_process()
            settings: dict[str, str] = current.__dict__["_config"]  # every child gets a copy of that
            return settings.setdefault("discreet", self._own)
        except Exception:  # another implementation
            return self._own


taker = Taker()


def is_taken(record: logging.LogRecord) -> bool:
    """Whether this process, or one that writes to the same places, has written the record already."""
    token = vars(record).get(TAKEN_BY)
    return token is not None and token == taker.token


# `color_message` is uvicorn's copy of the message, with terminal colours in it.
_NOT_FIELDS = STANDARD_ATTRIBUTES | {"color_message", TAKEN_BY}
_NO_FIELDS: dict[str, object] = {}

duplicate_rows: dict[str, Callable[[logging.LogRecord], bool]] = {}
"""By logger: whether a row of a server only repeats what a request's record says. Integrations fill this in."""


def from_logging(record: logging.LogRecord) -> tuple[Record, Context, tuple[object, ...]]:
    """Our record, the context that it was made in, and the `%`-arguments that are still to be filled in.

    A record of another factory or of another process may have any type in any attribute.
    """
    ours = Record()
    ours.time_ns = int(record.created * 1_000_000) * 1000
    ours.level = record.levelno
    ours.logger = _text(record.name)
    ours.message = record.msg
    ours.template = None
    attributes = vars(record)
    ours.fields = fields = {key: value for key, value in attributes.items() if key not in _NOT_FIELDS} or _NO_FIELDS
    ours.ambient = _NO_FIELDS
    process = record.process
    ours.identity = NOWHERE if type(process) is not int or process == os.getpid() else Identity(process=process)
    if record.processName not in _UNNAMED and PROCESS_NAME not in fields:
        ours.fields = {**fields, PROCESS_NAME: _text(record.processName)}
    ours.thread = _text(record.threadName) or None
    ours.task = _text(getattr(record, "taskName", None)) or None
    ours.exception = _exception(record)
    # A record that came through a queue or a socket has no exception any more, only its text in `exc_text`.
    stack = _text((record.exc_text if ours.exception is None else None) or record.stack_info)
    ours.stacktrace = stack or None
    if record.levelno >= logging.WARNING:
        line = record.lineno
        ours.source = Source(_text(record.pathname), line if type(line) is int else 0, _text(record.funcName))
    else:
        ours.source = None
    # The context of a request is on its exception, which a server may log after the request.
    try:
        attached: object = getattr(ours.exception, "__discreet_context__", None)
    except Exception:  # an exception with a __getattr__ of its own
        attached = None
    context = attached if isinstance(attached, Context) else current.get()
    correlate(ours, context)
    if TAKEN_BY in attributes:  # it comes from another process, where it was made by discreet or passed through it
        _take_ids(ours, attributes)
    args = record.args or ()
    return ours, context, args if isinstance(args, tuple) else (args,)


def _take_ids(ours: Record, attributes: dict[str, object]) -> None:
    """Read back the ids that discreet has put on a record for handlers of the host."""
    found = {name: attributes[name] for name in IDS if type(attributes.get(name)) is str}
    for name, value in found.items():
        setattr(ours, name, value)
    ours.fields = {key: value for key, value in ours.fields.items() if key not in found}


def is_duplicate(record: logging.LogRecord) -> bool:
    """Whether a request's record says, or will say, all that this row says; never raises."""
    test = duplicate_rows.get(record.name)
    if test is None:
        return False
    try:
        return test(record)
    except Exception:  # not a row as the server writes them, so it stays
        return False


def _exception(record: logging.LogRecord) -> BaseException | None:
    found: object = record.exc_info
    if isinstance(found, tuple) and len(found) == 3:
        found = found[1]
    elif record.exc_info:  # `True`, as handlers in other processes may leave it
        found = sys.exc_info()[1]
    for error in (resolved(found), record.msg):
        if issubclass(type(error), BaseException):  # isinstance() would run the object's own `__class__`
            return cast("BaseException", error)
    return None


def _text(value: object) -> str:
    return value if type(value) is str else "" if value is None else text_of(value)


def handlers_of(logger: logging.Logger) -> Iterator[logging.Handler]:
    """A logger's handlers and those of its parents, as far as it propagates."""
    here: logging.Logger | None = logger
    while here is not None:
        yield from here.handlers
        here = here.parent if here.propagate else None
