"""Programs that send their records away."""

from __future__ import annotations

import pytest

AWAY = """
import atexit, json, os, posix, signal, sys, threading, time, discreet
from discreet._delivery.export.sink import Result, ExportSink
from discreet._encoding.json import encode
class Away(ExportSink):
    def __init__(self, **options):
        super().__init__(**{"delay": 3600, **options})
    def encoder(self, redactor):
        return encode
    def send(self, batch, timeout, write=os.write, Result=Result):  # bound: at the very end globals are gone
        write(1, b"".join(batch))
        return Result(len(batch))
class Hanging(Away):
    def send(self, batch, timeout):
        threading.Event().wait()
        return Result(len(batch))
class Down(Away):
    def send(self, batch, timeout):
        raise ConnectionRefusedError(111, "refused")
def configure(*sinks, **options):
    discreet.configure(sinks=sinks, service="s", environment="prod", **options)
log = discreet.get_logger("x")
"""


@pytest.fixture
def run(python, tmp_path):
    def run(source, **options):
        environ = {"DISCREET_STATE_DIR": str(tmp_path / "state"), "PYTHONWARNINGS": "ignore"}
        return python(AWAY + source, **{**environ, **options})

    return run
