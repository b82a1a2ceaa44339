"""Beginnings and ends of a process that sends its records away: nothing is lost, doubled, or waited for forever."""

from __future__ import annotations

import signal
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, signals and file locks")

AWAY = """
import atexit, json, os, posix, signal, sys, threading, time, discreet
from discreet._delivery.remote.sink import Receipt, Remote
from discreet._encoding.json import encode
class Away(Remote):
    def __init__(self, **options):
        super().__init__(**{"delay": 3600, **options})
    def encoder(self, settings, redactor):
        return encode
    def send(self, batch, timeout, write=os.write, Receipt=Receipt):  # bound: at the very end globals are gone
        write(1, b"".join(batch))
        return Receipt(len(batch))
class Hanging(Away):
    def send(self, batch, timeout):
        threading.Event().wait(40)
        return Receipt(len(batch))
class Down(Away):
    def send(self, batch, timeout):
        raise ConnectionRefusedError(111, "refused")
def configure(*sinks, **options):
    discreet.configure(sinks=sinks, service="s", environment="prod", **options)
log = discreet.get_logger("x")
"""


@pytest.fixture
def run(python, tmp_path):
    def run(source, **options):
        environ = {"DISCREET_STATE_DIR": str(tmp_path / "state"), "PYTHONWARNINGS": "ignore"}
        return python(AWAY + source, **{**environ, **options})

    return run


def messages(done):
    return [record["message"] for record in done.records]


def test_what_waits_is_sent_at_exit(run):
    done = run("""
configure(Away())
for number in range(1000): log.info("record")
""")
    assert messages(done) == ["record"] * 1000
    assert done.err == b""


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
with sink._queue.lock:  # as a log call holds it
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


@pytest.mark.parametrize("receiver", ["Hanging", "Down"])
def test_exit_keeps_to_its_budget_and_the_next_start_sends_what_was_left(run, receiver):
    began = time.monotonic()
    done = run(
        f"""
configure({receiver}())
for number in range(5): log.info("left", number=number)
""",
        DISCREET_EXIT_TIMEOUT="0.5",
    )
    assert time.monotonic() - began < 25
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
""",
        DISCREET_EXIT_TIMEOUT="0.5",
        DISCREET_SPOOL="off",
    )
    assert done.err == b"discreet: lost at exit: 5 records for Down (ECONNREFUSED), with no place on disk\n"
    assert done.code == 0


def test_all_sinks_share_one_budget(run):
    began = time.monotonic()
    done = run(
        """
class Other(Hanging): pass
configure(Hanging(), Other(), Hanging(), Away())
log.info("record")
""",
        DISCREET_EXIT_TIMEOUT="1",
        DISCREET_SPOOL="off",
    )
    assert time.monotonic() - began < 25
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


def test_a_forked_child_sends_its_own_records_only(run):
    done = run("""
configure(Away())
log.info("parent")
child = os.fork()
if child == 0:
    assert discreet.health()["emitted"] == 0
    log.info("child")
    assert discreet.flush(30)
    assert discreet.health()["delivered"] == 1
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
log.info("parent")
assert discreet.flush(30)
assert discreet.health()["delivered"] == 2
""")
    assert done.code == 0, done.err
    assert sorted(messages(done)) == ["child", "parent", "parent"]


def test_forking_while_threads_log_and_the_sender_sends_never_hangs_a_child(run):
    done = run("""
configure(Away(delay=0, batch_count=10))
stop = threading.Event()
def work():
    while not stop.is_set(): log.info("busy")
threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
for thread in threads: thread.start()
for _ in range(30):
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        log.info("child")
        assert discreet.flush(30)
        posix._exit(0)  # coverage replaces os._exit, and waits there for a lock that a thread held at the fork
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
""")
    assert done.code == 0, done.err
    assert messages(done).count("child") == 30


def test_a_child_whose_parent_hangs_in_an_attempt_sends_and_ends(run):
    done = run(
        """
class Once(Away):
    def send(self, batch, timeout):
        if os.getpid() == parent: threading.Event().wait(40)
        return Away.send(self, batch, timeout)
parent = os.getpid()
configure(Once(delay=0))
log.info("parent")
time.sleep(0.05)
child = os.fork()
if child == 0:
    log.info("child")
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
        DISCREET_EXIT_TIMEOUT="0.5",
    )
    assert done.code == 0, done.err
    assert messages(done) == ["child"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_of_multiprocessing_sends_what_waits_at_its_end(run, method):
    done = run(f"""
import multiprocessing
def work():
    if multiprocessing.get_start_method() != "fork": configure(Away())
    log.info("worker")
if __name__ == "__main__":
    multiprocessing.set_start_method("{method}")
    configure(Away())
    process = multiprocessing.Process(target=work)
    process.start(); process.join()
    assert process.exitcode == 0
    log.info("main")
""")
    assert done.code == 0, done.err
    assert messages(done) == ["worker", "main"]


def test_a_child_that_ends_by_os_exit_ends_at_once(run):
    done = run("""
configure(Hanging(delay=0))
child = os.fork()
if child == 0:
    log.info("child")
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
""")
    assert done.code == 0, done.err


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
assert discreet.flush(30)
books = discreet.health()
assert books["delivered"] == fired + sent == books["emitted"], (fired, sent, books)
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


def test_a_child_never_speaks_on_its_parents_connection(run):
    done = run("""
import http.server
peers = []
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        peers.append(self.client_address[1])
        self.send_response(200); self.send_header("content-length", "0"); self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
from discreet._delivery.remote.http import Http
class Posting(Away):
    client = Http()
    def send(self, batch, timeout):
        self.client.post(f"http://127.0.0.1:{server.server_port}/", b"x", {}, timeout)
        return Receipt(len(batch))
    def disconnect(self): self.client.disconnect()
configure(Posting())
def say():
    log.info("record")
    assert discreet.flush(20)
say()
child = os.fork()
if child == 0:
    say(); say()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
say()
first, second, third, last = peers
assert first == last != second == third, peers
""")
    assert done.code == 0, done.err


def test_a_sub_interpreter_is_told_that_it_cannot_send_and_may_log_all_the_same(run):
    if sys.version_info < (3, 12):
        pytest.skip("the module to make one with takes other arguments")
    done = run("""
try:
    import _interpreters as interpreters
    create = lambda: interpreters.create("legacy")
except ImportError:
    import _xxsubinterpreters as interpreters
    create = lambda: interpreters.create(isolated=False)
source = '''
import discreet
from discreet._delivery.remote.sink import Remote
from discreet.errors import ConfigurationError
class Away(Remote): pass
try:
    discreet.configure(sinks=[Away()], service="s", environment="prod")
except ConfigurationError as error:
    assert "sub-interpreter" in str(error), error
else:
    raise AssertionError
discreet.configure(sinks=[discreet.Stream(format="json")], service="s", environment="prod")
discreet.get_logger("x").info("from below")
'''
identity = create()
failed = interpreters.run_string(identity, source) if sys.version_info < (3, 13) else interpreters.exec(identity, source)
assert not failed, failed
interpreters.destroy(identity)
""")
    assert done.code == 0, done.err
    assert messages(done) == ["from below"]


def test_under_gevent_the_sender_works_while_greenlets_compute(run):
    pytest.importorskip("gevent")
    done = run("""
from gevent import monkey; monkey.patch_all()
configure(Away(delay=0))
log.info("record")
until = time.monotonic() + 30
while not discreet.health()["delivered"] and time.monotonic() < until: pass  # no greenlet gets a turn
assert discreet.flush(30)
""")
    assert done.code == 0, done.err
    assert messages(done) == ["record"]


@pytest.mark.parametrize(
    ("spool", "said"),
    [
        ("on", b"records for Down that are made after the end wait on disk for the next start"),
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
time.sleep(60)
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
        go.wait(40)
        return Away.send(self, batch, timeout)
configure(Slow(delay=0, timeout=40))
log.info("slow")
began = time.monotonic()
configure(Away())
assert time.monotonic() - began < 15
log.info("quick")
threading.Thread(target=lambda: (time.sleep(0.2), go.set()), daemon=True).start()
""",
        DISCREET_EXIT_TIMEOUT="20",
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
