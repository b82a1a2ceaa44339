"""The marks on a `logging.LogRecord` that handlers of others get: who has taken it, so that it is written once."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

STANDARD_ATTRIBUTES = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message", "asctime", "taskName",
}  # fmt: skip
"""What `logging` itself puts on a record; all other attributes came in through `extra` or a filter."""
TAKEN_BY = "_discreet_taken"
"""On what other handlers get: who has taken the record (see `Taker`), in case a queue brings it back. "": nobody."""
IDS = ("trace_id", "span_id", "request_id")


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


def handlers_of(logger: logging.Logger) -> Iterator[logging.Handler]:
    """A logger's handlers and those of its parents, as far as it propagates."""
    here: logging.Logger | None = logger
    while here is not None:
        yield from here.handlers
        here = here.parent if here.propagate else None
