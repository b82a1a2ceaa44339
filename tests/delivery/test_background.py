"""`DISCREET_DELIVERY=queued|ring`: no call waits, and what a call returned from arrives."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import discreet
from discreet._delivery.background import ring as ring_module
from discreet._delivery.background.leftovers import files
from discreet._delivery.background.sink import Background
from discreet._delivery.folder import place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks")

BOTH = pytest.mark.parametrize("delivery", ["queued", "ring"])
START = """
    import os, posix, signal, sys, threading, time, discreet
    discreet.configure(format="json", service="s", environment="prod")
    log = discreet.get_logger("x")
"""


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("DISCREET_STATE_DIR", str(folder))
    return folder


def configure(sink, delivery, **options):
    discreet.configure(
        sinks=[sink], delivery=delivery, service="s", environment="prod", level="debug", take_over=False, **options
    )
    return discreet.get_logger("x")


def books():
    (found,) = discreet.health()["sinks"]
    assert found["emitted"] == found["delivered"] + found["waiting"] + sum(found["dropped"].values())
    return found


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def numbers(lines):
    return [json.loads(line)["number"] for line in lines]


def rings(state):
    return [path for folder in (state / "ring").glob("*") for path in files(folder)]


class Pipe:
    """A pipe that nobody reads until asked."""

    def __init__(self):
        self.reader, writer = os.pipe()
        self.stream = open(writer, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the pipe is

    def read_in_background(self):
        chunks = []

        def read():
            while chunk := os.read(self.reader, 1 << 16):
                chunks.append(chunk)

        thread = threading.Thread(target=read)
        thread.start()
        return chunks, thread


# --- the way of a record


@BOTH
def test_lines_arrive_in_order_and_the_books_balance(delivery, tmp_path):
    log = configure(discreet.File(tmp_path / "log"), delivery)
    for number in range(1000):
        log.info("x", number=number)
        if number % 100 == 0:
            books()
    assert discreet.flush() is not False
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == list(range(1000))
    assert (books()["delivered"], books()["waiting"], books()["delivery"]) == (1000, 0, delivery)


@BOTH
def test_the_environment_asks_for_it(delivery, python):
    done = python(
        START + '    log.info("hello")\n    print(discreet.health()["sinks"][0]["delivery"])',
        DISCREET_DELIVERY=delivery,
    )
    assert b'"message":"hello"' in done.out
    assert delivery.encode() in done.out


@BOTH
def test_what_a_program_printed_is_not_flushed_amid_its_print(delivery):
    class Watched(io.TextIOWrapper):
        flushed_by = set()

        def flush(self):
            self.flushed_by.add(threading.get_ident())
            super().flush()

    pipe = Pipe()
    stream = Watched(pipe.stream.detach(), encoding="utf-8")
    log = configure(discreet.Stream(stream, format="json"), delivery)
    log.info("x", number=1)
    assert numbers([os.read(pipe.reader, 1 << 16)]) == [1]
    assert stream.flushed_by <= {threading.get_ident()}
    configure(discreet.Stream(io.StringIO()), "direct")
    stream.close()
    os.close(pipe.reader)


@BOTH
def test_streams_without_a_descriptor_get_their_lines_too(delivery):
    stream = io.StringIO()
    log = configure(discreet.Stream(stream, format="json"), delivery)
    for number in range(20):
        log.info("x", number=number)
    discreet.flush()
    assert numbers(stream.getvalue().splitlines()) == list(range(20))


def test_other_sinks_are_left_as_they_are(memory_sink):
    kept = memory_sink(format="json")
    configure(kept, "ring").info("hello")
    assert kept.last["message"] == "hello"


def test_direct_is_what_it_was(tmp_path):
    configure(discreet.File(tmp_path / "log"), "direct").info("hello", number=1)
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [1]


@BOTH
def test_colours_and_console_format_are_those_of_the_stream(delivery, capsys):
    discreet.configure(
        sinks=[discreet.Stream(format="console")], delivery=delivery, service="s", environment="dev", take_over=False
    )
    discreet.get_logger("x").info("hello")
    discreet.flush()
    assert "hello" in capsys.readouterr().out


@BOTH
def test_a_stalled_reader_never_blocks_a_call_and_nothing_is_torn(delivery, monkeypatch):
    monkeypatch.setattr(ring_module.Ring.__init__, "__defaults__", (1 << 20,))
    pipe = Pipe()
    log = configure(discreet.Stream(pipe.stream, format="json"), delivery)
    made = 0
    while not books()["dropped"]:
        for _ in range(500):
            log.info("x", number=made, pad="p" * 200)
            made += 1
    log.error("important", number=-1)
    assert discreet.health()["dropped"].keys() <= {"ring full", "queue full", "shed info"}
    chunks, thread = pipe.read_in_background()
    assert discreet.flush() is not True  # some were lost
    found = books()
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    arrived = numbers(b"".join(chunks).splitlines())
    assert found["emitted"] == made + 1
    assert found["delivered"] == len(arrived) == made + 1 - sum(found["dropped"].values())
    assert -1 in arrived


@BOTH
def test_flush_returns_in_time_and_tells_the_truth(delivery):
    pipe = Pipe()
    sink = Background(discreet.Stream(pipe.stream, format="json"), delivery)
    log = configure(sink, "direct")
    for number in range(2000):
        log.info("x", number=number, pad="p" * 200)
    assert sink.flush(0.05) is False
    assert books()["waiting"] > 0
    chunks, thread = pipe.read_in_background()
    assert sink.flush(30) is True
    assert books()["waiting"] == 0
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    assert numbers(b"".join(chunks).splitlines()) == list(range(2000))


@BOTH
def test_of_a_tight_loop_everything_arrives_in_order_but_what_is_counted_as_lost(delivery):
    pipe = Pipe()
    chunks, thread = pipe.read_in_background()
    log = configure(discreet.Stream(pipe.stream, format="json"), delivery)
    for number in range(30_000):
        log.info("x", number=number)
    discreet.flush()
    found = books()
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    arrived = numbers(b"".join(chunks).splitlines())
    assert arrived == sorted(set(arrived))
    assert len(arrived) == found["delivered"] == 30_000 - sum(found["dropped"].values())


@BOTH
def test_a_record_that_cannot_be_written_is_counted_and_those_behind_it_arrive(delivery, tmp_path):
    class Picky(discreet.File):
        def write(self, line):
            if b'"number":3,' in line or b'"number":3}' in line:
                raise RuntimeError("three")
            super().write(line)

    log = configure(Picky(tmp_path / "log"), delivery)
    for number in range(6):
        log.info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [0, 1, 2, 4, 5]
    assert (books()["delivered"], books()["dropped"]) == (5, {"RuntimeError": 1})


@BOTH
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
def test_a_full_disk_is_counted(delivery):
    with open("/dev/full", "w") as full:
        log = configure(discreet.Stream(full, format="json"), delivery)
        for _ in range(10):
            log.info("lost")
        discreet.flush()
        assert (books()["delivered"], books()["dropped"]) == (0, {"ENOSPC": 10})
        configure(discreet.Stream(io.StringIO()), "direct")


class Full(discreet.File):
    """A file on a disk where only short lines still fit."""

    room = 0

    def __init__(self, path):
        super().__init__(path)
        self.tried = []

    def write(self, line):
        self.tried.append(line.count(b"\n"))
        if len(line) > self.room:
            raise OSError(errno.ENOSPC, "no space left on device")
        super().write(line)


@BOTH
def test_on_a_full_disk_lines_as_long_as_one_that_failed_alone_are_not_tried_in_the_same_batch(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    log = configure(sink, delivery)
    with sink._lock:  # the thread waits, so that all is one batch behind the first
        for number in range(100, 300):
            log.info("x", number=number)
    discreet.flush()
    assert (books()["delivered"], books()["dropped"]) == (0, {"ENOSPC": 200})
    assert len(sink.tried) < 10


@BOTH
def test_on_a_full_disk_a_shorter_line_that_still_fits_is_written(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    sink.room = 1000
    log = configure(sink, delivery)
    with sink._lock:
        for number in range(100, 120):
            log.info("x", number=number, pad="p" * (0 if number == 110 else 1000))
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [110]
    assert (books()["delivered"], books()["dropped"]) == (1, {"ENOSPC": 19})


@BOTH
def test_when_a_full_disk_has_room_again_the_next_batch_arrives(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    log = configure(sink, delivery)
    for number in range(3):
        log.info("x", number=number)
    discreet.flush()
    sink.room = 1 << 20
    for number in range(3, 6):
        log.info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [3, 4, 5]


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
    )
    assert done.code == 0, done.err
    for message in ("busy", "from the handler"):
        found = [record["number"] for record in done.records if record["message"] == message]
        assert len(found) == len(set(found)) > 0


# --- configurations


@BOTH
def test_no_record_is_lost_while_threads_log_and_another_configures(delivery, tmp_path):
    log = configure(discreet.File(tmp_path / "0.log"), delivery)
    made = [0] * 3
    stop = threading.Event()

    def write(number):
        while not stop.is_set():
            log.info("x", who=number, number=made[number])
            made[number] += 1
            stop.wait(0.0001)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    for number in range(40):
        configure(discreet.File(tmp_path / f"{number % 3}.log"), ("direct", delivery)[number % 4 > 0])
    stop.set()
    [thread.join() for thread in threads]
    discreet.flush()
    configure(discreet.Stream(io.StringIO()), "direct")
    lines = [line for path in tmp_path.glob("*.log") for line in path.read_bytes().splitlines()]
    assert sorted((r["who"], r["number"]) for r in map(json.loads, lines)) == [
        (who, number) for who in range(3) for number in range(made[who])
    ]
    assert discreet.health()["dropped"] == {}


@BOTH
def test_the_same_file_may_be_configured_again_in_any_way(delivery, tmp_path):
    sink = discreet.File(tmp_path / "log")
    for number, way in enumerate((delivery, delivery, "direct", "direct", delivery, "direct")):
        configure(sink, way).info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == list(range(6))
    assert discreet.health()["dropped"] == {}


def test_a_ring_that_has_no_room_on_disk_falls_back_to_the_queue_and_says_so(tmp_path, monkeypatch, capfd):
    def full(fd, size):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(ring_module, "allocate", full)
    log = configure(discreet.File(tmp_path / "log"), "ring")
    log.info("x", number=1)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [1]
    assert capfd.readouterr().err.count("has no ring (ENOSPC)") == 1


def test_a_platform_without_file_locks_is_told_what_to_use(tmp_path, monkeypatch):
    monkeypatch.setattr("discreet._delivery.locks.available", False)
    with pytest.raises(discreet.ConfigurationError, match="Use queued"):
        configure(discreet.File(tmp_path / "log"), "ring")


# --- ends


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
    from discreet._delivery.background import ring
    from discreet._state import state

    class Deque(deque):
        def append(self, item):
            super().append(item)
            os.kill(os.getpid(), signal.SIGTERM)

    log.info("x", number=0)
    discreet.flush()
    store = state.sinks[0]._store
    if isinstance(store, ring.Ring):
        pack = ring._pack
        ring._pack = lambda *numbers: os.kill(os.getpid(), signal.SIGTERM) or pack(*numbers)
    else:
        store._queue._lines = tuple(Deque() for _ in store._queue._lines)
    log.info("x", number=1)
    while True:
        time.sleep(1)
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
    assert b"stay on disk" not in done.err
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
    err = process.communicate(timeout=60)[1]
    with os.fdopen(reader, "rb") as file:
        return process.returncode, err, file.read()


def test_at_exit_with_a_stalled_reader_the_rest_stays_in_the_ring_for_the_next_start(tmp_path, python, state):
    code, err, out = stalled("ring", tmp_path, 2000)
    assert code == 0
    assert err.count(b"stay on disk") == 1
    assert len(rings(state)) == 1
    done = python(
        START + "    discreet.flush()\n    assert discreet.health()['sinks'][0]['adopted'] > 0",
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
            go.wait(30)
            raise OSError(errno.ENOSPC, "no space left on device")

    sink = Background(Slow(log_file), "ring")
    log = configure(sink, "direct")
    for number in range(20):
        log.info("x", number=number)
    sink.end(0.05)
    before = books()
    go.set()
    until(lambda: not sink._writer._runs)
    assert books() == before
    assert (before["waiting"], before["dropped"]) == (20, {})
    log.info("late", number=20)
    assert sink.flush() is False
    sink._store.close()
    configure(discreet.File(log_file), "ring")
    assert discreet.flush() is not False
    assert numbers(log_file.read_bytes().splitlines()) == list(range(21))


def test_at_exit_with_a_stalled_reader_the_rest_of_a_queue_is_lost_and_said_to_be(tmp_path):
    code, err, out = stalled("queued", tmp_path, 2000)
    assert code == 0
    assert err.count(b"were lost at exit") == 1
    assert numbers(out.splitlines()[:100]) == list(range(100))


# --- forks


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
            signal.alarm(20)
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


# --- kills


KILLED = """
    import faulthandler, mmap, os, sys, discreet
    discreet.configure(service="s", environment="prod")
    log = discreet.get_logger("x")
    with open(sys.argv[1], "r+b") as file:
        returned = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
"""


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), 9)", "os._exit(3)", "faulthandler._sigsegv()"],
    ids=["SIGKILL", "_exit", "segfault"],
)
def test_whatever_ends_a_process_every_record_whose_call_returned_arrives_at_the_next_start(
    end, python, tmp_path, state
):
    counter, log_file = tmp_path / "counter", tmp_path / "log"
    counter.write_bytes(bytes(8))
    options = {"DISCREET_DELIVERY": "ring", "DISCREET_STREAM": "none", "DISCREET_FILE": str(log_file)}
    done = python(
        KILLED
        + f"""
    for number in range(3000):
        log.info("x", number=number)
        returned[0] = number + 1
    {end}
    """,
        str(counter),
        **options,
    )
    assert done.code != 0
    assert int.from_bytes(counter.read_bytes(), "little") == 3000
    before = len(log_file.read_bytes().splitlines())
    done = python(START + "    discreet.flush()\n    print(discreet.health()['sinks'][0]['adopted'])", **options)
    assert done.code == 0, done.err
    found = numbers(log_file.read_bytes().splitlines())
    assert sorted(set(found)) == list(range(3000))
    assert int(done.out) == len(found) - before
    assert rings(state) == []


def test_a_kill_in_a_tight_loop_of_several_threads_loses_no_record_whose_call_returned(tmp_path, python, state):
    counter, log_file, script = tmp_path / "counter", tmp_path / "log", tmp_path / "tight.py"
    counter.write_bytes(bytes(24))
    options = {"DISCREET_DELIVERY": "ring", "DISCREET_STREAM": "none", "DISCREET_FILE": str(log_file)}
    script.write_text(
        "import mmap, sys, threading, discreet\n"
        'discreet.configure(service="s", environment="prod")\n'
        'log = discreet.get_logger("x")\n'
        'file = open(sys.argv[1], "r+b")\n'
        'returned = memoryview(mmap.mmap(file.fileno(), 24)).cast("Q")\n'
        "def loop(who):\n"
        "    number = 0\n"
        "    while True:\n"
        '        log.error("x", who=who, number=number)\n'
        "        number += 1\n"
        "        returned[who] = number\n"
        "for who in range(3):\n"
        "    threading.Thread(target=loop, args=(who,)).start()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script), str(counter)], env={**os.environ, **options}, stderr=subprocess.PIPE
    )
    until(lambda: int.from_bytes(counter.read_bytes()[:8], "little") > 2000)
    process.kill()
    err = process.communicate()[1]
    counts = [int.from_bytes(counter.read_bytes()[at : at + 8], "little") for at in (0, 8, 16)]
    assert err == b"", "none was refused"
    done = python(START + "    discreet.flush()", **options)
    assert done.code == 0, done.err
    records = [json.loads(line) for line in log_file.read_bytes().splitlines()]
    for who in range(3):
        found = {record["number"] for record in records if record["who"] == who}
        assert found >= set(range(counts[who]))
        assert len(found) <= counts[who] + 1


def test_another_service_or_target_is_not_delivered(python, tmp_path, state):
    options = {"DISCREET_DELIVERY": "ring", "DISCREET_STREAM": "none"}
    (tmp_path / "counter").write_bytes(bytes(8))
    python(
        KILLED + '    log.info("x", number=1)\n    os.kill(os.getpid(), 9)',
        str(tmp_path / "counter"),
        DISCREET_FILE=str(tmp_path / "one"),
        **options,
    )
    python(START + "    discreet.flush()", DISCREET_FILE=str(tmp_path / "other"), **options)
    assert not (tmp_path / "other").read_bytes()


def test_what_cannot_be_delivered_yet_stays(tmp_path, monkeypatch, capfd, state):
    log_file = tmp_path / "log"
    folder = place("ring", "s", str(log_file))
    ring = ring_module.Ring(folder, {"service": "s"})
    for number in range(3):
        ring.put(b'{"number":%d}\n' % number, 20)
    ring.leave()

    class Broken(discreet.File):
        def write(self, line):
            raise OSError(28, "no space left on device")

    configure(Broken(log_file), "ring")
    discreet.flush()
    assert books()["adopted"] == 0
    assert "3 records of an earlier process still wait" in capfd.readouterr().err
    configure(discreet.File(log_file), "ring")
    discreet.flush()
    assert numbers(log_file.read_bytes().splitlines()) == [0, 1, 2]
    assert (books()["adopted"], books()["delivered"]) == (3, 3)


def test_a_ring_without_any_folder_is_a_queue_and_says_so(python: Any, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    blocked = str(tmp_path / "home")
    done = python(
        """
        import tempfile
        tempfile.tempdir = None
        import discreet
        from discreet._delivery import folder
        folder._usual = lambda: []
        discreet.configure(delivery="ring", service="shop", format="json")
        discreet.get_logger("shop").info("hello")
        """,
        DISCREET_STATE_DIR="",
        XDG_STATE_HOME=blocked,
    )
    assert done.code == 0, done.err
    assert [record["message"] for record in done.records] == ["hello"]
    assert b"no folder for a ring" in done.err


def test_a_wrong_state_folder_costs_an_unconfigured_process_no_other_setting(python: Any) -> None:
    done = python(
        "import discreet; discreet.get_logger('shop').info('hello')",
        DISCREET_STATE_DIR="/proc/none",
        DISCREET_DELIVERY="ring",
        DISCREET_SERVICE="shop",
        DISCREET_FORMAT="json",
    )
    assert [(record["message"], record["service"]) for record in done.records if record["severity"] == "INFO"] == [
        ("hello", "shop")
    ]
    assert any("DISCREET_STATE_DIR" in record["message"] for record in done.records)
