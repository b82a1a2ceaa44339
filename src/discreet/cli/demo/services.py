"""`discreet demo`: start the three services as processes of their own, send them requests, and stop them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from discreet._base.escape import escape
from discreet._encoding.console.line import ConsoleEncoder
from discreet.cli.record_lines import parse_line
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

_SHOP = "discreet.cli.demo.shop"
_LIMIT = 600.0
"""Seconds for any one step. Only a service that hangs needs so long, however busy the machine is."""
_TAIL = 10  # lines of a file that are shown if a service fails


class Answer(NamedTuple):
    """The answer to a request."""

    what: str
    method: str
    path: str
    status: int
    request_id: str


class Service(NamedTuple):
    """A service that was started. It writes its standard output to `NAME.json`, its standard error to `NAME.stderr`."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    def ended(self) -> bool:
        """Whether its process is no more."""
        return self.process.poll() is not None

    def listens(self) -> bool:
        """Whether it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def output(self) -> str:
        """The last lines that it wrote, and how it ended if it did."""
        status = f"exit code {self.process.returncode}" if self.ended() else "still running"
        parts = [f"{self.name} ({status}) wrote:"]
        for path in (self.folder / f"{self.name}.stderr", self.folder / f"{self.name}.json"):
            lines = path.read_bytes().splitlines()
            more = f", the last {_TAIL} of {len(lines)} lines" if len(lines) > _TAIL else "" if lines else ": nothing"
            parts += [f"  {path}{more}", *(f"    {_readable(line)}" for line in lines[-_TAIL:])]
        return "\n".join(parts)


def _readable(line: bytes) -> str:
    record = parse_line(line)
    if record is None:
        return escape(line.decode("utf-8", "replace"))
    return ConsoleEncoder()(record).decode().rstrip().replace("\n", "\n    ")


@contextmanager
def running(folder: Path, database_password: str) -> Generator[list[Service]]:
    """Start all three services, wait until they are ready, and stop them at the end. The gateway comes first."""
    with ExitStack() as stack:  # hold all ports until all are found
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        ports = [held.getsockname()[1] for held in sockets]
    at = [f"127.0.0.1:{port}" for port in ports]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DISCREET_", "OTEL_"))}
    environ = {
        **inherited,
        "DISCREET_ENV": "demo",  # any name but dev and ci behaves as production: JSON
        "DISCREET_LEVEL": "info,sqlalchemy.engine=info,http.client=debug",
        "INVENTORY_URL": f"http://{at[1]}",
        "INVENTORY_DATABASE": f"sqlite:///{folder / 'stock.db'}",
        "PAYMENTS_URL": f"http://{at[2]}",
        # Nobody listens there: the last port was free a moment ago.
        "LEDGER_DATABASE": f"postgresql://ledger:{database_password}@{at[3]}/payments",
    }
    python = [sys.executable, "-m"]
    # No time limit for a worker, which a busy machine may delay; and no control socket in the user's home folder.
    gunicorn = [*python, "gunicorn", "--threads", "4", "--timeout", "0"]
    if hasattr(import_module("gunicorn.config"), "ControlSocket"):
        gunicorn.append("--no-control-socket")
    commands = {
        "gateway": [*python, "uvicorn", "--port", str(ports[0]), f"{_SHOP}.gateway:app"],
        "inventory": [*gunicorn, "-c", "python:discreet.auto", "--bind", at[1], f"{_SHOP}.inventory:app"],
        "payments": [*python, "discreet", "run", "--", *gunicorn, "--bind", at[2], f"{_SHOP}.payments:app"],
    }
    services: list[Service] = []
    try:
        for (name, command), port in zip(commands.items(), ports, strict=False):
            own = {**environ, "DISCREET_SERVICE": name}
            with open(folder / f"{name}.json", "wb") as out, open(folder / f"{name}.stderr", "wb") as err:
                process = subprocess.Popen(command, env=own, stdin=subprocess.DEVNULL, stdout=out, stderr=err)  # noqa: S603 - one of ours
            services.append(Service(name, port, process, folder))
        wait_until_ready(services)
        yield services
    finally:
        for service in services:  # all at once, so that none waits for another's connections
            service.process.terminate()
        for service in services:
            try:
                service.process.wait(_LIMIT)
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()


def wait_until_ready(services: Sequence[Service]) -> None:
    """Wait for every service that is still running; raise `DiscreetError` with its output as soon as one has ended."""
    deadline = time.monotonic() + _LIMIT
    while pending := [service for service in services if not service.listens()]:
        _raise_if_ended(services)
        if time.monotonic() > deadline:
            raise DiscreetError(_failure(f"the demo's {pending[0].name} is not ready after {_LIMIT:g} s", pending))
        time.sleep(0.02)


def _raise_if_ended(services: Sequence[Service]) -> None:
    ended = [service for service in services if service.ended()]
    if ended:
        raise DiscreetError(_failure(f"the demo's {ended[0].name} has ended", ended))


def _failure(problem: str, services: Sequence[Service]) -> str:
    return "\n".join([problem, *(service.output() for service in services)])


def send_requests(services: Sequence[Service], planted: Mapping[str, str]) -> list[Answer]:
    """Five real requests, each with a secret that must not be logged; the last one fails."""
    import httpx

    answers: list[Answer] = []
    bearer = {"authorization": f"Bearer {planted['bearer token']}"}
    credentials = {"user": "ada", "password": planted["password"]}
    card = planted["card number"]
    spaced = f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]}"
    small = {"customer": "ada", "items": ["tea", "cup"], "amount": 16, "card": card}
    grouped = {"customer": "bob", "items": ["pot"], "amount": 42, "card": spaced}
    large = {"customer": "eve", "items": ["tea", "pot", "cup"], "amount": 5800, "card": card}
    with httpx.Client(base_url=f"http://127.0.0.1:{services[0].port}", timeout=_LIMIT) as client:
        for what, request in (
            ("a password in the body", client.build_request("POST", "/login", json=credentials)),
            ("an API key in the URL", client.build_request("GET", "/prices", params={"api_key": planted["API key"]})),
            ("a bearer token, a card number", client.build_request("POST", "/orders", json=small, headers=bearer)),
            ("a card number in groups", client.build_request("POST", "/orders", json=grouped, headers=bearer)),
            ("a database URL in an error", client.build_request("POST", "/orders", json=large, headers=bearer)),
        ):
            try:
                response = client.send(request)
            except httpx.TransportError as error:
                _raise_if_ended(services)
                unanswered = f"{request.method} {request.url.path}: {type(error).__name__}"
                raise DiscreetError(_failure(f"the demo's gateway did not answer {unanswered}", services)) from error
            _raise_if_ended(services)
            request_id = response.headers.get("x-request-id", "")
            answers.append(Answer(what, request.method, request.url.path, response.status_code, request_id))
    return answers
