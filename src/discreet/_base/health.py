"""The books: what was emitted, delivered, dropped (and why), held back, redacted. None of it ever holds data."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

from discreet._base.escape import escape

if TYPE_CHECKING:
    from discreet._base.statistics import Books


class Ledger:
    """Counts that belong to no sink: records lost before they reached one, and records held back by a limit."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while its own thread is in here
        self.lost: dict[str, int] = {}
        self.held = 0
        self.past: list[Books] = []
        """Of the sinks that an earlier configuration used."""

    def drop(self, reason: str) -> None:
        """Count one record that reached no sink, and say so once per reason on stderr."""
        with self._lock:
            first = reason not in self.lost
            self.lost[reason] = self.lost.get(reason, 0) + 1
        if first:
            complain(f"a record was lost: {reason}")

    def suppressed(self) -> None:
        """Count one record that `once`, `every` or `sample` held back."""
        with self._lock:
            self.held += 1

    def forget(self) -> None:
        """Start the books anew, as a forked child does: what the parent wrote is the parent's."""
        self.__init__()  # type: ignore[misc]  # the lock may be held by a thread that this process does not have


ledger = Ledger()


def reason_of(error: BaseException) -> str:
    """Why a write failed, without a word of the data: the system's name for the error, or the exception's class."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return errno.errorcode[number]
    return type(error).__name__


def counted(number: int, noun: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def complain(text: str) -> None:
    """discreet's own trouble goes to stderr as one line. `text` quotes no data; of names in it nothing is a command."""
    try:
        os.write(2, f"discreet: {escape(text)}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return  # no stderr: `health()` still knows
