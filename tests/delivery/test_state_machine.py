"""Whatever happens to processes, receiver and disk, in any order: each line is accounted for, and none comes twice."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from .processes import BATCH, Process, World
from .receiver import balances

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")

which = st.sampled_from([0, 1])


class Delivery(RuleBasedStateMachine):
    """Two processes of one service at a time, which end, die, and are started again."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name, "spool"))
        self.processes = [Process(self.world), Process(self.world)]
        self.put: set[bytes] = set()
        self.killed: set[bytes] = set()
        self.dropped = 0  # by processes that are no more
        self.may_repeat = 0

    @rule(which=which, level=st.sampled_from([10, 20, 30, 40]), count=st.integers(1, 4))
    def log(self, which: int, level: int, count: int) -> None:
        for _ in range(count):
            line = b"%d of level %d\n" % (len(self.put), level)
            self.put.add(line)
            self.processes[which].log(line, level)

    @rule(which=which, count=st.integers(1, 5))
    def work(self, which: int, count: int) -> None:
        process, world = self.processes[which], self.world
        for _ in range(count):
            before = dict(world.arrived)
            process.step()
            if world.disk_is_full and not process.sent_and_not_noted():
                # A batch from disk that came through in part, and whose rest finds no room, stays there whole.
                self.may_repeat += sum(world.arrived[line] - before.get(line, 0) for line in world.on_disk())

    @rule(seconds=st.sampled_from([0.1, 1, 10, 100]))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds

    @rule(which=which)
    def flush(self, which: int) -> None:
        if self.processes[which].flush():
            assert not self.processes[which].health()["pending"]

    @rule(state=st.sampled_from(["up", "down", "refusing", "partial", "throttling"]))
    def receiver_becomes(self, state: str) -> None:
        self.world.receiver = state

    @rule(is_full=st.booleans())
    def disk_becomes(self, is_full: bool) -> None:
        self.world.disk_is_full = is_full

    @rule(which=which)
    def kill_and_restart(self, which: int) -> None:
        process = self.processes[which]
        self.killed.update(process.in_memory())
        self.may_repeat += process.sent_and_not_noted()
        self.dropped += sum(process.health()["dropped"].values())
        process.kill()
        self.processes[which] = Process(self.world)

    @rule(which=which)
    def end_and_restart(self, which: int) -> None:
        process = self.processes[which]
        # Of a batch from disk that came through in part, the rest is stored anew. Without room for it all of it stays.
        self.may_repeat += process.sent_and_not_noted()
        process.end()
        health = process.health()
        assert balances(health)
        assert not health["pending"]
        self.dropped += sum(health["dropped"].values())
        self.processes[which] = Process(self.world)

    @invariant()
    def statistics_balance(self) -> None:
        for process in self.processes:
            health = process.health()
            assert balances(health), health
            assert health["pending"] == len(process.in_memory()) + health["on_disk"], health

    @invariant()
    def no_line_is_lost_in_silence(self) -> None:
        world = self.world
        known = {*world.arrived, *world.rejected, *self.killed, *world.on_disk()}
        known.update(*(process.in_memory() for process in self.processes))
        dropped = self.dropped + sum(sum(process.health()["dropped"].values()) for process in self.processes)
        missing = self.put - known
        assert len(missing) <= dropped, (missing, dropped)

    @invariant()
    def no_line_comes_twice_but_after_a_kill(self) -> None:
        repeated = sum(count - 1 for count in self.world.arrived.values())
        assert repeated <= self.may_repeat, (repeated, self.may_repeat)

    def teardown(self) -> None:
        """In the end, with a receiver that is up and a disk that has room, everything that waits arrives."""
        if not hasattr(self, "world"):
            return
        self.receiver_becomes("up")
        self.disk_becomes(False)
        for _ in range(2 * len(self.put) // BATCH + 20):
            self.wait(100)
            for which in (0, 1):
                self.work(which, 2)
        self.statistics_balance()
        self.no_line_is_lost_in_silence()
        self.no_line_comes_twice_but_after_a_kill()
        assert not self.world.on_disk()
        for process in self.processes:
            assert not process.in_memory()
            process.end()
        self.folder.cleanup()


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
