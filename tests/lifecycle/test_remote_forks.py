"""Children, workers and greenlets of a process that sends its records away: each sends its own, once."""

from __future__ import annotations

import sys

import pytest

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, signals and file locks"),
]


def messages(done):
    return [record["message"] for record in done.records]


def test_a_forked_child_sends_its_own_records_only(run):
    done = run(
        """
configure(Away())
log.info("parent")
child = os.fork()
if child == 0:
    assert discreet.health()["emitted"] == 0
    log.info("child")
    assert discreet.flush()
    assert discreet.health()["delivered"] == 1
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
log.info("parent")
assert discreet.flush()
assert discreet.health()["delivered"] == 2
""",
        measured=False,
    )
    assert done.code == 0, done.err
    assert sorted(messages(done)) == ["child", "parent", "parent"]


def test_forking_while_threads_log_and_the_sender_sends_never_hangs_a_child(run):
    done = run(
        """
configure(Away(delay=0, batch_count=10))
stop = threading.Event()
def work():
    while not stop.is_set(): log.info("busy")
threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
for thread in threads: thread.start()
for _ in range(30):
    child = os.fork()
    if child == 0:
        signal.alarm(240)  # if it hangs
        log.info("child")
        assert discreet.flush()
        posix._exit(0)  # coverage replaces os._exit, and waits there for a lock that a thread held at the fork
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
""",
        measured=False,
    )
    assert done.code == 0, done.err
    assert messages(done).count("child") == 30


def test_a_child_whose_parent_hangs_in_an_attempt_sends_and_ends(run):
    done = run(
        """
class Once(Away):
    def send(self, batch, timeout):
        if os.getpid() == parent:
            begun.set()
            threading.Event().wait()
        return Away.send(self, batch, timeout)
parent, begun = os.getpid(), threading.Event()
configure(Once(delay=0))
log.info("parent")
begun.wait()
child = os.fork()
if child == 0:
    log.info("child")
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
posix._exit(0)  # the parent's own exit is not what this is about
""",
        measured=False,
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
    done = run(
        """
configure(Hanging(delay=0))
child = os.fork()
if child == 0:
    log.info("child")
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
""",
        DISCREET_EXIT_TIMEOUT="0.5",
        measured=False,
    )
    assert done.code == 0, done.err


def test_a_child_never_speaks_on_its_parents_connection(run):
    done = run(
        """
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
from discreet._delivery.export.http import Http
class Posting(Away):
    client = Http()
    def send(self, batch, timeout):
        self.client.post(f"http://127.0.0.1:{server.server_port}/", b"x", {}, timeout)
        return Result(len(batch))
    def disconnect(self): self.client.disconnect()
configure(Posting())
def say():
    log.info("record")
    assert discreet.flush()
say()
child = os.fork()
if child == 0:
    say(); say()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
say()
first, second, third, last = peers
assert first == last != second == third, peers
""",
        measured=False,
    )
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
from discreet._delivery.export.sink import ExportSink
from discreet.errors import ConfigurationError
class Away(ExportSink): pass
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
while not discreet.health()["delivered"]: pass  # no greenlet gets a turn
assert discreet.flush()
""")
    assert done.code == 0, done.err
    assert messages(done) == ["record"]
