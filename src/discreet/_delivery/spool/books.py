"""What became of the records that a process put into a spool, and of those it took from there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._delivery.spool.segment import Passed


class News(NamedTuple):
    """What happened to records in the spool, beside what this process delivered of its own."""

    adopted: int = 0
    """Of other processes, and taken up by this one: delivered by it, or dropped as counted below."""
    handed_over: int = 0
    """Of this process, and taken up by another."""
    dropped: dict[str, int] = {}  # noqa: RUF012 - a named tuple's default, never changed


class SpoolBooks:
    """Counts of one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own: dict[str, list[int]] = {}  # by segment: how many were written, and how many of them are settled
        self._adopted = self._handed_over = 0
        self._dropped: dict[str, int] = {}

    def written(self, name: str) -> int:
        """How many records this process has put into a segment."""
        with self._lock:
            return self._own.get(name, (0, 0))[0]

    def wrote(self, name: str, count: int) -> None:
        """So many more."""
        with self._lock:
            self._own.setdefault(name, [0, 0])[0] += count

    @property
    def waiting(self) -> int:
        """How many records of this process wait, as far as it knows."""
        with self._lock:
            return sum(written - settled for written, settled in self._own.values())

    def news(self, through: Callable[[str], int | None]) -> News:
        """What happened since this was asked last; `through` tells how far others got with a segment."""
        with self._lock:
            for name in list(self._own):
                self.taken_by_others(name, through(name))
            news = News(self._adopted, self._handed_over, self._dropped)
            self._adopted = self._handed_over = 0
            self._dropped = {}
            return news

    def taken_by_others(self, name: str, through: int | None) -> None:
        """A segment is through up to a sequence (None: it is gone): what we did not see ourselves, others took."""
        with self._lock:
            own = self._own.get(name)
            if own is None:
                return
            written, settled = own
            upto = written if through is None else through
            if upto > settled:
                self._handed_over += upto - settled
                own[1] = upto
            if through is None:
                del self._own[name]

    def passed(self, passed: Passed, reason: str | None = None) -> None:
        """Records that were delivered, or given up for a reason."""
        with self._lock:
            name, torn = passed.name.text, passed.torn
            own = self._own.get(name)
            if own is None:
                self._adopted += passed.whole + torn
            else:
                upto = own[0] if passed.through is None else passed.through
                torn = upto - own[1] - passed.whole
                own[1] = upto
                if passed.through is None:
                    del self._own[name]
            for why, count in ((reason, passed.whole), ("spool corrupt", torn)):
                if why and count > 0:
                    self._dropped[why] = self._dropped.get(why, 0) + count
