"""A `sys.stdout` that logs what is printed, in whatever way, makes no loop and costs no record."""

from __future__ import annotations

import json

import pytest

LOOP = """
import logging, queue, sys, threading

import discreet

logger = logging.getLogger("stdout")


class Direct:
    def write(self, text):
        for line in text.rstrip().splitlines():
            logger.info("printed: %s", line)

    def flush(self):
        pass


class Threaded(Direct):
    def __init__(self):
        self.lines = queue.Queue()
        threading.Thread(target=self.run, daemon=True).start()

    def write(self, text):
        self.lines.put(text)

    def run(self):
        while True:
            super().write(self.lines.get())
            self.lines.task_done()


class Formatted(Threaded):
    def run(self):
        while True:
            for line in self.lines.get().rstrip().splitlines():
                logger.warning(f"STDOUT {line}")
            self.lines.task_done()


sys.stdout = loop = globals()[sys.argv[1]]()
discreet.configure(format="json", service="s", environment="prod")
for number in range(3):
    logging.getLogger("shop").info("order %d", number)
if hasattr(loop, "lines"):
    loop.lines.join()
print("hello")
if hasattr(loop, "lines"):
    loop.lines.join()
sys.stderr.write(f"{len(discreet.health()['incidents'])}")
"""


@pytest.mark.parametrize("kind", ["Direct", "Threaded", "Formatted"])
def test_each_record_is_written_once_and_what_is_printed_is_one_too(python, kind):
    done = python(LOOP, kind)
    messages = [json.loads(line)["message"] for line in done.out.splitlines()]
    assert sorted(messages)[-3:] == ["order 0", "order 1", "order 2"] or messages[:3] == [
        "order 0",
        "order 1",
        "order 2",
    ]
    assert len(messages) == 4
    assert sum("hello" in message for message in messages) == 1
    assert done.err.decode().endswith("1")
