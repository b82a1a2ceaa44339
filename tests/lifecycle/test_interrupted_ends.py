"""Ends that Ctrl-C interrupts: what is pending is stored, or counted and said; never neither."""

from __future__ import annotations

import sys

import pytest

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="signals between processes"),
]

HURRIED = """
import itertools
ending = threading.Event()
def interrupt():
    ending.wait()
    for number, _ in zip(itertools.cycle({numbers}), range({times})):
        time.sleep(0.02)
        os.kill(os.getpid(), number)
threading.Thread(target=interrupt, daemon=True).start()  # since Python 3.12 none can be started at exit
configure(Hanging())
for number in range(5): log.info("left", number=number)
atexit.register(ending.set)
"""


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("numbers", ["[signal.SIGINT]", "[signal.SIGINT, signal.SIGTERM]"])
def test_what_is_pending_when_ctrl_c_interrupts_the_end_is_on_disk_for_the_next_start(run, times, numbers):
    # Not measured: Ctrl-C interrupts what coverage does at exit, too.
    done = run(HURRIED.format(times=times, numbers=numbers), measured=False, DISCREET_EXIT_TIMEOUT="20")
    assert b"left on disk for the next start: 5 records for Hanging" in done.err
    assert b"Traceback" not in done.err
    done = run("""
class Hanging(Away): pass
configure(Hanging())
log.info("next")
""")
    assert [record["message"] for record in done.records] == ["left"] * 5 + ["next"]


def test_without_a_disk_their_number_is_said(run):
    source = HURRIED.format(times=2, numbers="[signal.SIGINT]")
    done = run(source, measured=False, DISCREET_EXIT_TIMEOUT="20", DISCREET_SPOOL="off")
    assert b"lost at exit: 5 records for Hanging" in done.err


@pytest.mark.parametrize(
    ("delivery", "said"), [("queued", b"lost at exit: "), ("ring", b"left on disk: ")], ids=["queued", "ring"]
)
def test_a_pipe_that_nobody_reads_is_given_up_with_the_number(run, delivery, said):
    done = run(
        f"""
read, write = os.pipe()
discreet.configure(sinks=[discreet.Stream(open(write, "w"), format="json")], delivery={delivery!r}, service="shop")
for number in range(5000): discreet.log.info("x" * 100, number=number)
ending = threading.Event()
def interrupt():
    ending.wait()
    for _ in range(2):
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
atexit.register(ending.set)
""",
        measured=False,
        DISCREET_EXIT_TIMEOUT="20",
    )
    assert said in done.err
