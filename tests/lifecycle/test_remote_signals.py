"""Signals to a process that sends its records away: what waits is sent, and nothing hangs."""

from __future__ import annotations

import signal
import sys

import pytest

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, signals and file locks"),
]


def messages(done):
    return [record["message"] for record in done.records]


def test_sigterm_sends_what_waits_and_the_process_dies_of_the_signal(run):
    done = run("""
configure(Away())
log.info("last words")
os.kill(os.getpid(), signal.SIGTERM)
log.info("never")
""")
    assert (messages(done), done.code) == (["last words"], -signal.SIGTERM)


def test_sigterm_in_the_middle_of_a_log_call_still_sends_what_waits(run):
    done = run("""
sink = Away()
configure(sink)
log.info("last words")
from discreet._delivery.runner import runner_of
with runner_of(sink).pending.queue.lock:  # as a log call holds it
    os.kill(os.getpid(), signal.SIGTERM)
while True:  # the program goes on until the signal comes back
    signal.pause()
""")
    assert (messages(done), done.code) == (["last words"], -signal.SIGTERM)


def test_an_exit_from_the_applications_own_sigterm_handler_sends_what_waits(run):
    done = run("""
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
configure(Away())
log.info("last words")
os.kill(os.getpid(), signal.SIGTERM)
""")
    assert (messages(done), done.code) == (["last words"], 3)


def test_a_signal_handler_may_log_whatever_it_interrupts(run):
    done = run(
        """
configure(Away(delay=0))
fired = 0
def handler(*_):
    global fired
    fired += 1
    log.info("from the handler")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
sent = 0
while fired < 200:
    log.info("from the program"); sent += 1
    if not sent % 100: discreet.flush(1)
signal.setitimer(signal.ITIMER_REAL, 0)
assert discreet.flush()
health = discreet.health()
assert health["delivered"] == fired + sent == health["emitted"], (fired, sent, health)
""",
        measured=False,
    )
    assert done.code == 0, done.err


def test_a_signal_handler_may_flush_whatever_it_interrupts(run):
    done = run(
        """
configure(Away(delay=0))
fired, inside = 0, False
def handler(*_):
    global fired, inside
    if not inside:
        inside = True
        log.info("from the handler"); discreet.flush(); discreet.health()
        fired += 1
        inside = False
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
sys.setswitchinterval(1e-5)
while fired < 300: log.info("from the program")
signal.setitimer(signal.ITIMER_REAL, 0)
""",
        measured=False,
    )
    assert done.code == 0, done.err
