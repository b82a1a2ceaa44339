"""Several processes, threads and signal handlers write one file that is rotated: every line is there exactly once."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import textwrap

import pytest

import discreet
from discreet._delivery.file import sink as module
from discreet._delivery.file.rotation import rotated

from ..waiting import communicate, wait_for_end, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere one process may rotate")

WORKER = textwrap.dedent(
    """
    import sys, discreet
    path, number, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    discreet.configure(
        sinks=[discreet.File(path, rotate_bytes="200 KB", compress="gzip")],
        service="s", environment="prod", take_over=False,
    )
    log = discreet.get_logger("x")
    for i in range(count):
        log.info("x", n=number, i=i, pad="p" * (i * 7 % 200))
    assert discreet.health()["dropped"] == {}, discreet.health()
    """
)


def records(path):
    """All that was written, in the order of the files; what is half compressed is left out, as retention would."""
    found = []
    names = {file.path for file in rotated(str(path))}
    for name in [*sorted(name for name in names if name + ".gz" not in names), str(path)]:
        with (gzip.open if name.endswith(".gz") else open)(name, "rb") as file:
            data = file.read()
        assert data.endswith(b"\n")
        found += [json.loads(line) for line in data.splitlines()]
    return found


def in_order(path, processes, count):
    found = records(path)
    for number in range(processes):
        assert [record["i"] for record in found if record["n"] == number] == list(range(count))
    assert len(found) == processes * count


def test_four_processes_write_one_file_through_many_rotations_with_compression(tmp_path):
    path = tmp_path / "logs" / "app.jsonl"
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(path), str(number), "5000"], stderr=subprocess.PIPE)
        for number in range(4)
    ]
    for worker in workers:
        _, errors = communicate(worker)
        assert (worker.returncode, errors) == (0, b"")
    assert len({file.stamp for file in rotated(str(path))}) >= 20
    assert any(file.compressed for file in rotated(str(path)))
    in_order(path, 4, 5000)


def test_forked_children_and_their_parents_threads_write_one_file_through_many_rotations(python, tmp_path):
    path = tmp_path / "app.jsonl"
    done = python(
        """
        import os, sys, threading, discreet
        discreet.configure(
            sinks=[discreet.File(sys.argv[1], rotate_bytes="20 KB", compress="gzip")],
            service="s", environment="prod", take_over=False,
        )
        log = discreet.get_logger("x")
        def write(n):
            for i in range(500):
                log.info("x", n=n, i=i)
        threads = [threading.Thread(target=write, args=(n,)) for n in range(2)]
        [thread.start() for thread in threads]
        children = []
        for n in range(2, 6):
            child = os.fork()
            if not child:
                write(n)
                os._exit(bool(discreet.health()["dropped"]))
            children.append(child)
        [thread.join() for thread in threads]
        codes = [os.waitpid(child, 0)[1] for child in children]
        assert not any(codes) and not discreet.health()["dropped"], (codes, discreet.health())
        """,
        str(path),
        measured=False,
    )
    assert done.code == 0, done.err
    in_order(path, 6, 500)


def test_a_killed_process_neither_stops_the_others_nor_loses_a_line(tmp_path):
    path = tmp_path / "app.jsonl"
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(path), str(number), "3000"]) for number in range(3)]
    wait_until(lambda: len(rotated(str(path))) >= 2)
    workers[0].kill()
    codes = [wait_for_end(worker) for worker in workers]
    assert codes[1:] == [0, 0]
    found = records(path)
    for number in (1, 2):
        assert [record["i"] for record in found if record["n"] == number] == list(range(3000))
    killed = [record["i"] for record in found if record["n"] == 0]
    assert killed == list(range(len(killed)))


def test_a_process_that_was_stopped_amid_its_rotation_does_not_stop_the_others(tmp_path, monkeypatch):
    import fcntl

    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    path = tmp_path / "app.jsonl"
    sink = discreet.File(path, rotate_bytes=100)
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    sink._patience = 0.01
    log = discreet.get_logger("x")
    with path.open("rb") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        log.info("0")
        log.info("1")
    log.info("2")
    assert [record["message"] for record in records(path)] == ["0", "1", "2"]
    assert len(rotated(str(path))) == 1
    assert discreet.health()["dropped"] == {}


def test_a_process_that_was_stopped_amid_a_write_puts_the_rotation_off(tmp_path):
    import fcntl

    path = tmp_path / "app.jsonl"
    discreet.configure(sinks=[discreet.File(path, rotate_bytes=100)], service="s", environment="prod", take_over=False)
    log = discreet.get_logger("x")
    with path.open("rb") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_SH)
        for number in range(3):
            log.info(str(number))
        assert rotated(str(path)) == []
    assert [record["message"] for record in records(path)] == ["0", "1", "2"]


def test_a_signal_handler_that_logs_amid_a_write_loses_nothing(python, tmp_path):
    path = tmp_path / "app.jsonl"
    done = python(
        """
        import signal, sys, discreet
        discreet.configure(
            sinks=[discreet.File(sys.argv[1], rotate_bytes="5 KB")], service="s", environment="prod"
        )
        log = discreet.get_logger("x")
        made = 0
        def handler(*_):
            global made
            log.info("x", n=1, i=made)
            made += 1
            signal.setitimer(signal.ITIMER_REAL, 0.0003)  # the next comes when this one is done
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0003)
        for i in range(2000):
            log.info("x", n=0, i=i)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        assert not discreet.health()["dropped"], discreet.health()
        print(made)
        """,
        str(path),
        measured=False,
        DISCREET_STREAM="none",
    )
    assert done.code == 0, done.err
    found = records(path)
    assert [record["i"] for record in found if record["n"] == 0] == list(range(2000))
    assert sorted(record["i"] for record in found if record["n"] == 1) == list(range(int(done.out)))


@pytest.mark.parametrize("delivery", ["queued", "ring"])
def test_lines_from_the_background_are_rotated_too(python, tmp_path, delivery):
    path = tmp_path / "app.jsonl"
    done = python(
        """
        import sys, discreet
        discreet.configure(
            sinks=[discreet.File(sys.argv[1], rotate_bytes="5 KB")], service="s", environment="prod"
        )
        log = discreet.get_logger("x")
        for i in range(500):
            log.info("x", n=0, i=i)
        """,
        str(path),
        DISCREET_DELIVERY=delivery,
        DISCREET_STATE_DIR=str(tmp_path / "state"),
    )
    assert done.code == 0, done.err
    in_order(path, 1, 500)


def test_a_file_system_without_locks_is_said_once_and_rotated_all_the_same(tmp_path, monkeypatch, capfd):
    from discreet._delivery import locks

    def none(fd, *, shared=False):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks, "try_lock", none)
    path = tmp_path / "app.jsonl"
    discreet.configure(sinks=[discreet.File(path, rotate_bytes=100)], service="s", environment="prod", take_over=False)
    for number in range(3):
        discreet.get_logger("x").info(str(number))
    assert [record["message"] for record in records(path)] == ["0", "1", "2"]
    assert len(rotated(str(path))) == 2
    assert capfd.readouterr().err.count("has no locks (ENOLCK)") == 1


def test_a_platform_without_locks_closes_the_file_before_it_renames_it(tmp_path, monkeypatch):
    from discreet._delivery import locks

    monkeypatch.setattr(locks, "available", False)
    path = tmp_path / "app.jsonl"
    discreet.configure(
        sinks=[discreet.File(path, rotate_bytes=100, keep_files=1, compress="gzip")],
        service="s", environment="prod", take_over=False,
    )  # fmt: skip
    for number in range(3):
        discreet.get_logger("x").info(str(number))
    assert json.loads(path.read_text())["message"] == "2"
    assert discreet.health()["dropped"] == {}
