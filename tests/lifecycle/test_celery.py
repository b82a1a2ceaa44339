"""A real Celery worker with children (prefork), over a broker that is a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..otel.receiver import Receiver, attributes_of, receiving
from ..waiting import NEVER, run, wait_for_end, wait_until

pytestmark = pytest.mark.version_sensitive

if sys.platform == "win32":
    pytest.skip("Celery forks its workers", allow_module_level=True)

COUNT = 40
SHOP = """
import discreet
from celery import Celery
discreet.configure(service="shop", environment="prod", format="json")
app = Celery("shop", broker="filesystem://", backend="cache+memory://")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}
app.conf.worker_hijack_root_logger = False
log = discreet.get_logger("shop")
@app.task
def pay(order):
    log.info("paid", order=order)
    print("result for", order)
"""
ASK = f"""
from shop import pay
for order in range({COUNT}): pay.delay(order)
"""


def work(place: Path, receiver: Receiver) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Let two children do all the work, end the worker by SIGTERM, and give what is in its file and on its stdout."""
    (place / "shop.py").write_text(SHOP)
    (place / "queue").mkdir()
    python = (sys.executable, "-W", "ignore")
    environ = {**os.environ, "PYTHONPATH": str(place), "DISCREET_STREAM": "none", "DISCREET_EXIT_TIMEOUT": NEVER}
    asked = run([*python, "-c", ASK], cwd=place, env=environ)
    assert asked.returncode == 0, asked.stderr
    environ |= {
        "DISCREET_DELIVERY": "queued",
        "DISCREET_STREAM": "stdout",
        "DISCREET_FILE": str(place / "app.log"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url.removesuffix("/v1/logs"),
    }
    command = ["celery", "-A", "shop", "worker", "--concurrency=2", "--pool=prefork", "--without-mingle"]
    with (place / "out").open("wb") as out:
        worker = subprocess.Popen([*python, "-m", *command], cwd=place, env=environ, stdout=out, stderr=out)
        said = (place / "out").read_text
        wait_until(lambda: not any((place / "queue").iterdir()) or worker.poll() is not None, said)
        worker.send_signal(signal.SIGTERM)  # its warm shutdown: children end their tasks, and then themselves
        assert wait_for_end(worker, said) == 0, said()
    written = (place / "app.log").read_text().splitlines()
    printed = [line for line in (place / "out").read_text().splitlines() if line.startswith("{")]
    return [json.loads(line) for line in written], [json.loads(line) for line in printed]


def test_every_record_of_a_child_arrives_everywhere_once(tmp_path: Path) -> None:
    with receiving() as receiver:
        written, printed = work(tmp_path, receiver)
        sent = [attributes_of(record).get("order") for record in receiver.records if record.body.string_value == "paid"]
    paid = [record["order"] for record in written if record["message"] == "paid"]
    assert sorted(paid) == sorted(sent) == list(range(COUNT))
    # Celery puts something in the place of sys.stdout that logs what is printed: our lines must not come back that way.
    assert sorted(record["order"] for record in printed if record["message"] == "paid") == list(range(COUNT))
    assert len(printed) == len(written)
    prints = {record["message"] for record in written if record["logger"] == "celery.redirected"}
    assert {str(order) for order in range(COUNT)} <= prints  # one record for each argument of `print`: Celery's way
