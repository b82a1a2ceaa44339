"""A signal handler comes amid a log call, in the thread that holds what the writer may wait for: nothing hangs."""

from __future__ import annotations

import os
import sys
import threading

import pytest

import discreet
from discreet._delivery.buffered.queue import MOST
from discreet._delivery.buffered.sink import Background
from discreet._delivery.buffered.waiting import Waiting
from discreet._delivery.sink import Discard

from ...waiting import HANG, join
from .helpers import BOTH, START, Pipe, books, configure

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
    sink = Background(discreet.Stream(pipe.stream, format="json"), "queued")
    log = configure(sink, "direct")
    for _ in range(MOST + 2000):
        log.debug("x")
    yield sink
    _, thread = pipe.read_in_background()
    discreet.flush()
    discreet.configure(sinks=[Discard()], service="s", environment="prod", take_over=False)
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)


def test_a_record_that_takes_anothers_place_waits_for_no_books(full):
    def log():
        discreet.get_logger("x").error("important")

    with full._lock:
        thread = threading.Thread(target=log, daemon=True)
        thread.start()
        join(thread)
    assert books()["dropped"]["shed debug"] >= 1


def test_the_books_are_kept_while_a_call_holds_the_queue(full):
    def keep():
        full._account.settle(full._store)

    with full._store._queue.lock:
        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        join(thread)


def test_the_thread_does_not_wait_for_a_call_that_holds_the_queue():
    waiting, found = Waiting(), []
    waiting.put(b"x", 20)
    thread = threading.Thread(target=lambda: found.append(waiting.peek()), daemon=True)
    with waiting._queue.lock:
        thread.start()
        join(thread)
        assert found == [()]
    assert waiting.peek() == [b"x"]


@BOTH
@pytest.mark.parametrize("held", ["the books", "the turn", "the sink"])
def test_a_flush_amid_what_the_thread_needs_comes_back(delivery, held, tmp_path):
    sink = Background(discreet.File(tmp_path / "log"), delivery)
    log = configure(sink, "direct")
    log.info("x")
    done = []
    locks = {"the books": sink._lock, "the turn": sink._writer._turn, "the sink": sink.inner._lock}

    def interrupted():
        with locks[held]:  # as the call holds it that the handler interrupts
            log.info("y")
            done.append(sink.flush(None))

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    join(thread)
    assert sink.flush(HANG)
