"""`discreet doctor`: whether remote sinks' receivers take a record, asked of real receivers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..azure_monitor.ingestion_server import KEY, serving
from ..azure_monitor.ingestion_server import Answer as AzureAnswer
from ..otel import certificates
from ..otel.receiver import Answer, Receiver, receiving, value_of
from .conftest import Cli

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT"
AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
TOKEN = "tk" + "-" + "q7w9" * 6
SECRETS = {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}"}

Doctor = Callable[..., dict[str, Any]]


@pytest.fixture
def doctor(cli: Cli, environ: dict[str, str], tmp_path: Path) -> Doctor:
    """The check of the remote sink, with the exit code; that no secret is in either form is part of every test."""

    def examine(*arguments: str, **variables: str) -> dict[str, Any]:
        env = {**environ, "DISCREET_STATE_DIR": str(tmp_path / "state"), **SECRETS, **variables}
        done = cli("doctor", "--json", *arguments, env=env)
        for secret in (TOKEN, KEY):
            assert secret not in done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["ok"] else 1)
        assert [path.name for path in tmp_path.iterdir() if path.suffix != ".pem"] in ([], ["state"])
        remote = [check for check in report.get("sinks", []) if check["name"] != "stdout"]
        return {**(remote[0] if remote else {}), "code": done.returncode, "report": report}

    return examine


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def base(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/v1/logs")


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield int(probe.getsockname()[1])


def test_a_receiver_that_takes_a_record_is_well(doctor: Doctor, receiver: Receiver) -> None:
    found = doctor(**{ENDPOINT: base(receiver)})
    assert (found["code"], found["note"], found["remedy"]) == (0, "took a record just now", "")
    assert [value_of(record.body) for record in receiver.records] == ["discreet doctor tested this connection"]
    assert receiver.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_what_libraries_log_during_the_test_is_neither_printed_nor_sent(doctor: Doctor, receiver: Receiver) -> None:
    doctor(**{ENDPOINT: base(receiver), "DISCREET_LEVEL": "trace"})
    assert len(receiver.records) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (401, "OTEL_EXPORTER_OTLP_HEADERS"),
        (403, "what that key may do"),
        (404, "/v1/logs appended"),
        (413, "Raise its limit"),
        (418, "Look into its logs"),
        (429, "sent again"),
        (500, "Look into its logs"),
    ],
)
def test_an_answer_that_is_no_yes_is_shown_with_the_remedy(
    doctor: Doctor, receiver: Receiver, status: int, remedy: str
) -> None:
    receiver.answer = Answer(status)
    found = doctor(**{ENDPOINT: base(receiver)})
    assert found["note"].startswith(f"HTTP {status}: ")
    assert remedy in found["remedy"]


def test_a_receiver_that_refuses_the_record_is_wrong(doctor: Doctor, receiver: Receiver) -> None:
    receiver.answer = Answer(rejected=1, message=f"no tenant for {TOKEN}")
    assert doctor(**{ENDPOINT: base(receiver)})["remedy"] == "Check its limits"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_where_nobody_listens_the_receiver_is_to_be_started(doctor: Doctor, closed_port: int, protocol: str) -> None:
    found = doctor(**{ENDPOINT: f"http://127.0.0.1:{closed_port}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
    assert found["code"] == 1
    assert found["note"].startswith("gRPC UNAVAILABLE" if protocol == "grpc" else "ECONNREFUSED")
    assert "Start the receiver" in found["remedy"]


def test_a_receiver_that_hangs_is_given_up(doctor: Doctor, receiver: Receiver) -> None:
    receiver.answer = Answer(hang=True)
    found = doctor(**{ENDPOINT: base(receiver), TIMEOUT: "300"})
    assert (found["code"], found["note"]) == (1, "timeout: no answer in time")
    assert "firewalls" in found["remedy"]


def test_two_receivers_are_tested_at_once(doctor: Doctor, receiver: Receiver) -> None:
    receiver.answer = Answer(hang=True)
    with serving() as azure:
        report = doctor(**{ENDPOINT: base(receiver), TIMEOUT: "300", AZURE: azure.connection_string})["report"]
    assert [check["ok"] for check in report["sinks"]] == [True, False, True]


def test_a_certificate_that_is_not_trusted_is_said(doctor: Doctor, tmp_path: Path) -> None:
    files = certificates.make(tmp_path)
    with receiving(files) as receiver:
        found = doctor(**{ENDPOINT: base(receiver)})
        assert (found["code"], found["note"].partition(":")[0]) == (1, "SSLCertVerificationError")
        assert "OTEL_EXPORTER_OTLP_CERTIFICATE" in found["remedy"]
        assert doctor(**{ENDPOINT: base(receiver), "OTEL_EXPORTER_OTLP_CERTIFICATE": files.authority})["code"] == 0


def test_a_receiver_that_wants_tls_is_said(doctor: Doctor, tmp_path: Path) -> None:
    with receiving(certificates.make(tmp_path)) as receiver:
        found = doctor(**{ENDPOINT: base(receiver).replace("https:", "http:")})
    assert found["code"] == 1
    assert "https://" in found["remedy"]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_no_word_of_a_library_comes_beside_the_report(
    cli: Cli, environ: dict[str, str], tmp_path: Path, protocol: str
) -> None:
    with receiving(certificates.make(tmp_path)) as receiver:
        env = {**environ, ENDPOINT: base(receiver), "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "DISCREET_LEVEL": "debug"}
        done = cli("doctor", env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("discreet ")


def test_an_endpoint_that_is_no_url_is_named_by_its_variable(doctor: Doctor) -> None:
    report = doctor(**{ENDPOINT: "localhost:4318"})["report"]
    assert report["problem"].startswith(f"{ENDPOINT}='localhost:4318': ")
    assert "http://host:4318" in report["problem"]


def test_a_password_in_the_endpoint_is_not_shown(doctor: Doctor, receiver: Receiver) -> None:
    url = base(receiver).replace("//", f"//me:{TOKEN}@") + f"?key={TOKEN}"
    assert doctor(**{ENDPOINT: url})["code"] == 0


def test_offline_nothing_is_sent(doctor: Doctor, receiver: Receiver) -> None:
    found = doctor("--offline", **{ENDPOINT: base(receiver)})
    assert (found["code"], found["note"]) == (0, "not tested (--offline)")
    assert (receiver.connections, receiver.records) == (0, [])


def test_application_insights_that_takes_a_record_is_well(doctor: Doctor) -> None:
    with serving() as azure:
        assert doctor(**{AZURE: azure.connection_string})["note"] == "took a record just now"
        assert azure.named("discreet doctor tested this connection")


def test_a_wrong_instrumentation_key_is_said(doctor: Doctor) -> None:
    with serving() as azure:
        found = doctor(**{AZURE: azure.connection_string.replace(KEY, KEY[:-2] + "bb")})
    assert found["code"] == 1
    assert "instrumentation key was refused" in found["note"]
    assert "connection string again" in found["remedy"]


@pytest.mark.parametrize(
    ("answer", "note"),
    [(AzureAnswer(403), "HTTP 403: the identity may not write there"), (AzureAnswer(drop=True), "cannot be reached")],
)
def test_what_application_insights_does_not_take_is_shown_with_the_remedy(
    doctor: Doctor, answer: AzureAnswer, note: str
) -> None:
    with serving() as azure:
        azure.script.append(answer)
        found = doctor(**{AZURE: azure.connection_string})
    assert found["code"] == 1
    assert found["note"].startswith(note)
    assert found["remedy"]


def test_a_connection_string_that_is_none_is_not_shown(doctor: Doctor) -> None:
    report = doctor(**{AZURE: f"nonsense {TOKEN}"})["report"]
    assert "part 1 has no `=`" in report["problem"]


@pytest.mark.parametrize(("variable", "extra"), [(ENDPOINT, "otel"), (AZURE, "azure")])
def test_a_missing_extra_is_wrong_and_says_what_to_install(
    environ: dict[str, str], tmp_path: Path, variable: str, extra: str
) -> None:
    source = str(Path(__file__).parents[2] / "src")
    value = "http://127.0.0.1:9" if extra == "otel" else f"InstrumentationKey={KEY}"
    done = subprocess.run(
        [sys.executable, "-S", "-m", "discreet", "doctor"],  # -S: without what is installed here
        env={**environ, "PYTHONPATH": source, "DISCREET_STATE_DIR": str(tmp_path), variable: value},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert f"✗ {variable} is set, but nothing is sent there" in done.stdout
    assert f'pip install "discreet[{extra}]"' in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals there")
def test_on_a_narrow_terminal_the_remedy_is_wrapped(environ: dict[str, str], tmp_path: Path, closed_port: int) -> None:
    import pty

    screen, terminal = pty.openpty()
    endpoint = f"http://127.0.0.1:{closed_port}"
    env = {**environ, "COLUMNS": "60", "NO_COLOR": "1", "DISCREET_STATE_DIR": str(tmp_path), ENDPOINT: endpoint}
    with subprocess.Popen(
        [sys.executable, "-m", "discreet", "doctor"], stdout=terminal, stderr=terminal, env=env, cwd=tmp_path
    ) as process:
        os.close(terminal)
        text = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while part := os.read(screen, 1 << 16):
                text += part
    os.close(screen)
    lines = text.decode().replace("\r", "").split("\n")
    start = lines.index(f"  ✗ OTLP {endpoint}/v1/logs") + 1
    shown = lines[start : lines.index("", start)]
    assert process.returncode == 1
    assert all(len(line) <= 60 and line.startswith("    ") for line in shown)
    assert " ".join(map(str.strip, shown)).endswith("(port 4318 is for HTTP, 4317 for gRPC)")
