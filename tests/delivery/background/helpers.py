"""What the tests of queued and ring delivery share."""

from __future__ import annotations

import json
import os
import threading

import pytest

import discreet
from discreet._delivery.buffered.ring import ring_files
from discreet._delivery.buffered.runner import BufferedRunner
from discreet._delivery.runner import running

BOTH = pytest.mark.parametrize("delivery", ["queued", "ring"])
START = """
    import os, posix, signal, sys, threading, time, discreet
    discreet.configure(format="json", service="s", environment="prod")
    log = discreet.get_logger("x")
"""


def configure(sink, delivery, **options):
    discreet.configure(
        sinks=[sink], delivery=delivery, service="s", environment="prod", level="debug", take_over=False, **options
    )
    return discreet.get_logger("x")


def runner_in_force():
    (found,) = running.runners
    assert isinstance(found, BufferedRunner)
    return found


def health():
    (found,) = discreet.health()["sinks"]
    assert found["emitted"] == found["delivered"] + found["pending"] + sum(found["dropped"].values())
    assert found["pending"] >= 0
    return found


def numbers(lines):
    return [json.loads(line)["number"] for line in lines]


def rings(state):
    return [path for folder in (state / "ring").glob("*") for path in ring_files(folder)]


class Pipe:
    """A pipe that nobody reads until asked."""

    def __init__(self):
        self.reader, writer = os.pipe()
        self.stream = open(writer, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the pipe is

    def read_in_background(self):
        chunks = []

        def read():
            while chunk := os.read(self.reader, 1 << 16):
                chunks.append(chunk)

        thread = threading.Thread(target=read)
        thread.start()
        return chunks, thread
