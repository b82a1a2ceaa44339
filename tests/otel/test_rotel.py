"""Through a real collector: Rotel takes what we send, over HTTP and gRPC, and passes it on to a receiver of ours."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import discreet
from discreet._pipeline import pipeline_in_force
from discreet.otel import OTLP

from ..waiting import HANG, wait_for_end, wait_until
from .receiver import Receiver, attributes_of, value_of


def _agent() -> Path | None:
    spec = importlib.util.find_spec("rotel")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).with_name("rotel-agent")


def _environment() -> dict[str, str]:
    """Where the agent finds the interpreter's library, which it is linked to: not all are on the system's path."""
    folder = sysconfig.get_config_var("LIBDIR") or ""
    known = os.environ.get("LD_LIBRARY_PATH", "")
    return {**os.environ, "LD_LIBRARY_PATH": f"{folder}:{known}" if known else folder}


def _runs() -> bool:
    agent = _agent()
    if agent is None or not agent.exists():
        return False
    done = subprocess.run([agent, "start", "--help"], env=_environment(), capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(not _runs(), reason="no Rotel that runs with this interpreter")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Collector:
    """A running Rotel and its ports."""

    def __init__(self, receiver: Receiver, folder: Path) -> None:
        self._log = (folder / "rotel.txt").open("wb")
        agent = _agent()
        assert agent is not None
        environ = _environment() | {
            "ROTEL_PID_FILE": str(folder / "rotel.pid"),
            "ROTEL_EXPORTER": "otlp",
            "ROTEL_OTLP_EXPORTER_ENDPOINT": f"http://127.0.0.1:{receiver.port}",
            "ROTEL_OTLP_EXPORTER_PROTOCOL": "http",
            "ROTEL_OTLP_EXPORTER_BATCH_TIMEOUT": "50ms",
        }
        for _ in range(5):  # a port that was free may be somebody else's by now
            self.http, self.grpc = _free_port(), _free_port()
            environ["ROTEL_OTLP_HTTP_ENDPOINT"] = f"127.0.0.1:{self.http}"
            environ["ROTEL_OTLP_GRPC_ENDPOINT"] = f"127.0.0.1:{self.grpc}"
            self._process = subprocess.Popen([agent, "start"], env=environ, stdout=self._log, stderr=self._log)
            wait_until(self._settled, self._said)
            if self._process.poll() is None:
                return
        raise AssertionError(self._said())

    def _settled(self) -> bool:
        return self._process.poll() is not None or (self._listens(self.http) and self._listens(self.grpc))

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def _said(self) -> str:
        return Path(self._log.name).read_text()

    def close(self) -> None:
        self._process.terminate()
        wait_for_end(self._process, self._said)
        self._log.close()


@pytest.fixture
def collector(receiver: Receiver, tmp_path: Path) -> Iterator[Collector]:
    running = Collector(receiver, tmp_path)
    yield running
    running.close()


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_the_doctor_says_that_a_collector_took_its_record(collector, receiver, tmp_path, protocol):
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.grpc if protocol == 'grpc' else collector.http}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    done = subprocess.run(
        [sys.executable, "-m", "discreet", "doctor", "--json"],
        env={**os.environ, **variables},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    found = {check["name"].partition(" ")[0]: check for check in json.loads(done.stdout)["sinks"]}
    assert (done.returncode, found["OTLP"]["note"], done.stderr) == (0, "took a record just now", b"")
    receiver.wait_for(1)
    assert [value_of(record.body) for record in receiver.records] == ["discreet doctor tested this connection"]


@pytest.mark.parametrize(
    ("protocol", "compression"),
    [
        ("http/protobuf", "none"),
        ("http/protobuf", "gzip"),
        ("http/json", "none"),
        ("http/json", "gzip"),
        ("grpc", "none"),
        ("grpc", "gzip"),
    ],
)
def test_records_come_through_a_collector_as_they_were_made(collector, receiver, protocol, compression):
    endpoint = (
        f"http://127.0.0.1:{collector.grpc}" if protocol == "grpc" else f"http://127.0.0.1:{collector.http}/v1/logs"
    )
    sink = OTLP(endpoint, protocol=protocol, compression=compression, delay=0.05)
    discreet.configure(sinks=[sink], service="shop", environment="prod", take_over=False)
    pipeline = pipeline_in_force()
    assert pipeline is not None
    log = discreet.get_logger("shop.api")
    given: dict[str, Any] = {"n": 2**62, "part": 1.5, "yes": True, "list": [1, "a"], "map": {"a": {"b": 1}}}
    with discreet.span("charge") as span:
        log.info("order {n} placed", event_name="order.placed", **given)
        try:
            raise KeyError("account")
        except KeyError:
            log.exception("failed")
    assert sink.flush(HANG) is True
    receiver.wait_for(3)
    by_body = {value_of(record.body): (resource, scope, record) for resource, scope, record in receiver.scoped}
    resource, scope, record = by_body[f"order {2**62} placed"]
    assert attributes_of(resource)["service.name"] == "shop"
    assert scope == "shop.api"
    assert record.event_name == "order.placed"
    assert (record.trace_id.hex(), record.span_id.hex(), record.severity_number) == (span.trace_id, span.span_id, 9)
    found = attributes_of(record)
    assert {key: found[key] for key in given} == given
    assert attributes_of(by_body["failed"][2])["exception.type"] == "KeyError"
    assert by_body["charge"][2].span_id.hex() == span.span_id
