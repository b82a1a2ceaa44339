"""Lines that are pending in memory: bounded, and when the queue is full the least important line goes first."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.levels import INFO, severity_text

if TYPE_CHECKING:
    import threading

    from discreet._base.threads import ExitLock

MOST = 16_384
MOST_BYTES = 16 << 20
_RANKS = 6  # below DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL
_SHED = tuple(f"shed {severity_text(rank * 10).lower()}" for rank in range(_RANKS))
_MOMENT = 0.05  # seconds


class Queue:
    """Lines in the order they came, up to `count` lines and `size` bytes.

    A new line that finds the queue full takes the place of the oldest line of the lowest level below its own; that
    one is counted as dropped ("shed debug"). Nothing here waits, except for a lock that is held for a moment. A signal
    handler may run between any two steps, in the thread that holds the lock: each step leaves what the next one needs.
    The handler may also raise: a line is in the queue with the one step that appends it, and then `_recount` repairs
    the other counts.
    """

    full = "queue full"

    def __init__(self, *, count: int = MOST, size: int = MOST_BYTES) -> None:
        self.lock: ExitLock | threading.RLock = threads.lock()
        self.count = 0
        """How many lines are in the queue: those that were not taken."""
        self.size = 0
        """Bytes of those."""
        self.newest = 0
        """The number of the newest line. Where a signal handler raised, a number may be missing."""
        self.dropped = defaultdict[str, int](int)
        self._taken = self._acknowledged = self._oldest_taken = 0
        self._most = count
        self._most_size = size
        self._lines: tuple[deque[tuple[int, bytes]], ...] = tuple(deque() for _ in range(_RANKS))
        self._sizes = [0] * _RANKS
        self._refuses = False

    def put(self, line: bytes, level: int = INFO) -> bool:
        """Add a line; False if there is no room, and no less important line to make some. Never blocks."""
        rank = 0 if level < 0 else 5 if level > 50 else level // 10
        size = len(line)
        with self.lock:
            if self._refuses:
                return False
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
        self.count = self._held

    def _make_room(self, rank: int, size: int) -> bool:
        lower = self._lines[:rank]
        if not any(lower) or self.size - sum(self._sizes[:rank]) + size > self._most_size:
            return False
        for below, lines in enumerate(lower):
            while lines and (self.count >= self._most or self.size + size > self._most_size):
                self._drop_oldest(below)
        return True

    def _drop_oldest(self, rank: int) -> None:
        lines = self._lines[rank]
        counted = False
        before = lines[0] if lines else None
        try:
            line = lines.popleft()[1]
            self._removed(rank, len(line))
            self.dropped[_SHED[rank]] += 1
            counted = True
        except IndexError:  # a signal handler's record dropped the last one
            return
        except BaseException:
            if before is not None and not counted and not (lines and lines[0] is before):
                self.dropped[_SHED[rank]] += 1  # it is out of the queue, and has to be counted
            raise

    def take(self, count: int, size: int) -> list[bytes]:
        """The oldest lines, up to `count` and `size` bytes, but at least one. They are pending until acknowledged.

        None if the lock is held for long: by a call that a signal handler interrupted, which may wait for the caller.
        """
        taken: list[bytes] = []
        if not self.lock.acquire(timeout=_MOMENT):
            return taken
        try:
            while len(taken) < count:
                heads = sorted((lines[0][0], rank) for rank, lines in enumerate(self._lines) if lines)
                if not heads:
                    break
                number, rank = heads[0]
                if self._taken == self._acknowledged:
                    self._oldest_taken = number
                until = heads[1][0] if len(heads) > 1 else self.newest + 1
                before = len(taken)
                size = self._take_run(rank, until, count, size, taken)
                if len(taken) == before:
                    break
        finally:
            self.lock.release()
        return taken

    def _take_run(self, rank: int, until: int, count: int, size: int, taken: list[bytes]) -> int:
        """Take lines of one level, until another level has the oldest line; how many bytes more there may be."""
        lines = self._lines[rank]
        try:
            while lines and lines[0][0] < until and len(taken) < count:
                size -= len(lines[0][1])
                if size < 0 and taken:
                    break
                line = lines.popleft()[1]
                taken.append(line)
                self._taken += 1
                self._removed(rank, len(line))
        except IndexError:  # a signal handler's record dropped the last one
            return size
        return size

    def _removed(self, rank: int, size: int) -> None:
        self._sizes[rank] -= size
        self.size -= size
        self.count -= 1

    def acknowledge(self, count: int) -> None:
        """So many of the lines that were taken are not pending any more."""
        with self.lock:
            self._acknowledged += count

    def clear(self) -> int:
        """Take all lines out and acknowledge all that were taken; how many were pending."""
        with self.lock:
            count = self._taken - self._acknowledged
            for lines in self._lines:
                while lines:
                    lines.popleft()
                    self._taken += 1
                    count += 1
            self._recount()
            self._acknowledged = self._taken
        return count

    @property
    def _held(self) -> int:
        """`count`, as it truly is."""
        return sum(map(len, self._lines))

    @property
    def accepted(self) -> int:
        """How many lines came in. Without the lock, a line that is just being taken or dropped may be missing."""
        taken, dropped = self._taken, sum(tuple(self.dropped.values()))  # first: no line is counted twice
        return taken + dropped + self._held

    @property
    def pending(self) -> int:
        """How many lines are in the queue, or were taken and not acknowledged."""
        return self._held + self._taken - self._acknowledged

    @property
    def oldest(self) -> int:
        """The number of the oldest pending line; above `newest` if there is none."""
        with self.lock:
            if self._taken != self._acknowledged:
                return self._oldest_taken
            return min((lines[0][0] for lines in self._lines if lines), default=self.newest + 1)

    @property
    def is_half_full(self) -> bool:
        """Whether it is time to think of another place for the lines."""
        return self.count * 2 >= self._most or self.size * 2 >= self._most_size

    def refuse_more(self) -> None:
        """Take in nothing more."""
        with self.lock:
            self._refuses = True

    close = refuse_more  # nothing else is to be released
