"""How a process ends, and what becomes of what waits."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

import discreet

from ...waiting import HANG, communicate, wait_until
from .helpers import BOTH, START, configure, health, numbers, rings, runner_in_force

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks"),
]


@BOTH
def test_everything_is_written_at_exit_and_no_ring_stays(delivery, python, state):
    done = python(
        START
        + """
    class Late:
        def __del__(self):
            log.info("late", number=1001)
    sys.late = Late()
    for number in range(1000):
        log.info("x", number=number)
    import atexit
    atexit.register(lambda: log.info("x", number=1000))
    """,
        DISCREET_DELIVERY=delivery,
    )
    assert (done.code, done.err) == (0, b"")
    found = [record["number"] for record in done.records]
    assert found[:1001] == list(range(1001))
    assert found[1001:] in ([], [1001])
    assert rings(state) == []


@BOTH
def test_sigterm_writes_everything(delivery, python, state):
    done = python(
        START
        + """
    for number in range(1000):
        log.info("x", number=number)
    os.kill(os.getpid(), signal.SIGTERM)
    """,
        DISCREET_DELIVERY=delivery,
    )
    assert done.code == -signal.SIGTERM
    assert [record["number"] for record in done.records] == list(range(1000))
    assert rings(state) == []


@BOTH
def test_sigterm_amid_a_log_call_writes_that_record_too(delivery, python, state):
    done = python(
        START
        + """
    from collections import deque
    from discreet._delivery.buffered import ring
    from discreet._delivery.runner import running

    class Deque(deque):
        def append(self, item):
            super().append(item)
            os.kill(os.getpid(), signal.SIGTERM)

    log.info("x", number=0)
    discreet.flush()
    buffer = running.runners[0]._writer.buffer
    if isinstance(buffer, ring.Ring):
        pack = ring._pack
        ring._pack = lambda *numbers: os.kill(os.getpid(), signal.SIGTERM) or pack(*numbers)
    else:
        buffer._lines = tuple(Deque() for _ in buffer._lines)
    log.info("x", number=1)
    while True:
        signal.pause()
    """,
        DISCREET_DELIVERY=delivery,
    )
    assert (done.code, done.err) == (-signal.SIGTERM, b"")
    assert [record["number"] for record in done.records] == [0, 1]
    assert rings(state) == []


@BOTH
def test_at_exit_nothing_is_given_up_because_other_threads_log_on(delivery, python, state):
    done = python(
        START
        + """
    def work():
        while True:
            log.info("x")
    for _ in range(3):
        threading.Thread(target=work, daemon=True).start()
    while discreet.health()["sinks"][0]["delivered"] < 1000:
        time.sleep(0.001)
    """,
        DISCREET_DELIVERY=delivery,
    )
    assert done.code == 0
    assert (
        b"lost at exit" not in done.err
    )  # that the store is full now and then, with three threads in a tight loop, may
    assert b"left on disk" not in done.err
    assert rings(state) == []


def stalled(delivery, tmp_path, count):
    """A process whose stdout nobody reads until it has ended; its exit code, what it said, what it wrote."""
    script = tmp_path / "stalled.py"
    script.write_text(
        "import discreet\n"
        'discreet.configure(format="json", service="s", environment="prod")\n'
        f"for number in range({count}):\n"
        '    discreet.get_logger("x").info("x", number=number, pad="p" * 200)\n'
    )
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, "DISCREET_DELIVERY": delivery, "DISCREET_EXIT_TIMEOUT": "0.3"},
    )
    os.close(writer)
    err = communicate(process)[1]
    with os.fdopen(reader, "rb") as file:
        return process.returncode, err, file.read()


def test_at_exit_with_a_stalled_reader_the_rest_stays_in_the_ring_for_the_next_start(tmp_path, python, state):
    code, err, out = stalled("ring", tmp_path, 2000)
    assert code == 0
    assert err.count(b"left on disk") == 1
    assert len(rings(state)) == 1
    done = python(
        START + "    discreet.flush()\n    assert discreet.health()['sinks'][0]['recovered'] > 0",
        DISCREET_DELIVERY="ring",
    )
    assert done.code == 0, done.err
    # A write that had not returned comes again: at least once.
    whole = out[: out.rfind(b"\n") + 1]
    assert sorted(set(numbers((whole + done.out).splitlines()))) == list(range(2000))
    assert rings(state) == []


def test_what_was_said_to_stay_on_disk_stays_there_though_it_could_not_be_written_later(tmp_path, state):
    """Once a ring is given up at exit, its thread loses nothing more, and nothing hangs on it."""
    log_file, go = tmp_path / "log", threading.Event()

    class Slow(discreet.File):
        def write(self, line):
            go.wait(HANG)
            raise OSError(errno.ENOSPC, "no space left on device")

    log = configure(Slow(log_file), "ring")
    runner = runner_in_force()
    for number in range(20):
        log.info("x", number=number)
    runner.end(0.05)
    runner.settle()
    before = health()
    go.set()
    wait_until(lambda: not runner._writer.runs)
    assert health() == before
    assert (before["pending"], before["dropped"]) == (20, {})
    log.info("late", number=20)
    assert runner.flush() is False
    runner._writer.buffer.close()
    configure(discreet.File(log_file), "ring")
    assert discreet.flush() is not False
    assert numbers(log_file.read_bytes().splitlines()) == list(range(21))


def test_at_exit_with_a_stalled_reader_the_rest_of_a_queue_is_lost_and_said_to_be(tmp_path):
    code, err, out = stalled("queued", tmp_path, 2000)
    assert code == 0
    assert err.count(b"lost at exit") == 1
    assert numbers(out.splitlines()[:100]) == list(range(100))
