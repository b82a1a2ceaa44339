"""Whatever kills a process, the next start delivers what was in its ring."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import discreet
from discreet._delivery.buffered import ring as ring_module
from discreet._delivery.folder import place

from ...waiting import wait_until
from .helpers import START, configure, health, numbers, rings

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks"),
]

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
    before = log_file.read_bytes()
    done = python(START + "    discreet.flush()\n    print(discreet.health()['sinks'][0]['recovered'])", **options)
    assert done.code == 0, done.err
    lines = log_file.read_bytes()
    if before and before[-1:] != b"\n":  # a kill may come amid the kernel's own write: the next line starts anew
        assert lines[len(before) : len(before) + 1] == b"\n"
        lines = lines[: before.rfind(b"\n") + 1] + lines[len(before) + 1 :]
    found = numbers(lines.splitlines())
    assert sorted(set(found)) == list(range(3000))
    assert int(done.out) == len(found) - before.count(b"\n")
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
    wait_until(lambda: int.from_bytes(counter.read_bytes()[:8], "little") > 2000 or process.poll() is not None)
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
    assert health()["recovered"] == 0
    assert f"left on disk by an earlier process, for {log_file}: 3 records" in capfd.readouterr().err
    configure(discreet.File(log_file), "ring")
    discreet.flush()
    assert numbers(log_file.read_bytes().splitlines()) == [0, 1, 2]
    assert (health()["recovered"], health()["delivered"]) == (3, 3)
