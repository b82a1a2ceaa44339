"""What one request or job binds is gone for the next: in real workers, which do one after another in the same thread."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..waiting import HANG, NEVER, wait_for_end, wait_until

pytestmark = pytest.mark.version_sensitive

COUNT = 4
JOB = """
import discreet
discreet.configure(service="shop", environment="prod", format="json")
log = discreet.get_logger("shop")
def do(number):
    log.info("begins", number=number)
    discreet.bind_context(tenant=f"tenant-{number}")
    log.info("ends", number=number)
"""


def check_jobs(lines: list[str]) -> None:
    """Each of the jobs began with nothing, and saw what it bound."""
    records = [json.loads(line) for line in lines if line.startswith("{") and '"logger":"shop"' in line]
    begun = {record["number"]: record.get("tenant") for record in records if record["message"] == "begins"}
    ended = {record["number"]: record.get("tenant") for record in records if record["message"] == "ends"}
    assert begun == dict.fromkeys(range(COUNT)), lines
    assert ended == {number: f"tenant-{number}" for number in range(COUNT)}
    assert len(records) == 2 * COUNT


# --- Celery

CELERY = (
    JOB
    + """
from celery import Celery, signals
app = Celery("shop", broker="filesystem://", backend="cache+memory://")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}
@signals.task_prerun.connect
def before(task_id, **_):
    discreet.bind_context(task_id=task_id)
@signals.task_postrun.connect
def after(**_):
    log.info("after")
@app.task
def job(number):
    do(number)
"""
)
EAGER = """
from shop import discreet, do, job, log
with discreet.context(order=7):
    job.apply((0,))
    log.info("caller")
"""


def celery(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(place), "DISCREET_EXIT_TIMEOUT": NEVER}
    command = [sys.executable, "-W", "ignore", *arguments]
    with (place / "out").open("ab") as out:
        return subprocess.Popen(command, cwd=place, env=environ, stdout=out, stderr=out)


@pytest.mark.skipif(sys.platform == "win32", reason="Celery's worker does not run on Windows")
def test_tasks_of_celery_in_every_pool(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(CELERY)
    said = (tmp_path / "out").read_text
    for pool in ("prefork", "threads", "solo"):
        (tmp_path / "queue").mkdir(exist_ok=True)
        ask = f"from shop import job\nfor number in range({COUNT}): job.delay(number)"
        assert wait_for_end(celery(tmp_path, "-c", ask), said) == 0, said()
        (tmp_path / "out").write_text("")
        worker = celery(
            tmp_path,
            "-m",
            "celery",
            "-A",
            "shop",
            "worker",
            "-c",
            "1",
            f"--pool={pool}",
            "--without-mingle",
            "-l",
            "info",
        )
        wait_until(lambda: said().count('"message":"after"') == COUNT or worker.poll() is not None, said)  # noqa: B023
        worker.send_signal(signal.SIGTERM)
        assert wait_for_end(worker, said) == 0, said()
        lines = said().splitlines()
        records = [json.loads(line) for line in lines if line.startswith("{")]
        # What receivers of Celery's signals bind is the task's, and they see what the task bound.
        after = [record for record in records if record["message"] == "after"]
        assert sorted(record["tenant"] for record in after) == [f"tenant-{number}" for number in range(COUNT)]
        assert len({record["task_id"] for record in after}) == COUNT
        received = [record for record in records if "received" in record["message"]]
        assert received
        assert not [record for record in received if "tenant" in record]
        check_jobs([line for line in lines if '"message":"after"' not in line])


@pytest.mark.skipif(sys.platform == "win32", reason="Celery's worker does not run on Windows")
def test_a_task_of_celery_that_is_called_like_a_function_sees_its_caller_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(CELERY)
    assert wait_for_end(celery(tmp_path, "-c", EAGER)) == 0
    records = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    begins, ends, _, caller = [record for record in records if record["logger"] == "shop"]
    assert begins["order"] == ends["order"] == caller["order"] == 7
    assert ends["tenant"] == "tenant-0"
    assert "tenant" not in caller


# --- runners of jobs that need no server

RUNNERS = {
    "dramatiq": """
import dramatiq
from dramatiq.brokers.stub import StubBroker
broker = StubBroker()
dramatiq.set_broker(broker)
actor = dramatiq.actor(do)
worker = dramatiq.Worker(broker, worker_threads=1)
worker.start()
for number in range(COUNT): actor.send(number)
broker.join("default")
worker.stop()
""",
    "rq": """
import fakeredis, rq
queue = rq.Queue(connection=fakeredis.FakeStrictRedis())
for number in range(COUNT): queue.enqueue("program.do", number)
sys.modules["program"] = sys.modules["__main__"]
rq.SimpleWorker([queue], connection=queue.connection).work(burst=True)
""",
    "huey": """
from huey import MemoryHuey
huey = MemoryHuey()
task = huey.task()(do)
for number in range(COUNT): task(number)
while (found := huey.dequeue()) is not None: huey.execute(found)
""",
    "awslambdaric": """
from awslambdaric import bootstrap, lambda_runtime_marshaller
class Client:
    marshaller = lambda_runtime_marshaller.LambdaMarshaller()
    def post_invocation_result(self, *_, **__): pass
for number in range(COUNT):
    bootstrap.handle_event_request(
        Client(), lambda event, context: do(event), "id", str(number), "application/json", None, None, "arn", 0, None,
        bootstrap.StandardLogSink(),
    )
""",
}


@pytest.mark.parametrize("library", RUNNERS)
def test_jobs_of_a_runner(library: str, python: Callable[..., Any]) -> None:
    done = python(f"import sys\nCOUNT = {COUNT}\n{JOB}{RUNNERS[library]}")
    assert done.code == 0, done.err
    check_jobs(done.out.decode().splitlines())


# --- servers, each with an application that has no middleware of ours

WSGI = (
    JOB
    + """
def app(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    do(int(environ["PATH_INFO"][1:]))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
)
ASGI = (
    JOB
    + """
async def app(scope, receive, send):
    if scope["type"] != "http": raise RuntimeError("only http")
    while (await receive()).get("more_body"): pass
    do(int(scope["path"][1:]))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
)
GUNICORN = ("-m", "gunicorn", "web:app", "-b", "127.0.0.1:0", "--keep-alive", "30", "--no-control-socket")
UVICORN = ("-m", "uvicorn", "web:app", "--port", "0", "--loop", "asyncio", "--lifespan", "off")
SERVERS = {
    "gunicorn sync": (WSGI, GUNICORN),
    "gunicorn gthread": (WSGI, (*GUNICORN, "-k", "gthread", "--threads", "1")),
    "gunicorn gevent": (WSGI, (*GUNICORN, "-k", "gevent")),
    "gunicorn asgi": (ASGI, (*GUNICORN, "-k", "asgi")),
    "uvicorn h11": (ASGI, (*UVICORN, "--http", "h11")),
    "uvicorn httptools": (ASGI, (*UVICORN, "--http", "httptools")),
    "wsgiref": (WSGI, ("-c", ("from web import app; from wsgiref.simple_server import make_server\n"
        "server = make_server('127.0.0.1', 0, app); print(f'Listening at: http://127.0.0.1:{server.server_port}', "
        "flush=True); server.serve_forever()"))),
    "waitress": (WSGI, ("-c", ("from web import app; import waitress\n"
        "server = waitress.create_server(app, port=0, threads=1); print(f'Listening at: http://127.0.0.1:"
        "{server.effective_port}', flush=True); server.run()"))),
}  # fmt: skip


@contextmanager
def serving(place: Path, source: str, command: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """The server's port, and the lines that it writes."""
    (place / "web.py").write_text(source)
    environ = {**os.environ, "PYTHONPATH": str(place), "DISCREET_EXIT_TIMEOUT": NEVER, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *command], cwd=place, env=environ, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    found = re.compile(r"(?:unning on|Listening at:) http://[\d.]+:(\d+)")
    try:
        yield int(wait_until(lambda: found.search("".join(lines)), lambda: lines)[1]), lines
    finally:
        process.terminate()
        wait_for_end(process, lambda: lines)
        reader.join(HANG)


@pytest.mark.parametrize("server", SERVERS)
def test_requests_of_a_server(server: str, tmp_path: Path) -> None:
    with serving(tmp_path, *SERVERS[server]) as (port, lines):
        with socket.create_connection(("127.0.0.1", port), timeout=HANG) as kept:
            connection = kept
            for number in range(COUNT):
                # A body that is larger than what the server reads at once: the next request is begun by the task of this.
                body = b"x" * 300_000
                head = f"POST /{number} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                if number % 2:
                    head, body = f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), b""
                try:
                    connection.sendall(head + body)
                    answer = connection.recv(65_536)
                except OSError:
                    answer = b""
                if not answer:  # this server keeps no connection
                    connection = socket.create_connection(("127.0.0.1", port), timeout=HANG)
                    connection.sendall(head + body)
                    answer = connection.recv(65_536)
                assert answer.split(b" ", 2)[1] == b"200", answer
                while not answer.endswith(b"ok"):
                    answer = connection.recv(65_536)
                    assert answer
            connection.close()
        wait_until(lambda: sum('"message":"ends"' in line for line in lines) == COUNT, lambda: lines)
    check_jobs(lines)
