"""What waits in memory: bounded, and when it is full the least important goes first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.levels import INFO, severity_text

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from discreet._base.statistics import Patient

MOST = 16_384
MOST_BYTES = 16 << 20
_RANKS = 6  # below DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL
_SHED = tuple(f"shed {severity_text(rank * 10).lower()}" for rank in range(_RANKS))


class Queue:
    """Lines in the order they came, up to so many and so many bytes.

    A newcomer that finds it full takes the place of the oldest line of the lowest level below its own; `lose` is told
    ("shed debug"). Nothing here waits but for a lock that is held for a moment. A signal handler may come in between
    any two steps, in the thread that holds the lock: each step leaves what the next needs. The handler may also raise:
    a line has come in with the one step that appends it, and what else is counted is then counted anew.
    """

    def __init__(self, lose: Callable[[str], None], *, count: int = MOST, size: int = MOST_BYTES) -> None:
        self.lock: Patient | threading.RLock = threads.lock()
        self.count = 0
        self.size = 0
        self.newest = 0
        """The number of the newest line. Numbers grow; where a signal handler raised, one may be left out."""
        self.taken = 0
        """How many lines `take` gave away."""
        self._shed = 0
        self._lose = lose
        self._most = count
        self._most_size = size
        self._lines: tuple[deque[tuple[int, bytes]], ...] = tuple(deque() for _ in range(_RANKS))
        self._sizes = [0] * _RANKS

    def put(self, line: bytes, level: int = INFO) -> bool:
        """Let a line wait; False if there is no room, and nothing less important to make some. Never blocks."""
        rank = 0 if level < 0 else 5 if level > 50 else level // 10
        size = len(line)
        with self.lock:
            try:
                if (self.count >= self._most or self.size + size > self._most_size) and not self._make_room(rank, size):
                    return False
                self.newest = number = self.newest + 1
                self._lines[rank].append((number, line))
                self._sizes[rank] += size
                self.size += size
                self.count += 1
            except BaseException:
                self._recount()
                raise
        return True

    def _recount(self) -> None:
        self._sizes = [sum(len(line) for _, line in tuple(lines)) for lines in self._lines]
        self.size = sum(self._sizes)
        self.count = self.held

    def _make_room(self, rank: int, size: int) -> bool:
        lower = self._lines[:rank]
        if not any(lower) or self.size - sum(self._sizes[:rank]) + size > self._most_size:
            return False
        for below, lines in enumerate(lower):
            while lines and (self.count >= self._most or self.size + size > self._most_size):
                self._give_up_oldest(below)
        return True

    def _give_up_oldest(self, rank: int) -> None:
        lines = self._lines[rank]
        told = False
        before = lines[0] if lines else None
        try:
            line = lines.popleft()[1]
            self._left(rank, len(line))
            self._lose(_SHED[rank])
            told = True
            self._shed += 1
        except IndexError:  # a signal handler's record took its place
            return
        except BaseException:
            if before is not None and not (lines and lines[0] is before):  # it is out, and has to be counted
                if not told:
                    self._lose(_SHED[rank])
                self._shed += 1
            raise

    def take(self, count: int, size: int) -> list[bytes]:
        """The oldest lines, up to so many and so many bytes, but at least one if there is any."""
        taken: list[bytes] = []
        with self.lock:
            while len(taken) < count:
                heads = sorted((lines[0][0], rank) for rank, lines in enumerate(self._lines) if lines)
                if not heads:
                    break
                rank = heads[0][1]
                until = heads[1][0] if len(heads) > 1 else self.newest + 1
                before = len(taken)
                size = self._take_run(rank, until, count, size, taken)
                if len(taken) == before:
                    break
        return taken

    def _take_run(self, rank: int, until: int, count: int, size: int, taken: list[bytes]) -> int:
        """Take lines of one level, up to where another level's turn comes; how many bytes more there may be."""
        lines = self._lines[rank]
        try:
            while lines and lines[0][0] < until and len(taken) < count:
                size -= len(lines[0][1])
                if size < 0 and taken:
                    break
                line = lines.popleft()[1]
                taken.append(line)
                self.taken += 1
                self._left(rank, len(line))
        except IndexError:  # a signal handler's record took the place of the last
            return size
        return size

    def _left(self, rank: int, size: int) -> None:
        self._sizes[rank] -= size
        self.size -= size
        self.count -= 1

    @property
    def held(self) -> int:
        """How many lines wait: `count`, as it truly is."""
        return sum(map(len, self._lines))

    @property
    def accepted(self) -> int:
        """How many lines ever came in."""
        with self.lock:
            return self.seen

    @property
    def seen(self) -> int:
        """As `accepted`, without the lock: a line that is just being taken or given up may not be counted yet."""
        return self.taken + self._shed + self.held  # in this order: none is counted twice

    @property
    def oldest(self) -> int:
        """The number of the oldest line; one above the newest's if none waits."""
        with self.lock:
            return min((lines[0][0] for lines in self._lines if lines), default=self.newest + 1)

    @property
    def is_half_full(self) -> bool:
        """Whether it is time to think of another place."""
        return self.count * 2 >= self._most or self.size * 2 >= self._most_size
