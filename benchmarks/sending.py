"""One sender in a process of its own: `sending.py SENDER TARGET FOLDER`, then one JSON answer per line on stdin.

Sends one request at the start. Then answers `round` with the records that it sent, the nanoseconds of the calls, and
those of processor time that the whole process spent, all threads, from the first call until everything was sent.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any

import events

CHUNK = 100  # requests between two flushes: a thousand records fit every queue, and make two full batches of 512
CHUNKS = 4


def main() -> None:
    name, target, folder = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    try:
        sender: Any = importlib.import_module(f"senders.{name}")
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), file=answers, flush=True)
        return
    if sender.RECEIVER == "pipe":
        os.dup2(os.open(target, os.O_WRONLY), 1)
    sender.setup(target, folder)
    sender.enabled(events.requests(0, 1))
    sender.flush()
    print(json.dumps({"name": sender.NAME, "peer": sender.PEER}), file=answers, flush=True)
    number = 1
    for _ in sys.stdin:
        chunks = [events.requests(number + part * CHUNK, CHUNK) for part in range(CHUNKS)]
        number += CHUNK * CHUNKS
        print(json.dumps(_round(sender, chunks)), file=answers, flush=True)
    os._exit(0)


def _round(sender: Any, chunks: list[list[events.Request]]) -> dict[str, int]:
    calls = 0
    began = time.process_time_ns()
    for requests in chunks:
        called = time.perf_counter_ns()
        sender.enabled(requests)
        calls += time.perf_counter_ns() - called
        sender.flush()
    spent = time.process_time_ns() - began
    return {"records": len(chunks) * CHUNK * events.RECORDS_PER_REQUEST, "calls_ns": calls, "cpu_ns": spent}


if __name__ == "__main__":
    main()
