"""Real servers in child processes on free loopback ports, and what they wrote, line by line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ..waiting import HANG, NEVER

APPS = Path(__file__).parent / "apps"
SOURCES = Path(__file__).parents[2] / "src"


class Server:
    """A child process that serves, and everything it writes."""

    def __init__(self, *command: str, **environ: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISCREET_", "OTEL_", "CI"))}
        path = os.pathsep.join([str(APPS), str(SOURCES)])
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **kept,
                "PYTHONPATH": path,
                "DISCREET_FORMAT": "json",
                "PYTHONUNBUFFERED": "1",
                "DISCREET_EXIT_TIMEOUT": NEVER,
                **environ,
            },
        )
        self.lines: list[str] = []
        self._silent = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            started = self.wait(
                lambda lines: re.search(r"(?:[Rr]unning on|Listening at:) http://([\d.:]+)", "\n".join(lines))
            )
        except BaseException:
            self.end()
            raise
        self.address = started[1]
        # A connection per request: after a 500 uvicorn closes it, maybe only when the next request is on its way.
        alone = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(base_url=f"http://{self.address}", timeout=HANG, limits=alone)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.decode().rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._silent = True
            self._news.notify_all()

    def wait(self, test):
        """Until `test(lines)` is true; its result."""
        with self._news:
            self._news.wait_for(lambda: test(self.lines) or self._silent, timeout=HANG)
            found = test(self.lines)
        if not found:
            pytest.fail("the server never wrote it. It wrote:\n" + "\n".join(self.lines))
        return found

    @property
    def records(self):
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def settle(self) -> None:
        """Until everything before has been written: one more request, and its record."""
        mark = new_id()
        self.client.get("/context", headers={"x-request-id": mark})
        self.wait(lambda lines: any(mark in line and '"http.server"' in line for line in lines))

    def about(self, request_id: str):
        """What was written in that request, once all of it is there."""
        self.wait(lambda lines: any(request_id in line and '"span_kind":"server"' in line for line in lines))
        self.settle()
        return [record for record in self.records if record.get("request_id") == request_id]

    @contextmanager
    def listening(self):
        """The lines that are written meanwhile, and until all is settled."""
        self.settle()
        start = len(self.lines)
        heard: list[str] = []
        yield heard
        self.settle()
        heard.extend(self.lines[start:])

    def stop(self) -> None:
        self.client.close()
        self.end()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(HANG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(HANG)
        assert self.process.stdout is not None
        self.process.stdout.close()


def new_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def request_id() -> str:
    return new_id()


@pytest.fixture(scope="session")
def start_server():
    """Start a server; all of them stop with the tests."""
    running: list[Server] = []

    def start(*command: str, **environ: str) -> Server:
        running.append(Server(*command, **environ))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session", params=["h11", "httptools"])
def uvicorn_server(request, start_server):
    return start_server(
        "-m", "uvicorn", "shop_asgi:served", "--port", "0", "--loop", "asyncio", "--http", request.param
    )


@pytest.fixture(scope="session", params=["sync", "gthread"])
def gunicorn_server(request, start_server):
    threads = ["--threads", "4"] if request.param == "gthread" else []
    return start_server(
        "-m", "gunicorn", "shop_wsgi:served", "-b", "127.0.0.1:0", "-k", request.param, *threads,
        "--access-logfile", "-", "--no-control-socket",
    )  # fmt: skip


@pytest.fixture(scope="session")
def werkzeug_server(start_server):
    return start_server("-m", "flask", "--app", "shop_wsgi", "run", "--port", "0")
