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

from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

_SHOP = "discreet.cli.demo.shop"
_PATIENCE = 30.0
"""Seconds that a service may take to start; one is normal."""

LEVELS = "info,sqlalchemy.engine=info,http.client=debug"


class Answer(NamedTuple):
    """What a request came to."""

    what: str
    method: str
    path: str
    status: int
    request_id: str


class Service(NamedTuple):
    """A running service."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(folder: Path, planted: Mapping[str, str]) -> Generator[Service]:
    """All three services, ready; gives the gateway. Each writes stdout to NAME.json and stderr to NAME.stderr."""
    ports = _free_ports(4)
    at = [f"127.0.0.1:{port}" for port in ports]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DISCREET_", "OTEL_"))}
    environ = {
        **inherited,
        "DISCREET_ENV": "demo",  # a name of its own, which behaves as production: JSON
        "DISCREET_LEVEL": LEVELS,
        "INVENTORY_URL": f"http://{at[1]}",
        "INVENTORY_DATABASE": f"sqlite:///{folder / 'stock.db'}",
        "PAYMENTS_URL": f"http://{at[2]}",
        # Nobody listens there: the last port was free a moment ago.
        "LEDGER_DATABASE": f"postgresql://ledger:{planted['database password']}@{at[3]}/payments",
    }
    python = [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "--threads", "4", *_gunicorn_options()]
    commands = {
        "gateway": [*python, "uvicorn", "--port", str(ports[0]), f"{_SHOP}.gateway:app"],
        "inventory": [*gunicorn, "-c", "python:discreet.auto", "--bind", at[1], f"{_SHOP}.inventory:app"],
        "payments": [*python, "discreet", "run", "--", *gunicorn, "--bind", at[2], f"{_SHOP}.payments:app"],
    }
    with ExitStack() as stack:
        services = [
            stack.enter_context(_started(Service, name, port, command, {**environ, "DISCREET_SERVICE": name}, folder))
            for (name, command), port in zip(commands.items(), ports, strict=False)
        ]
        stack.callback(_terminate, services)  # all at once, so that none waits for another's connections
        for service in services:
            _wait(service, folder)
        yield services[0]


def _gunicorn_options() -> list[str]:
    """Newer versions keep a control socket in the home folder, where the demo has no business."""
    config = import_module("gunicorn.config")
    return ["--no-control-socket"] if hasattr(config, "ControlSocket") else []


def _terminate(services: list[Service]) -> None:
    for service in services:
        service.process.terminate()


@contextmanager
def _started(
    make: type[Service], name: str, port: int, command: list[str], environ: Mapping[str, str], folder: Path
) -> Generator[Service]:
    with (folder / f"{name}.json").open("wb") as out, (folder / f"{name}.stderr").open("wb") as err:
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err)  # noqa: S603 - ours
    try:
        yield make(name, port, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(service: Service, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", service.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise DiscreetError(f"the demo's {service.name} did not start. What it said is in {folder}/{service.name}.*")


def _free_ports(number: int) -> list[int]:
    """Ports of the loopback interface that nobody uses; all are held until all are found."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [held.getsockname()[1] for held in sockets]


def send_requests(gateway: Service, planted: Mapping[str, str]) -> list[Answer]:
    """Five real requests, each with something that must not be logged; the last one fails."""
    import httpx

    answers: list[Answer] = []
    bearer = {"authorization": f"Bearer {planted['bearer token']}"}
    credentials = {"user": "ada", "password": planted["password"]}
    card = planted["card number"]
    small = {"customer": "ada", "items": ["tea", "cup"], "amount": 16, "card": card}
    spaced = {
        "customer": "bob",
        "items": ["pot"],
        "amount": 42,
        "card": f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]}",
    }
    large = {"customer": "eve", "items": ["tea", "pot", "cup"], "amount": 5800, "card": card}
    with httpx.Client(base_url=gateway.url, timeout=_PATIENCE) as client:
        for what, request in (
            ("a password in the body", client.build_request("POST", "/login", json=credentials)),
            ("an API key in the URL", client.build_request("GET", "/prices", params={"api_key": planted["API key"]})),
            ("a bearer token, a card number", client.build_request("POST", "/orders", json=small, headers=bearer)),
            ("a card number in groups", client.build_request("POST", "/orders", json=spaced, headers=bearer)),
            ("a database URL in an error", client.build_request("POST", "/orders", json=large, headers=bearer)),
        ):
            response = client.send(request)
            request_id = response.headers.get("x-request-id", "")
            answers.append(Answer(what, request.method, request.url.path, response.status_code, request_id))
    return answers
