"""`discreet demo`: three real services under real servers, logging as one; then the proof that nothing leaked."""

from __future__ import annotations

import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._base.diagnostics import shortened
from discreet._base.escape import escape
from discreet._encoding.console.line import ConsoleEncoder
from discreet._testing import leaks, made_up
from discreet.cli.inputs import parse_line
from discreet.cli.options import add_color
from discreet.cli.schema import SCHEMA
from discreet.cli.terminal import Page
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterable, Mapping, Sequence

_NEEDED = ("fastapi", "flask", "gunicorn", "httpx", "jsonschema", "sqlalchemy", "uvicorn")
_MOST_REASONS = 5

DESCRIPTION = """\
Start three services on this machine: FastAPI under uvicorn, Flask under gunicorn, and one that knows nothing of
discreet, under `discreet run`. Send them five requests with made-up secrets, one of which fails. Then show what was
logged as the console shows it, the failed request as a tree, and the proof: every line is valid, each request has one
trace, and no secret was written. Exits with 1 if a proof fails. Takes a few seconds.
"""
EPILOG = ""
_SERVICES = """\
  gateway     FastAPI under uvicorn        from discreet import log
  inventory   Flask under gunicorn         SQLAlchemy on SQLite, a thread pool
  payments    Flask under gunicorn         knows only logging: discreet run -- gunicorn ..."""

_SHOP = "discreet.cli.demo.shop"
_LIMIT = 600.0
"""Seconds for any one step. Only a service that hangs needs so long, however busy the machine is."""
_TAIL = 10  # lines of a file that are shown if a service fails


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to keep the logs."""
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="a new folder for the logs (default: one in the temporary folder)"
    )
    add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the services, show what they logged, prove what it promises."""
    from discreet.cli import main

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise DiscreetError(f'the demo needs {", ".join(missing)}. Install it with: pip install "discreet[demo]"')
    folder = _folder(arguments.out)
    planted = {
        "bearer token": made_up("bearer-token"),
        "password": made_up("password"),
        "API key": made_up("api-key"),
        "card number": made_up("payment-card"),
        "database password": made_up("secret"),
    }
    page = Page(arguments.color)
    _heading(page, "Three services")
    print(_SERVICES, flush=True)
    with running(folder, planted["database password"]) as started:
        answers = send_requests(started, planted)
    _heading(page, "Five requests, each with a secret in it")
    for answer in answers:
        status = page.paint(str(answer.status), "bad" if answer.status >= 500 else "good")
        print(f"  {status}  {answer.method:<4} {answer.path:<8}  {page.paint(answer.what, 'quiet')}")
    files = [str(path) for path in sorted(folder.glob("*.json"))]
    _heading(page, f"$ discreet pretty {folder}/*.json")
    main(["pretty", "--color", arguments.color, *files])
    failed = next((answer.request_id for answer in answers if answer.status >= 500), "")
    _heading(page, f"$ discreet trace {failed[:8]} {folder}/*.json")
    drawn = main(["trace", "--color", arguments.color, failed, *files])
    _heading(page, "Proof")
    claims = prove(folder, answers, planted)
    for claim in claims:
        print(f"  {page.mark(ok=not claim.against)} {claim.text}")
        for reason in shortened(claim.against, _MOST_REASONS):
            print(f"      {page.paint(reason, 'bad')}")
    print(f"\n  The lines themselves: {folder}/*.json")
    return 1 if any(claim.against for claim in claims) else drawn


def _folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="discreet-demo-"))
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise DiscreetError(f"{wanted} is not empty. Name a new folder for the demo's logs")
    return wanted.resolve()


def _heading(page: Page, text: str) -> None:
    line = page.rule * max(3, min(100, page.width) - len(text) - 4)
    quiet = (page.paint(page.rule * 2, "quiet"), page.paint(line, "quiet"))
    print(f"\n{quiet[0]} {page.paint(text, 'message')} {quiet[1]}\n", flush=True)


class Claim(NamedTuple):
    """A statement that must be true, and the counter-examples that were found."""

    text: str
    against: list[str]


def prove(folder: Path, answers: Sequence[Answer], planted: Mapping[str, str]) -> list[Claim]:
    """Everything that the demo promises."""
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    records, broken = _valid(contents)
    size = sum(map(len, contents.values()))
    found = sorted({f"{leak.what} in {leak.place}" for leak in leaks(contents, planted, any_secret=False)})
    printed = {name: len(content) for name, content in contents.items() if name.endswith(".stderr") and content}
    return [
        Claim(f"{len(records)} lines of 3 services, each valid against the schema", broken),
        _one_trace(records, answers),
        Claim(
            f"{len(planted)} planted secrets, none in {size:,} bytes of {len(contents)} files (plain, encoded, base64)",
            found,
        ),
        Claim(
            "nothing printed but records: no traceback, no line in a server's own format",
            [f"{name} has {length} bytes" for name, length in printed.items()],
        ),
    ]


def _valid(contents: Mapping[str, bytes]) -> tuple[list[dict[str, Any]], list[str]]:
    from jsonschema import Draft202012Validator

    validator: Any = Draft202012Validator(json.loads(pkgutil.get_data(*SCHEMA) or b""))
    records: list[dict[str, Any]] = []
    broken: list[str] = []
    for name, content in contents.items():
        if not name.endswith(".json"):
            continue
        for number, line in enumerate(content.splitlines(), 1):
            try:
                record = json.loads(line, parse_constant=int)  # which refuses NaN and Infinity
            except ValueError:
                broken.append(f"{name}:{number} is not JSON")
                continue
            # Only the place in the line is named, not the value: an invalid line may contain anything.
            broken += [f"{name}:{number} breaks {error.json_path}" for error in validator.iter_errors(record)]
            records.append(record)
    return records, broken


def _one_trace(records: Iterable[Mapping[str, Any]], answers: Sequence[Answer]) -> Claim:
    traces: dict[str, set[str]] = {answer.request_id: set() for answer in answers}
    processes: set[int] = set()
    against: list[str] = []
    for record in records:
        if "request_id" in record:
            traces.setdefault(record["request_id"], set()).add(record.get("trace_id", "none"))
            processes.add(record["process"])
        elif "trace_id" in record:
            against.append("a record has a trace id and no request id")
        elif record.get("thread", "").startswith("ThreadPoolExecutor"):
            against.append("a record made on a thread pool has lost its request")
    against += [f"request {request} has {len(ids)} trace ids" for request, ids in traces.items() if len(ids) != 1]
    if len(traces) != len(answers):
        against.append(f"{len(traces)} request ids for {len(answers)} requests")
    if len({trace for ids in traces.values() for trace in ids}) != len(answers):
        against.append("requests share a trace id")
    return Claim(f"{len(answers)} requests, one trace id for each across {len(processes)} processes", against)


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

    def listens(self) -> bool:
        """Whether it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def output(self) -> str:
        """The last lines that it wrote, and how it ended if it did."""
        code = self.process.poll()
        status = "still running" if code is None else f"exit code {code}"
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
    ended = [service for service in services if service.process.poll() is not None]
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
