"""`discreet demo`: three real services log as one, and the proof would notice if they did not."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from discreet.cli import main
from discreet.cli.demo import command as demo
from discreet.cli.demo import proof
from discreet.cli.demo import secrets as demo_secrets
from discreet.cli.demo import services as demo_services
from discreet.cli.demo.services import Answer
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


def test_a_service_that_does_not_start_is_said(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(DiscreetError, match="gateway did not start"):
        demo_services._wait(demo_services.Service("gateway", port, process), tmp_path)


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
    claims = proof.prove(folder, ANSWERS, PLANTED)
    return [reason for claim in claims for reason in claim.against]


def test_the_proof_holds_for_good_lines(tmp_path: Path) -> None:
    assert against(tmp_path, LINE, {**LINE, "message": "bye"}) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"Traceback (most recent call last):", "gateway.json:2 is not JSON"),
        (b'{"value":NaN}', "gateway.json:2 is not JSON"),
        ({**LINE, "severity": "LOUD"}, "gateway.json:2 breaks $.severity"),
        ({**LINE, "trace_id": "c" * 32}, "request r-1 has 2 trace ids"),
        ({**LINE, "request_id": "r-2"}, "2 request ids for 1 requests"),
        ({key: value for key, value in LINE.items() if key != "request_id"}, "a trace id and no request id"),
        ({**LINE, "message": "correct horse"}, "password in gateway.json"),
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


def test_a_failed_proof_is_shown_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    against(tmp_path, *[b"no json"] * 9)
    assert demo._Show("never").proof(proof.prove(tmp_path, ANSWERS, PLANTED), tmp_path) == 1
    shown = capsys.readouterr().out
    assert "gateway.json:5 is not JSON" in shown
    assert "and 4 more" in shown


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
def test_a_secret_is_found_in_each_of_its_spellings(written: str) -> None:
    contents = {"log": f"before {written} after".encode()}
    assert demo_secrets.found({"card": SECRET}, contents) == ["card in log"]
    assert demo_secrets.found({"card": SECRET[::-1]}, contents) == []


def test_a_card_number_is_found_in_groups() -> None:
    assert demo_secrets.found({"card": "4556737586899855"}, {"log": b"4556 7375 8689 9855"}) == ["card in log"]


def test_made_up_secrets_are_new_each_time() -> None:
    first, second = demo_secrets.make_up(), demo_secrets.make_up()
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())
