"""Beginnings and ends: exit, SIGTERM, fork, interpreter shutdown."""

from __future__ import annotations

import json
import signal
import threading

import pytest

from discreet._config import lifecycle

from ..waiting import HANG, join

pytestmark = pytest.mark.version_sensitive

BUFFERED = """
    import os, signal, sys, discreet
    class Buffered(discreet.Sink):
        def __init__(self):
            super().__init__(format="json")
            self.waiting = []
        def write(self, line):
            self.waiting.append(line)
        def flush(self):
            while self.waiting:
                os.write(1, self.waiting.pop(0))
    discreet.configure(sinks=[Buffered()], service="s", environment="prod")
    log = discreet.get_logger("x")
"""
DIRECT = """
    import os, posix, signal, sys, threading, discreet
    discreet.configure(format="json", service="s", environment="prod")
    log = discreet.get_logger("x")
"""


def messages(done):
    return [record["message"] for record in done.records]


def test_sinks_are_drained_at_exit(python):
    assert messages(python(BUFFERED + '    log.info("last words")\n')) == ["last words"]


def test_flush_returns_when_all_is_delivered(python):
    done = python(BUFFERED + '    log.info("a")\n    discreet.flush()\n    os._exit(0)\n')
    assert messages(done) == ["a"]


def test_sigterm_drains_and_the_process_dies_of_the_signal(python):
    done = python(
        BUFFERED + '    log.info("last words")\n    os.kill(os.getpid(), signal.SIGTERM)\n    log.info("never")\n'
    )
    assert messages(done) == ["last words"]
    assert done.code == -signal.SIGTERM


def test_an_applications_own_sigterm_handler_is_left_alone(python):
    done = python(
        """
    import os, signal, sys, discreet
    def handler(number, frame):
        print("mine"); sys.exit(3)
    signal.signal(signal.SIGTERM, handler)
    discreet.configure(format="json", service="s", environment="prod")
    os.kill(os.getpid(), signal.SIGTERM)
    """
    )
    assert (done.code, done.out) == (3, b"mine\n")


def test_a_sigterm_that_was_put_off_is_sent_again_until_it_is_noticed(monkeypatch):
    came = threading.Event()
    calls = []

    def unheard(number, frame):  # as if the main thread had blocked in a system call just then
        calls.append(number)
        if len(calls) == 3:
            lifecycle._received += 1
            came.set()

    monkeypatch.setattr(lifecycle, "on_sigterm", unheard)
    before = signal.signal(signal.SIGUSR1, unheard)
    try:
        again = threading.Thread(target=lifecycle._send_again, args=(signal.SIGUSR1, lifecycle._received))
        again.start()
        assert came.wait(HANG)
        join(again)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert calls == [signal.SIGUSR1] * 3


def test_configuring_in_a_thread_leaves_signals_alone(python):
    done = python(
        """
    import signal, threading, discreet
    thread = threading.Thread(target=discreet.configure, kwargs={"service": "s"})
    thread.start(); thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    """
    )
    assert done.code == 0, done.err


def test_a_sink_that_fails_to_drain_is_reported_and_changes_no_exit_code(python):
    done = python(
        """
    import discreet
    class Stuck(discreet.Sink):
        def write(self, line): pass
        def flush(self): raise RuntimeError("secret text")
    discreet.configure(sinks=[Stuck()], service="s", environment="prod")
    """
    )
    assert done.code == 0
    assert done.err == b"discreet: Stuck could not be flushed: RuntimeError\n"


def test_a_forked_child_writes_its_own_process_id_and_has_its_own_statistics(python):
    done = python(
        DIRECT
        + """
    log.info("parent")
    pid = os.fork()
    if pid == 0:
        log.info("child", own=os.getpid())
        assert discreet.health()["delivered"] == 1, discreet.health()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    log.info("parent")
    assert discreet.health()["delivered"] == 2
    """
    )
    assert done.code == 0, done.err
    child = next(record for record in done.records if record["message"] == "child")
    assert child["process"] == child["own"] != done.records[0]["process"]


def test_forking_while_threads_log_never_hangs_a_child(python):
    done = python(
        DIRECT
        + """
    stop = threading.Event()
    def busy():
        while not stop.is_set():
            log.info("busy", pad="x" * 500)
    threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
    [t.start() for t in threads]
    for _ in range(30):
        pid = os.fork()
        if pid == 0:
            signal.alarm(240)  # if it hangs
            log.info("child")
            log.once.info("child once")
            posix._exit(0)  # coverage replaces os._exit, and waits there for a lock that a thread held at the fork
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    [t.join() for t in threads]
    """,
        measured=False,
    )
    assert done.code == 0, done.err
    assert messages(done).count("child") == 30


def test_a_logger_used_in_del_at_interpreter_exit_does_not_raise(python):
    done = python(
        DIRECT
        + """
    class Late:
        def __del__(self):
            log.info("late")
            log.warning("late too")
    sys.late = Late()
    keep = Late()
    cycle = [Late()]; cycle.append(cycle)
    """
    )
    assert done.code == 0
    assert b"Traceback" not in done.err
    assert b"Exception ignored" not in done.err
    assert all(json.loads(line)["logger"] == "x" for line in done.out.splitlines())


def test_a_signal_handler_may_log_while_its_thread_is_writing(python):
    done = python(
        DIRECT
        + """
    def handler(number, frame):
        log.info("from the handler")
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    for number in range(3000):
        log.info("busy", number=number)
    signal.setitimer(signal.ITIMER_REAL, 0)
    """,
        measured=False,
    )
    assert done.code == 0, done.err
    assert [r["number"] for r in done.records if r["message"] == "busy"] == list(range(3000))


def test_a_child_forked_while_another_thread_configures_can_configure(python):
    done = python(
        """
    import faulthandler, os, threading, discreet
    from discreet._delivery.runner import OwnSink
    begun, forked = threading.Event(), threading.Event()
    class Slow(OwnSink):
        def open(self):
            begun.set(); forked.wait()
        def write(self, line): pass
    discreet.configure(sinks=[discreet.Stream(format="json")], service="s", environment="prod", take_over=False)
    thread = threading.Thread(target=discreet.configure, kwargs={"sinks": [Slow()], "service": "s"})
    thread.start(); begun.wait()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(240, exit=True)
        discreet.configure(format="json", service="child", environment="prod", take_over=False)
        discreet.get_logger("x").info("hello"); os._exit(0)
    forked.set(); thread.join(); os.waitpid(child, 0)
    """,
        measured=False,
    )
    assert [record["service"] for record in done.records] == ["child"]


def test_a_signal_handler_may_log_whatever_it_interrupts(python):
    done = python(
        """
    import faulthandler, signal, discreet
    faulthandler.dump_traceback_later(240, exit=True)
    discreet.configure(format="json", service="s", environment="prod", take_over=False)
    log = discreet.get_logger("x")
    fired = 0
    def handler(*_):
        global fired
        fired += 1
        log.every(1000).info("from the handler"); log.sample(0).info("never")
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    while fired < 300:
        log.sample(0).info("never"); log.every(1000).info("from the program")
    signal.setitimer(signal.ITIMER_REAL, 0)
    """,
        measured=False,
    )
    assert done.code == 0, done.err
