"""Forks, also while threads log."""

from __future__ import annotations

import json
import sys

import pytest

from .helpers import BOTH, START, rings

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks"),
]


@BOTH
def test_a_forked_child_writes_its_own_and_nothing_of_its_parents(delivery, python, state):
    done = python(
        START
        + """
    for number in range(100):
        log.info("parent", number=number)
    pid = os.fork()
    if pid == 0:
        assert discreet.health()["sinks"][0]["emitted"] == 0
        for number in range(100):
            log.info("child", number=number)
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    log.info("parent", number=100)
    """,
        DISCREET_DELIVERY=delivery,
        measured=False,
    )
    assert done.code == 0, done.err
    for who, count in (("parent", 101), ("child", 100)):
        assert [record["number"] for record in done.records if record["message"] == who] == list(range(count))
    assert rings(state) == []


@BOTH
def test_a_fork_storm_while_threads_log_hangs_nowhere_and_loses_nothing(delivery, python, state, tmp_path):
    log_file = tmp_path / "log"
    done = python(
        START
        + """
    stop, made = threading.Event(), [0] * 3
    def busy(who):
        while not stop.is_set():
            log.info("busy", who=who, number=made[who])
            made[who] += 1
            stop.wait(0.0002)
    threads = [threading.Thread(target=busy, args=(who,), daemon=True) for who in range(3)]
    [t.start() for t in threads]
    for child in range(20):
        pid = os.fork()
        if pid == 0:
            signal.alarm(240)  # if it hangs
            log.info("child", number=child)
            assert discreet.flush() is not False
            posix._exit(0)  # coverage replaces os._exit, and waits there for a lock that a thread held at the fork
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    [t.join() for t in threads]
    print(made)
    """,
        DISCREET_DELIVERY=delivery,
        DISCREET_STREAM="none",
        DISCREET_FILE=str(log_file),
        measured=False,
    )
    assert done.code == 0, done.err
    made = json.loads(done.out)
    records = [json.loads(line) for line in log_file.read_bytes().splitlines()]
    assert sorted(record["number"] for record in records if record["message"] == "child") == list(range(20))
    for who in range(3):
        assert [r["number"] for r in records if r.get("who") == who] == list(range(made[who]))


def test_what_a_child_left_by_exit_its_parent_delivers(python, state):
    done = python(
        START
        + """
    log.info("parent", number=-1)
    pid = os.fork()
    if pid == 0:
        for number in range(500):
            log.info("child", number=number)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    """,
        DISCREET_DELIVERY="ring",
    )
    found = {record["number"] for record in done.records if "number" in record}  # Python may warn of the fork
    assert sorted(found) == list(range(-1, 500))
    assert rings(state) == []
