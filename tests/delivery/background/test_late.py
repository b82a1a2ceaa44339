"""Records that come when the process has delivered, and readers that take nothing then."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ...waiting import NEVER, run
from .helpers import BOTH, numbers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")

LATE = """
import atexit, sys
def bye():
    from discreet import log
    for number in range(int(sys.argv[1])):
        log.error("bye", number=number)
atexit.register(bye)  # before discreet, so that it runs after discreet has delivered
import discreet
discreet.configure(service="s", environment="prod", format="json", take_over=False)
"""


@BOTH
def test_the_first_record_of_a_process_arrives_though_it_comes_after_the_end(delivery, python):
    done = python(LATE, "3", DISCREET_DELIVERY=delivery)
    assert (done.code, numbers(done.out.splitlines())) == (0, [0, 1, 2])
    assert done.err == b""


def stalled(source, delivery, tmp_path, *arguments):
    """Run it with a pipe that nobody reads until it has ended."""
    script = tmp_path / "program.py"
    script.write_text(source)
    environ = {**os.environ, "DISCREET_DELIVERY": delivery, "DISCREET_EXIT_TIMEOUT": "1"}
    reader, writer = os.pipe()
    done = run([sys.executable, str(script), *arguments], stdout=writer, env=environ)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        return done, stream.read()


@BOTH
def test_a_late_record_does_not_wait_for_a_stalled_reader(delivery, tmp_path, python):
    done, out = stalled(LATE, delivery, tmp_path, "2000")
    assert done.returncode == 0, done.stderr
    arrived = numbers(out.splitlines())
    assert arrived == list(range(len(arrived)))
    assert len(arrived) < 2000
    if delivery == "queued":
        assert b"exit; discreet.health() keeps count" in done.stderr
    else:  # the ring has the rest
        assert b"left on disk" in done.stderr
        later = python(LATE, "0", DISCREET_DELIVERY="ring")
        assert arrived + numbers(later.out.splitlines()) == list(range(2000))


RECONFIGURED = """
import sys, discreet
discreet.configure(service="s", environment="prod", format="json", take_over=False)
log = discreet.get_logger("x")
for number in range(3000):
    log.info("x", number=number)
discreet.configure(sinks=[discreet.File(sys.argv[1])], service="s", environment="prod", take_over=False)
"""


def test_what_an_earlier_configuration_left_to_a_stalled_reader_is_counted_at_exit(tmp_path):
    done, out = stalled(RECONFIGURED, "queued", tmp_path, str(tmp_path / "log"))
    assert done.returncode == 0
    assert len(out.splitlines()) < 3000
    assert b"lost at exit" in done.stderr


def test_an_exit_waits_for_the_reader_of_an_earlier_configuration(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(RECONFIGURED)
    environ = {**os.environ, "DISCREET_DELIVERY": "queued", "DISCREET_EXIT_TIMEOUT": NEVER}
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"still pending" in process.stderr.readline()  # the new configuration is in force
        assert numbers(process.stdout.read().splitlines()) == list(range(3000))


@pytest.mark.parametrize("before", ['discreet.configure(**options); discreet.get_logger("x").info("before")'])
@BOTH
def test_what_an_atexit_function_configures_delivers_its_records(python, tmp_path, before, delivery):
    done = python(
        f"""
import atexit, discreet
options = {{"service": "s", "environment": "prod", "delivery": {delivery!r}, "take_over": False}}
def late():
    discreet.configure(**options)
    discreet.get_logger("x").info("late")
atexit.register(late)  # before discreet, so that it runs after discreet has delivered
{before}
""",
        DISCREET_STATE_DIR=str(tmp_path / "state"),
    )
    assert [record["message"] for record in done.records] == (["before"] if before else []) + ["late"], done.err
