"""Processes that send to one receiver and share one spool, without threads, sleeps or forks: the test takes each step.

Everything that the state machine knows of discreet's insides is in this file.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from discreet._delivery import frames
from discreet._delivery.export.sink import Result, Unreachable
from discreet._delivery.spool import segment
from discreet._delivery.spool.spool import Spool

from .receiver import Scripted, by_hand

BATCH = 3
"""Lines of a batch, at most."""
QUEUE = 8
"""Lines that a queue holds, at most."""
SPOOL_BYTES = 700


class World:
    """A clock that is moved by hand, a disk that may be full, and a receiver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1000.0
        self.receiver = "up"
        self.disk_is_full = False
        self.arrived: Counter[bytes] = Counter()
        self.rejected: set[bytes] = set()

    def answer(self, batch: list[bytes]) -> Result:
        if self.receiver == "down":
            raise Unreachable("ECONNREFUSED")
        if self.receiver == "throttling":
            return Result(0, retry=batch, after=30.0, reason="HTTP 429")
        half = len(batch) // 2 if self.receiver != "up" else 0
        first, rest = batch[:half], batch[half:]
        if self.receiver == "refusing":
            self.rejected.update(first)
            self.arrived.update(rest)
            return Result(len(rest), {"rejected": half} if half else {})
        self.arrived.update(rest)
        return Result(len(rest), retry=first, reason="HTTP 206" if first else "")

    @contextmanager
    def disk(self) -> Iterator[None]:
        """The disk as it is: on a full one, no file gets longer."""
        if not self.disk_is_full:
            yield
            return
        with mock.patch.object(os, "write", side_effect=OSError(errno.ENOSPC, "no space")):
            yield

    def on_disk(self) -> list[bytes]:
        """The lines that wait in the spool, of all processes."""
        lines: list[bytes] = []
        for path in sorted(self.folder.glob("*.spool")):
            data = path.read_bytes()
            if len(data) >= segment.HEAD.size:
                _, through = segment.HEAD.unpack_from(data)
                lines += frames.read(data, segment.HEAD.size, through).lines
        return lines


class Process:
    """One process with one sink."""

    def __init__(self, world: World) -> None:
        self._world = world
        sink = Scripted(world.answer, batch_count=BATCH, queue_count=QUEUE, delay=1)
        self._runner = by_hand(sink, lambda: world.now)
        self._runner.clock = lambda: world.now
        self._runner.sender.circuit._draw = lambda: 0.5
        self._spool = Spool(world.folder, max_bytes=SPOOL_BYTES)
        self._runner.pending.spool = self._spool

    def log(self, line: bytes, level: int) -> None:
        with self._world.disk():
            self._runner.accept(line, level)

    def step(self) -> None:
        with self._world.disk():
            self._runner.sender.step()

    def flush(self) -> bool:
        with self._world.disk():
            return self._runner.flush(0)

    def health(self) -> dict[str, Any]:
        return dict(self._runner.health())

    def in_memory(self) -> list[bytes]:
        """What a kill would lose."""
        pending = self._runner.pending
        lines = [line for lines in pending.queue._lines for _, line in lines]
        if pending.batch is not None and pending.batch.segment is None:
            lines += pending.batch.lines
        return lines

    def sent_and_not_noted(self) -> int:
        """Lines of a batch from disk that came through in part: after a kill they come again."""
        batch = self._runner.pending.batch
        return 0 if batch is None or batch.segment is None else batch.delivered + sum(batch.rejected.values())

    def end(self) -> None:
        """Exit in order: what could not be sent goes to disk, and what finds no room there is counted."""
        with self._world.disk():
            self._runner.pending.give_up("exit")
            self._runner.pending.transfer()

    def kill(self) -> None:
        """End at once, as by SIGKILL: the kernel closes the files, and so frees their locks."""
        for fd in self._spool._held:
            os.close(fd)
        self._spool._held.clear()
