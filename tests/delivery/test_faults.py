"""Whatever call of the operating system fails: no log call raises, no line is lost in silence, and later all arrive."""

from __future__ import annotations

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import discreet
from discreet._delivery.buffered import ring
from discreet._delivery.buffered.ring import Ring
from discreet._delivery.export.sink import Result, Unreachable
from discreet._delivery.folder import place
from discreet._delivery.spool.spool import Spool
from discreet.errors import ConfigurationError
from discreet.testing import reset

from .faults import each_call_failing, every_kind_of_fault
from .receiver import Scripted, balances, by_hand

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")


class Sending:
    """A sink without a thread, a clock that is moved by hand, and a receiver that is up or down."""

    def __init__(self, spool: Spool | None) -> None:
        self.now = 1000.0
        self.is_up = True
        self.arrived: list[bytes] = []
        self.put = 0
        sink = Scripted(self.answer, batch_count=2, delay=1)
        self.runner = by_hand(sink, lambda: self.now)
        self.runner.sender.circuit._draw = lambda: 1.0
        self.runner.pending.spool = spool

    def answer(self, batch: list[bytes]) -> Result:
        if not self.is_up:
            raise Unreachable("ECONNREFUSED")
        self.arrived += batch
        return Result(len(batch))

    def log(self, count: int) -> None:
        for _ in range(count):
            self.put += 1
            self.runner.accept(b"line %d\n" % self.put)
        assert balances(self.runner.health())

    def steps(self, count: int) -> None:
        for _ in range(count):
            with suppress(OSError):  # the worker's thread reports it, and goes on
                self.runner.sender.step()
            self.now += 100 if self.is_up else 0.01  # while it is down, an attempt is followed by rest


def lost(put: int, arrived: list[bytes]) -> int:
    return put - len(set(arrived))


@every_kind_of_fault
@pytest.mark.parametrize("max_bytes", [10_000, 200], ids=["room", "little room"])
def test_a_spool(number, lasts, max_bytes):
    for folder, faults in each_call_failing(number, lasts=lasts):
        Spool(folder / "spool").write([b"of another process 1\n", b"of another process 2\n"])
        sending = Sending(Spool(folder / "spool", max_bytes=max_bytes))
        with faults:
            sending.is_up = False
            for _ in range(3):
                sending.log(2)
                sending.steps(2)
            sending.is_up = True
            sending.log(1)
            sending.steps(5)
        sending.log(1)
        sending.steps(20)
        health = sending.runner.health()
        context = (faults.met, health, sending.arrived)
        assert balances(health), context
        assert health["pending"] == 0, context
        assert health["emitted"] == sending.put + health["recovered"], context
        missing = lost(sending.put + 2, sending.arrived)
        assert missing <= sum(health["dropped"].values()), context
        assert max_bytes == 200 or not missing, context
        sending.runner.pending.put_back()


@pytest.fixture
def threads_by_hand(monkeypatch):
    """Threads that are to be started, for the test to run."""
    waiting = []
    monkeypatch.setattr("discreet._base.threads.start", lambda run: waiting.append(run) or True)

    def run_all():
        while waiting:
            waiting.pop(0)()

    return run_all


def configure(*sinks: discreet.Sink) -> None:
    discreet.configure(sinks=sinks, service="s", environment="prod", level="info", take_over=False)


def numbers_in(folder: Path) -> list[int]:
    """Of the whole records in all files of a folder, compressed or not (or both, until the next rotation tidies up)."""
    found = []
    for path in folder.iterdir():
        if path.is_file() and path.suffix != ".tmp" and not path.with_name(path.name + ".gz").exists():
            data = path.read_bytes()
            lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
            for line in lines:
                with suppress(ValueError):  # the beginning of a line that was cut short
                    found.append(json.loads(line)["number"])
    return found


@every_kind_of_fault
def test_a_file_that_is_rotated_compressed_and_moved(number, lasts, threads_by_hand):
    for folder, faults in each_call_failing(number, lasts=lasts):
        path = folder / "app.jsonl"
        configure(discreet.File(path, rotate_bytes=500, keep_files=50, compress="gzip"))
        log = discreet.get_logger("x")
        with faults:
            for at in range(8):
                log.info("record", number=at)
                threads_by_hand()
        if path.exists():
            path.rename(folder / "moved.jsonl")  # as logrotate does
        with faults:
            log.info("record", number=8)
        log.info("record", number=9)
        threads_by_hand()
        health = discreet.health()
        reset()
        found = numbers_in(folder)
        context = (faults.met, health, found)
        assert balances(health), context
        assert health["emitted"] == 10, context
        assert len(found) == len(set(found)), context
        assert 10 - len(found) <= sum(health["dropped"].values()), context
        assert 9 in found, context


@every_kind_of_fault
def test_a_ring_and_what_a_dead_process_left_in_its_own(number, lasts, monkeypatch):
    monkeypatch.setattr("discreet._base.threads.start", lambda run: False)
    monkeypatch.setenv("DISCREET_DELIVERY", "ring")
    for folder, faults in each_call_failing(number, lasts=lasts):
        monkeypatch.setenv("DISCREET_STATE_DIR", str(folder / "state"))
        (folder / "logs").mkdir()
        path = folder / "logs" / "app.jsonl"
        dead = Ring(place("ring", "s", str(path)), {}, 1 << 16)
        for at in range(2):
            dead.put(b'{"number":%d}\n' % at, 20)
        dead.leave()  # its lock is free, its lines are there
        del dead
        log = discreet.get_logger("x")
        monkeypatch.setattr(ring, "CAPACITY", 1 << 16)
        first = discreet.File(path)
        with faults:
            try:
                configure(first)
            except ConfigurationError:  # which says so before there is a record
                first.close()
            else:
                for at in range(2, 6):
                    log.info("record", number=at)
                discreet.flush(1)
            health = discreet.health()
            assert balances(health), (faults.met, health)
        for at in (6, 7):
            configure(discreet.File(path))  # a later start
            log.info("record", number=at)
            discreet.flush(1)
        health = discreet.health()
        reset()
        found = numbers_in(folder / "logs")
        context = (faults.met, health, found)
        assert balances(health), context
        assert health["pending"] == 0, context
        assert {0, 1, 6, 7} <= set(found), context
        own = range(8 - (health["emitted"] - health["recovered"]), 8)
        assert own.start in (2, 6), context
        assert len(set(own) - set(found)) <= sum(health["dropped"].values()), context
