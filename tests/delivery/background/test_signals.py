"""A signal handler comes amid a log call, in the thread that holds what the writer may wait for: nothing hangs."""

from __future__ import annotations

import os
import sys
import threading
from io import StringIO

import pytest

import discreet
from discreet._delivery.buffered.queue import MOST, Queue

from ...waiting import HANG, join
from .helpers import BOTH, START, Pipe, configure, health, runner_in_force

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and file locks"),
]


@BOTH
def test_a_signal_handler_may_log_whatever_it_interrupts(delivery, python):
    done = python(
        START
        + """
    fired, inside = 0, False
    def handler(*_):
        global fired, inside
        if not inside:  # a handler inside a handler inside a handler is one record too deep
            inside = True
            log.info("from the handler", number=fired)
            fired += 1
            inside = False
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    made = 0
    while fired < 500:
        log.info("busy", number=made)
        made += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    discreet.flush()
    health = discreet.health()["sinks"][0]
    assert health["emitted"] == made + fired == health["delivered"] + sum(health["dropped"].values()), (health, made, fired)
    """,
        DISCREET_DELIVERY=delivery,
        measured=False,
    )
    assert done.code == 0, done.err
    for message in ("busy", "from the handler"):
        found = [record["number"] for record in done.records if record["message"] == message]
        assert len(found) == len(set(found)) > 0


@BOTH
def test_a_signal_handler_may_flush_whatever_it_interrupts(delivery, python):
    done = python(
        START
        + """
    fired, inside = 0, False
    def handler(*_):
        global fired, inside
        if not inside:
            inside = True
            log.info("from the handler", number=fired)
            discreet.flush()
            discreet.health()
            fired += 1
            inside = False
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    sys.setswitchinterval(1e-5)
    while fired < 300:
        log.info("busy", number=fired)
    signal.setitimer(signal.ITIMER_REAL, 0)
    """,
        DISCREET_DELIVERY=delivery,
        measured=False,
    )
    assert done.code == 0, done.err


@pytest.fixture
def full():
    """A queue that is full of debug records, for a reader that has stalled."""
    pipe = Pipe()
    log = configure(discreet.Stream(pipe.stream, format="json"), "queued")
    for _ in range(MOST + 2000):
        log.debug("x")
    yield runner_in_force()
    _, thread = pipe.read_in_background()
    discreet.flush()
    discreet.configure(sinks=[discreet.Stream(StringIO())], service="s", environment="prod", take_over=False)
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)


def test_a_record_that_takes_anothers_place_waits_for_no_statistics(full):
    def log():
        discreet.get_logger("x").error("important")

    with full.lock:
        thread = threading.Thread(target=log, daemon=True)
        thread.start()
        join(thread)
    assert health()["dropped"]["shed debug"] >= 1


def test_the_statistics_can_be_read_while_a_call_holds_the_queue(full):
    with full._writer.buffer.lock:
        thread = threading.Thread(target=full.health, daemon=True)
        thread.start()
        join(thread)


def test_the_thread_does_not_wait_for_a_call_that_holds_the_queue():
    queue, found = Queue(), []
    queue.put(b"x", 20)
    thread = threading.Thread(target=lambda: found.append(queue.take(1, 1)), daemon=True)
    with queue.lock:
        thread.start()
        join(thread)
        assert found == [[]]
    assert queue.take(1, 1) == [b"x"]


@BOTH
@pytest.mark.parametrize("held", ["the statistics", "the turn", "the sink", "the counts"])
def test_a_flush_amid_what_the_thread_needs_comes_back(delivery, held, tmp_path):
    log = configure(discreet.File(tmp_path / "log"), delivery)
    runner = runner_in_force()
    log.info("x")
    done = []
    writer = runner._writer
    locks = {
        "the statistics": runner.lock,
        "the turn": writer._turn,
        "the sink": runner.inner.lock,
        "the counts": writer._counting,
    }

    def interrupted():
        with locks[held]:  # as the call holds it that the handler interrupts
            log.info("y")
            done.append(runner.flush(None))

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    join(thread)
    assert runner.flush(HANG)


@BOTH
def test_lines_that_were_taken_when_a_signal_handler_raised_are_written_by_the_next_flush(delivery, tmp_path):
    class Interrupted(discreet.File):
        raises = True

        def write(self, line):
            if self.raises:
                raise SystemExit
            super().write(line)

    sink = Interrupted(tmp_path / "log")
    log = configure(sink, delivery)
    writer = runner_in_force()._begin_buffer()
    writer.wake = lambda: False  # no thread: the flush takes the steps
    for _ in range(4):
        log.info("x")
    with pytest.raises(SystemExit):
        writer.step()
    sink.raises = False
    assert runner_in_force().flush(HANG)
    assert len((tmp_path / "log").read_bytes().splitlines()) == 4
    assert (health()["delivered"], health()["pending"]) == (4, 0)
