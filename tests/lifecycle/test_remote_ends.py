"""Ends of a process that sends its records away: nothing is lost, doubled, or waited for forever."""

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


def test_what_waits_is_sent_at_exit(run):
    done = run("""
configure(Away())
for number in range(1000): log.info("record")
""")
    assert messages(done) == ["record"] * 1000
    assert done.err == b""


@pytest.mark.parametrize("receiver", ["Hanging", "Down"])
def test_exit_keeps_to_its_budget_and_the_next_start_sends_what_was_left(run, receiver):
    done = run(
        f"""
configure({receiver}())
for number in range(5): log.info("left", number=number)
""",
        DISCREET_EXIT_TIMEOUT="0.5",
    )
    assert done.code == 0
    assert done.err == f"discreet: left on disk for the next start: 5 records for {receiver}\n".encode()
    done = run(f"""
class {receiver}(Away): pass
configure({receiver}())
log.info("next")
""")
    assert messages(done) == ["left"] * 5 + ["next"]


def test_what_cannot_be_sent_nor_stored_at_exit_is_said_in_one_line(run):
    done = run(
        """
configure(Down())
for number in range(5): log.info("left", number=number)
while discreet.health()["sinks"][0]["last_error"] is None: discreet.flush(0.01)
""",
        DISCREET_EXIT_TIMEOUT="0.5",
        DISCREET_SPOOL="off",
    )
    assert done.err == b"discreet: lost at exit: 5 records for Down (ECONNREFUSED), with no place on disk\n"
    assert done.code == 0


def test_all_sinks_share_one_budget(run):
    done = run(
        """
class Other(Hanging): pass
configure(Hanging(), Other(), Hanging(), Away())
log.info("record")
""",
        DISCREET_EXIT_TIMEOUT="5",
        DISCREET_SPOOL="off",
    )
    assert messages(done) == ["record"]
    assert done.err.count(b"lost at exit") == 3


def test_records_of_exit_functions_are_sent_whether_they_run_before_or_after_ours(run):
    done = run("""
atexit.register(lambda: log.info("after"))
configure(Away())
atexit.register(lambda: log.info("before"))
""")
    assert messages(done) == ["before", "after"]


def test_records_of_finalizers_at_interpreter_exit_do_not_disturb(run):
    done = run("""
class Late:
    def __del__(self, log=log): log.info("late")
configure(Away())
keep = Late()
cycle = [Late()]; cycle.append(cycle)
sys.late = Late()
""")
    assert done.code == 0
    assert b"Traceback" not in done.err


@pytest.mark.parametrize("sink", ["Away(delay=0)", 'discreet.Stream(format="json")'])
def test_daemon_threads_that_log_until_the_end_do_not_hang_the_exit(run, sink):
    done = run(f"""
configure({sink})
class Late:
    def __del__(self, log=log): log.info("late")
keep = Late()
def work():
    while True: log.info("busy", pad="x" * 200)
for _ in range(3): threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
""")
    assert done.code == 0, done.err
    assert b"Traceback" not in done.err


@pytest.mark.parametrize(
    ("spool", "said"),
    [
        ("on", b"records for Down that are made after the end are left on disk for the next start"),
        ("off", b"records for Down that are made after the end are lost"),
    ],
)
def test_records_after_the_end_are_spoken_of_once(run, spool, said):
    done = run(
        """
def late():
    for number in range(50): log.info("late", number=number)
atexit.register(late)
configure(Down())
log.info("left")
""",
        DISCREET_EXIT_TIMEOUT="0.5",
        DISCREET_SPOOL=spool,
    )
    assert done.err.count(said) == 1
    assert len(done.err.splitlines()) <= 3, done.err


def test_what_waits_is_on_disk_after_the_first_attempt_that_failed(run):
    done = run("""
class Once(Away):
    def send(self, batch, timeout):
        if spool_holds(): os.kill(os.getpid(), signal.SIGKILL)
        raise ConnectionRefusedError(111, "refused")
def spool_holds(): return any(map(os.path.getsize, glob.glob(os.environ["DISCREET_STATE_DIR"] + "/spool/*/*.spool")))
import glob
sink = Once(delay=0.01)
configure(sink)
for number in range(5): log.info("early", number=number)
while True: signal.pause()
""")
    assert done.code == -signal.SIGKILL
    done = run("""
class Once(Away): pass
configure(Once())
log.info("next")
""")
    assert messages(done) == ["early"] * 5 + ["next"]


def test_an_exit_waits_for_a_sink_that_an_earlier_configuration_left_with_records(run):
    done = run(
        """
go = threading.Event()
class Slow(Away):
    def send(self, batch, timeout):
        go.wait()
        return Away.send(self, batch, timeout)
configure(Slow(delay=0, timeout=3600))
log.info("slow")
configure(Away())  # does not wait for it
log.info("quick")
threading.Thread(target=lambda: (time.sleep(0.2), go.set()), daemon=True).start()
""",
        DISCREET_SPOOL="off",
    )
    assert done.code == 0, done.err
    assert sorted(messages(done)) == ["quick", "slow"]
    assert done.err == b""


def test_a_connection_that_was_cut_is_tried_again_at_once_at_the_end(run):
    done = run("""
class Cut(Away):
    failed = False
    def send(self, batch, timeout):
        if not self.failed:
            self.failed = True
            raise ConnectionResetError(104, "reset")
        return Away.send(self, batch, timeout)
configure(Cut())
log.info("record")
""")
    assert messages(done) == ["record"]
    assert done.err == b""
