"""gunicorn with `--preload`: configured in the parent, served by forked workers, each of which delivers its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ..otel.receiver import attributes_of, receiving
from ..waiting import HANG, NEVER, wait_for_end

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn forks its workers"),
]

COUNT = 30
SHOP = """
import os
import discreet
discreet.configure(service="shop", environment="prod", format="json")
log = discreet.get_logger("shop")
log.info("loaded", process=os.getpid())
def app(environ, start_response):
    log.info("served", number=environ["QUERY_STRING"])
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"ok"]
"""


@pytest.mark.parametrize("delivery", ["direct", "queued", "ring"])
def test_every_record_of_parent_and_workers_arrives_everywhere_once(tmp_path: Path, delivery: str) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    with receiving() as receiver:
        environ = {
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "DISCREET_DELIVERY": delivery,
            "DISCREET_EXIT_TIMEOUT": NEVER,
            "DISCREET_STATE_DIR": str(tmp_path / "state"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url.removesuffix("/v1/logs"),
        }
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--preload",
                "--workers=2",
                "--timeout=0",
                "--graceful-timeout=3600",
                "--bind=127.0.0.1:0",
                "shop:app",
            ],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert server.stdout is not None
        with server.stdout:
            lines: list[str] = []
            for line in server.stdout:
                lines.append(line)
                found = re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", line)
                if found:
                    break
            for number in range(COUNT):
                with urllib.request.urlopen(f"{found and found[1]}/?{number}", timeout=HANG) as answer:
                    assert answer.status == 200
            server.send_signal(signal.SIGTERM)
            lines += server.stdout.readlines()
            assert wait_for_end(server, lambda: lines) == 0
        sent = [record.body.string_value for record in receiver.records]
        numbers = [attributes_of(record).get("number") for record in receiver.records]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert sorted(int(record["number"]) for record in records if record["message"] == "served") == list(range(COUNT))
    assert sorted(int(str(number)) for number in numbers if number is not None) == list(range(COUNT))
    assert sorted(record["message"] for record in records) == sorted(sent)
    assert sent.count("loaded") == 1
    assert not list((tmp_path / "state").rglob("*.ring"))
