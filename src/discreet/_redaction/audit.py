"""Step 3, redact: how much was redacted, by kind and by logger. Never a value, nor anything made from one."""

from __future__ import annotations

import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD = 600.0
"""Seconds between two records that sum up what was redacted meanwhile."""

_MOST_LOGGERS = 1000


class _Current(threading.local):
    logger = ""
    """The logger whose record this thread is making."""
    depth = 0
    """How many records it is in the middle of: a value's `__repr__`, for example, may log."""


current = _Current()


class Audit:
    """The counts of one process."""

    def __init__(self) -> None:
        self.observers: dict[str, Callable[[str, str], object]] = {}
        """By a module's name; called, if that is loaded, with each redaction's kind and logger. They must not raise."""
        self.forget()

    def forget(self) -> None:
        """Start from zero, with a lock of its own: in a forked child, a thread that is gone may hold the old one."""
        self._lock = threading.RLock()  # re-entrant: a signal handler may log inside
        self.by_kind: dict[str, int] = {}
        self.by_logger: dict[str, int] = {}
        self._reported: dict[str, int] = {}
        self._since = monotonic()
        self.due = False
        """Whether it is time for a summary."""

    def count(self, kind: str) -> None:
        """One more redaction of this kind, for the logger whose record is redacted."""
        logger = current.logger
        with self._lock:
            self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
            if logger:
                known = logger if logger in self.by_logger or len(self.by_logger) < _MOST_LOGGERS else "(others)"
                self.by_logger[known] = self.by_logger.get(known, 0) + 1
            if not self.due and monotonic() - self._since >= PERIOD:
                self.due = True
        for module, observer in self.observers.items():
            if module in sys.modules:
                observer(kind, logger)

    def summarize(self) -> dict[str, int]:
        """What was redacted since the last time, by kind; and start the next period."""
        with self._lock:
            self.due = False
            self._since = monotonic()
            recent = {kind: count - self._reported.get(kind, 0) for kind, count in self.by_kind.items()}
            self._reported = dict(self.by_kind)
        return {kind: count for kind, count in sorted(recent.items()) if count}


audit = Audit()
"""The counts of this process."""
