"""What became of the lines that a process put into a spool, and of those it took from there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._delivery.spool.segment import Acknowledged


class News(NamedTuple):
    """What happened in the spool, beside the lines of its own that this process delivered."""

    recovered: int = 0
    """Lines of other processes that this one took over: it delivered them, or dropped them as counted below."""
    transferred: int = 0
    """Lines of this process that another one took over."""
    dropped: dict[str, int] = {}  # noqa: RUF012 - a named tuple's default, never changed


class SpoolCounts:
    """Counts of one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own: dict[str, list[int]] = {}  # by segment: lines written, and those of them done
        self._recovered = self._transferred = 0
        self._dropped: dict[str, int] = {}

    def written(self, name: str) -> int:
        """How many lines this process has put into a segment."""
        with self._lock:
            return self._own.get(name, (0, 0))[0]

    def wrote(self, name: str, count: int) -> None:
        """This process has put so many more lines into a segment."""
        with self._lock:
            self._own.setdefault(name, [0, 0])[0] += count

    @property
    def pending(self) -> int:
        """How many lines of this process are in the spool, as far as it knows."""
        with self._lock:
            return sum(written - done for written, done in self._own.values())

    def news(self, through: Callable[[str], int | None]) -> News:
        """What happened since the last call; `through` tells how far other processes got with a segment."""
        with self._lock:
            for name in list(self._own):
                self.taken_by_others(name, through(name))
            news = News(self._recovered, self._transferred, self._dropped)
            self._recovered = self._transferred = 0
            self._dropped = {}
            return news

    def taken_by_others(self, name: str, through: int | None) -> None:
        """A segment is acknowledged up to a sequence number (None: it is gone): others took what we did not."""
        with self._lock:
            own = self._own.get(name)
            if own is None:
                return
            written, done = own
            end = written if through is None else through
            if end > done:
                self._transferred += end - done
                own[1] = end
            if through is None:
                del self._own[name]

    def acknowledged(self, part: Acknowledged, reason: str | None = None) -> None:
        """Count lines that were delivered, or dropped for a reason."""
        with self._lock:
            name, torn = part.name.text, part.torn
            own = self._own.get(name)
            if own is None:
                self._recovered += part.whole + torn
            else:
                end = own[0] if part.through is None else part.through
                torn = end - own[1] - part.whole
                own[1] = end
                if part.through is None:
                    del self._own[name]
            for why, count in ((reason, part.whole), ("spool corrupt", torn)):
                if why and count > 0:
                    self._dropped[why] = self._dropped.get(why, 0) + count
