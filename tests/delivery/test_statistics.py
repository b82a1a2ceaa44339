"""The statistics of a sink that exports: whatever happens, in whatever order, they add up at every moment."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import discreet
from discreet._base import threads
from discreet._delivery.export.sink import ExportRunner, Result, Unreachable
from discreet._delivery.spool.spool import Spool

from ..waiting import HANG
from .receiver import Posting, Receiver, Scripted, balances, by_hand


class World:
    """One remote sink without a thread, a clock that is moved by hand, and a receiver in some mood."""

    def __init__(self, folder: Path | None) -> None:
        self.now = 1000.0
        self.mood = "takes"
        self.put = 0
        self.arrived: list[bytes] = []
        sink = Scripted(self.answer, batch_count=4, queue_count=12, queue_bytes=200, delay=1)
        self.runner = by_hand(sink, lambda: self.now)
        self.folder = folder
        self.renew()

    def renew(self) -> None:
        pending = self.runner.pending
        if self.folder is not None and pending.spool is None:
            pending.spool = Spool(self.folder, max_bytes=2000)

    def answer(self, batch: list[bytes]) -> Result:
        mood, some = self.mood, len(batch) // 2
        if mood == "refuses the connection":
            raise Unreachable("ECONNREFUSED")
        if mood == "stumbles" and any(line.startswith(b"3") for line in batch):
            raise ValueError
        if mood == "fails":
            return Result(0, retry=batch, reason="HTTP 503")
        if mood == "throttles":
            return Result(0, retry=batch, after=30.0, reason="HTTP 429")
        if mood == "finds too large" and len(batch) > 1:
            return Result(0, split=True, reason="HTTP 413")
        if mood == "rejects some":
            self.arrived += batch[some:]
            return Result(len(batch) - some, {"rejected": some} if some else {})
        if mood == "wants some again":
            self.arrived += batch[some:]
            return Result(len(batch) - some, retry=batch[:some], reason="HTTP 206")
        if mood == "cannot count":
            return Result(some, {"odd": 99}, retry=batch)
        self.arrived += batch
        return Result(len(batch))

    def do(self, what: str, number: int) -> None:
        runner, sender, pending = self.runner, self.runner.sender, self.runner.pending
        if what == "put":
            self.put += 1
            runner.accept(b"%d.%d " % (number, self.put) + b"x" * number, number * 5)
        elif what == "drop":
            self.put += 1
            runner.drop("encoding KeyError")
        elif what == "step":
            sender.step()
        elif what == "wait":
            self.now += number
        elif what == "flush":
            sender.send_pending(self.now)
        elif what == "store":
            pending.store()
        elif what == "give up":
            pending.give_up("exit")
        elif what == "another process drains" and self.folder is not None:
            with Spool(self.folder).drain() as segments:
                for segment in segments:
                    segment.acknowledge(number)
        elif what == "another process stores" and self.folder is not None:
            Spool(self.folder).write([b"theirs"] * number)
        elif what == "hand over":
            pending.give_up("close")
            pending.transfer()
            self.renew()


MOODS = [
    "takes",
    "refuses the connection",
    "stumbles",
    "fails",
    "throttles",
    "finds too large",
    "rejects some",
    "wants some again",
    "cannot count",
]
STEPS = ["put"] * 6 + ["step"] * 6 + ["wait"] * 2
STEPS += ["drop", "flush", "store", "give up", "another process drains", "another process stores", "hand over"]
what = st.one_of(st.tuples(st.sampled_from(STEPS), st.integers(1, 10)), st.tuples(st.sampled_from(MOODS), st.none()))


@settings(max_examples=150)
@given(st.lists(what, max_size=60), st.booleans())
def test_whatever_happens_in_whatever_order_the_statistics_balance(steps, on_disk):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder, "spool") if on_disk else None)
        for step, number in steps:
            if number is None:
                world.mood = step
            else:
                world.do(step, number)
            health = world.runner.health()
            assert balances(health), (step, health)
            assert health["pending"] == world.runner.pending.count
        world.mood = "takes"
        for _ in range(100):
            world.runner.sender.step()
            world.now += 100
        health = world.runner.health()
        assert balances(health)
        assert health["pending"] == 0
        assert health["emitted"] == world.put + health["recovered"]


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["put", "step", "wait"]), max_size=80), st.sampled_from(MOODS), st.booleans())
def test_without_refusals_each_record_arrives_once_and_in_order(steps, mood, on_disk):
    if mood in ("stumbles", "rejects some", "wants some again", "cannot count"):
        mood = "fails"
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder, "spool") if on_disk else None)
        queue = world.runner.pending.queue
        queue._most, queue._most_size = 10_000, 1 << 20
        world.mood = mood
        for step in steps:
            world.do(step, 4)
        world.mood = "takes"
        for _ in range(100):
            world.runner.sender.step()
            world.now += 100
        assert [int(line.split(b" ")[0].split(b".")[1]) for line in world.arrived] == list(range(1, world.put + 1))


def test_the_sums_over_all_sinks_balance_too(memory_sink):
    class Broken(discreet.Sink):
        def write(self, line):
            raise OSError(28, "no space")

    def configure(*sinks):
        discreet.configure(sinks=sinks, environment="prod", service="test", take_over=False)

    configure(memory_sink(), Broken())
    log = discreet.get_logger("app")
    log.info("one")
    configure(memory_sink())
    log.info("two")
    health = discreet.health()
    assert balances(health)
    assert (health["emitted"], health["delivered"], health["dropped"]) == (3, 2, {"ENOSPC": 1})


def test_statistics_balance_whenever_they_are_looked_at(monkeypatch, tmp_path):
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path))
    receiver = Receiver()
    discreet.configure(
        sinks=[Posting(receiver.url, delay=0, batch_count=20)], environment="prod", service="test", take_over=False
    )
    log = discreet.get_logger("app")
    stop = threading.Event()
    wrong = []

    def look():
        while not stop.is_set():
            health = discreet.health()
            if not balances(health["sinks"][0]):
                wrong.append(health)

    looker = threading.Thread(target=look)
    looker.start()
    for _ in range(500):
        log.info("record")
    discreet.flush(HANG)
    stop.set()
    looker.join()
    receiver.close()
    assert not wrong


def test_a_gate_keeps_a_wake_that_comes_early_and_forgets_the_second():
    gate = threads.Gate()
    gate.wake()
    gate.wake()
    assert gate.wait(HANG)
    assert not gate.wait(0)


@pytest.mark.parametrize("sinks", [1, 3])
def test_health_says_for_each_sink_what_became_of_its_records(memory_sink, sinks):
    discreet.configure(sinks=[memory_sink() for _ in range(sinks)], environment="prod", service="test", take_over=False)
    discreet.get_logger("app").info("record")
    health = discreet.health()
    assert [sink["delivered"] for sink in health["sinks"]] == [1] * sinks
    assert health["emitted"] == sinks


class Interrupted(BaseException):
    """What a signal handler of the application raises, such as SystemExit."""


class Raising:
    """Raises at the n-th step, of lines or of bytecodes, that is taken in a file of delivery."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, _: object) -> Raising | None:
        if not frame.f_code.co_filename.endswith(PLACES):
            return None
        frame.f_trace_opcodes = True
        if event in ("line", "opcode"):
            self.left -= 1
            if self.left == 0:
                raise Interrupted
        return self


PLACES = (
    str(Path("_delivery", "buffered", "queue.py")),
    str(Path("_delivery", "export", "sink.py")),
    str(Path("_base", "statistics.py")),
)


@pytest.mark.parametrize("before", [0, 3, 4], ids=["room", "half full", "full"])
@pytest.mark.parametrize(("waits", "level"), [(10, 40), (20, 20)], ids=["sheds", "refuses"])
def test_an_exception_of_a_signal_handler_at_any_step_of_a_call_leaves_the_statistics_balanced(before, waits, level):
    trace = sys.gettrace()
    step = 0
    while True:
        step += 1
        sink = Scripted(lambda batch: Result(len(batch)), queue_count=4, delay=3600)
        runner = by_hand(sink)
        queue = runner.pending.queue
        for _ in range(before):
            runner.accept(b"before", waits)
        raising = Raising(step)
        sys.settrace(raising)
        try:
            runner.accept(b"interrupted", level)
        except Interrupted:
            pass
        finally:
            sys.settrace(trace)
        if raising.left > 0:
            break
        health = runner.health()
        assert balances(health), (step, health)
        assert health["emitted"] in (before, before + 1), (step, health)
        while threads.holds(queue.lock):  # a tracer, not a signal, comes between the end of a `with` and its exit
            queue.lock.release()
        runner.accept(b"after", 40)
        assert runner.sender.send_pending(time.monotonic() + HANG)
        health = runner.health()
        assert balances(health), (step, health)
        assert health["pending"] == 0
        assert queue.count == queue.size == 0
        arrived = [line for batch in sink.sent for line in batch]
        assert len(arrived) == health["delivered"]
        assert before + 1 <= health["emitted"] <= before + 2
        assert arrived[-1:] == [b"after"]
    assert step > 50


@pytest.mark.parametrize("reason", ["encoding KeyError", "queue full"])
def test_a_loss_at_the_door_and_one_at_the_receiver_of_the_same_name_are_both_counted(reason):
    sink = Scripted(lambda batch: Result(0, {reason: len(batch)}), delay=3600)
    runner = by_hand(sink)
    runner.drop(reason)
    runner.accept(b"line")
    assert not runner.flush(1)
    health = runner.health()
    assert balances(health)
    assert (health["emitted"], health["dropped"]) == (2, {reason: 2})


class Logging:
    """A tracer that lets another record come in at one of the lines of delivery, as a signal handler does."""

    def __init__(self, runner: ExportRunner, at: int) -> None:
        self.runner = runner
        self.left = at

    def __call__(self, frame: FrameType, event: str, _: object) -> Logging | None:
        if "_delivery" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                self.runner.accept(b"from the handler", 20)
        return self


@pytest.mark.parametrize("before", [0, 4], ids=["room", "full"])
@pytest.mark.parametrize("what", ["a record", "the statistics"])
def test_a_record_of_a_signal_handler_at_any_line_leaves_the_statistics_balanced(before, what, tmp_path):
    trace = sys.gettrace()
    step = 0
    spool = Spool(tmp_path)
    while True:
        step += 1
        sink = Scripted(lambda batch: Result(len(batch)), queue_count=4, delay=3600)
        runner = by_hand(sink)
        runner.pending.spool = spool
        for _ in range(before):
            runner.accept(b"before", 10)
        logging = Logging(runner, step)
        sys.settrace(logging)
        try:
            if what == "a record":
                runner.accept(b"interrupted", 20)
            else:
                runner.health()
        finally:
            sys.settrace(trace)
        if logging.left > 0:
            break
        health = runner.health()
        assert balances(health), (step, health)
        assert health["emitted"] == before + 1 + (what == "a record"), (step, health)
    assert step > 20
