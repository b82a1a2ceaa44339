"""`discreet demo`: three real services log as one, and the proof would notice if they did not."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from discreet.cli import main
from discreet.cli.demo import command as demo
from discreet.cli.demo.command import Answer, Service, wait_until_ready
from discreet.errors import DiscreetError

from .conftest import Cli

needs_gunicorn = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX")


@needs_gunicorn
def test_three_services_log_as_one_and_the_proof_holds(cli: Cli, tmp_path: Path) -> None:
    done = cli("demo", "--out", "logs")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("✓") == 4
    assert "✗" not in done.stdout
    # the console view: each of the three, and libraries that know only `logging`
    for logger in ("gunicorn.error", "uvicorn.error", "httpx", "s.engine.Engine", "payments"):
        assert f" {logger} " in done.stdout
    # the failing request, through all three
    trace = done.stdout.partition("discreet trace")[2]
    for part in (
        "POST /orders  500",
        "POST /reservations  500",
        "POST /charges  500",
        "LedgerError: cannot connect to",
    ):
        assert part in trace
    assert "[REDACTED:url-password]" in trace
    kinds = ("password", "api-key", "payment-card", "bearer-token", "url-password")
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "logs").glob("*.json"))
    assert [kind for kind in kinds if f"[REDACTED:{kind}" not in written] == []
    # nobody was left running, and a second run does not mix its logs with these
    again = cli("demo", "--out", "logs")
    assert again.returncode == 1
    assert "is not empty" in again.stderr


@needs_gunicorn
def test_the_gateway_alone_answers_and_fails_with_ids(environ: dict[str, str]) -> None:
    code = """
import asyncio, httpx
from discreet.cli.demo.shop.gateway import app

async def main():
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        await client.post("/login", json={"user": "ada", "password": "s3cr3t-s3cr3t"})
        failed = await client.post("/orders", json={"customer": "ada", "items": []})
        assert failed.status_code == 500 and failed.headers["x-request-id"]
        await client.get("/prices", params={"api_key": "s3cr3t-s3cr3t"})

asyncio.run(main())
"""
    with socket.create_server(("127.0.0.1", 0)) as held:
        away = f"http://127.0.0.1:{held.getsockname()[1]}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**environ, "INVENTORY_URL": away},
    )
    assert (done.returncode, done.stderr) == (0, "")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["span"] for r in records if "span" in r] == ["POST /login", "POST /orders", "GET /prices"]
    assert "s3cr3t" not in done.stdout


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[[str], Service]]:
    """Start a service that runs this code, with a port to listen at as its argument."""
    started: list[Service] = []

    def start(code: str) -> Service:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        with (tmp_path / "gateway.json").open("wb") as out, (tmp_path / "gateway.stderr").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-c", code, str(port)], stdin=subprocess.PIPE, stdout=out, stderr=err
            )
        started.append(Service("gateway", port, process, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_a_service_that_ends_is_shown_at_once_with_the_last_lines_it_wrote(
    service: Callable[[str], Service],
) -> None:
    code = "import sys; print(*range(99), sep='\\n'); sys.exit('no such \\x1b[31mmodule')"
    with pytest.raises(DiscreetError) as failed:
        wait_until_ready([service(code)])
    message = str(failed.value)
    assert message.startswith("the demo's gateway has ended\ngateway (exit code 1) wrote:\n")
    assert "    no such \\x1b[31mmodule\n" in message
    assert "gateway.json, the last 10 of 99 lines\n    89\n" in message
    assert message.endswith("\n    98")


def test_a_service_that_is_slow_to_listen_is_waited_for(service: Callable[[str], Service]) -> None:
    code = "import socket, sys; server = socket.create_server(('127.0.0.1', int(sys.argv[1]))); input()"
    wait_until_ready([service(code)])


def test_a_service_that_hangs_is_given_up_with_what_it_wrote(
    service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discreet.cli.demo.command._LIMIT", 0.1)
    with pytest.raises(DiscreetError, match=r"gateway is not ready after 0.1 s\ngateway \(still running\) wrote:"):
        wait_until_ready([service("input()")])


def test_missing_libraries_are_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None if name in ("flask", "uvicorn") else name)
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == (
        'discreet: the demo needs flask, uvicorn. Install it with: pip install "discreet[demo]"\n'
    )


LINE = {
    "timestamp": "2024-05-01T10:00:00.000000Z",
    "severity": "INFO",
    "severity_number": 9,
    "message": "hello",
    "logger": "app",
    "trace_id": "a" * 32,
    "span_id": "b" * 16,
    "request_id": "r-1",
    "process": 7,
    "schema": "discreet/1",
}
ANSWERS = [Answer("a secret", "GET", "/", 200, "r-1")]
PLANTED = {"password": "correct horse"}


def against(folder: Path, *lines: dict[str, object] | bytes, stderr: bytes = b"") -> list[str]:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / "gateway.json").write_bytes(b"\n".join(texts))
    (folder / "gateway.stderr").write_bytes(stderr)
    claims = demo.prove(folder, ANSWERS, PLANTED)
    return [reason for claim in claims for reason in claim.against]


def test_the_proof_holds_for_good_lines(tmp_path: Path) -> None:
    assert against(tmp_path, LINE, {**LINE, "message": "bye"}) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"Traceback (most recent call last):", "gateway.json:2 is not JSON"),
        (b'{"value":NaN}', "gateway.json:2 is not JSON"),
        ({**LINE, "severity": "TOO LOUD"}, "gateway.json:2 breaks $.severity"),
        ({**LINE, "trace_id": "c" * 32}, "request r-1 has 2 trace ids"),
        ({**LINE, "request_id": "r-2"}, "2 request ids for 1 requests"),
        ({key: value for key, value in LINE.items() if key != "request_id"}, "a trace id and no request id"),
        ({**LINE, "message": "correct horse"}, "password (in clear) in gateway.json"),
    ],
)
def test_the_proof_fails_for_a_bad_line(tmp_path: Path, line: dict[str, object] | bytes, reason: str) -> None:
    reasons = against(tmp_path, LINE, line)
    assert any(reason in found for found in reasons)
    assert not any(PLANTED["password"] in found for found in reasons)


def test_the_proof_fails_for_anything_printed(tmp_path: Path) -> None:
    assert against(tmp_path, LINE, stderr=b"oops") == ["gateway.stderr has 4 bytes"]


def test_the_proof_fails_if_a_pool_lost_the_request(tmp_path: Path) -> None:
    lost = {key: LINE[key] for key in LINE.keys() - {"request_id", "trace_id", "span_id"}}
    reasons = against(tmp_path, LINE, {**lost, "thread": "ThreadPoolExecutor-0_1"})
    assert reasons == ["a record made on a thread pool has lost its request"]


@pytest.mark.parametrize(("bad_lines", "exit_code"), [(0, 0), (9, 1)])
def test_a_failed_proof_is_shown_with_its_first_reasons_and_ends_with_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bad_lines: int,
    exit_code: int,
) -> None:
    @contextmanager
    def running(folder: Path, _password: str) -> Iterator[list[Service]]:
        line = json.dumps({**LINE, "request_id": "request-1"}).encode()
        (folder / "gateway.json").write_bytes(b"\n".join([line, *[b"no json"] * bad_lines]))
        yield []

    monkeypatch.setattr(demo, "find_spec", str)
    monkeypatch.setattr(demo, "running", running)
    answers = [Answer("a secret", "GET", "/", 500, "request-1")]
    monkeypatch.setattr(demo, "send_requests", lambda *_: answers)
    assert main(["demo", "--color", "never", "--out", str(tmp_path / "logs")]) == exit_code
    shown = capsys.readouterr().out
    assert ("gateway.json:6 is not JSON" in shown) == bool(bad_lines)
    assert ("gateway.json:7 is not JSON" in shown) is False
    assert ("and 4 more" in shown) == bool(bad_lines)


SECRET = "4556 7375/8689+9855=abc"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        SECRET.encode().hex(),
        *(base64.b64encode(b"x" * before + SECRET.encode() + b"and more").decode() for before in range(4)),
        *(base64.urlsafe_b64encode(b"x" * before + SECRET.encode()).decode() for before in range(4)),
    ],
)
def test_the_proof_fails_for_a_secret_in_each_of_its_spellings(tmp_path: Path, written: str) -> None:
    (tmp_path / "stock.db").write_text(f"before {written} after")
    assert [reason.partition(" (")[0] for reason in leaked(tmp_path, SECRET)] == ["card"]
    assert leaked(tmp_path, SECRET[::-1]) == []


def test_the_proof_fails_for_a_card_number_in_groups(tmp_path: Path) -> None:
    (tmp_path / "stock.db").write_bytes(b"4556 7375 8689 9855")
    assert leaked(tmp_path, "4556737586899855") == ["card (in groups of four) in stock.db"]


def leaked(folder: Path, secret: str) -> Sequence[str]:
    claims = demo.prove(folder, ANSWERS, {"card": secret})
    return next(claim.against for claim in claims if "planted" in claim.text)
