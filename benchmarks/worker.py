"""One peer in a process of its own: `worker.py PEER FILE`, then one JSON answer on stdout per line on stdin.

The first answer says how the peer started: it imports, configures, writes the first records and checks what arrived.
Each line names a case; its answer is how many nanoseconds of processor time a record took in one round.
With a third argument, a number of requests: write these and end, for a run in which system calls are counted.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import events

if TYPE_CHECKING:
    from collections.abc import Callable

ROUND_NS = 60_000_000
BATCH = 20  # requests between two looks at the clock


def main() -> None:
    name, path, *count = sys.argv[1:]
    if count:
        write_only(name, path, int(count[0]))
        return
    try:
        worker = Worker(name, Path(path))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    print(json.dumps(worker.first), flush=True)
    for line in sys.stdin:
        print(json.dumps(worker.round(line.strip())), flush=True)
    os._exit(0)  # what libraries do at exit is not measured, and not all of them do it quietly


def write_only(name: str, path: str, count: int) -> None:
    peer: Any = importlib.import_module(f"peers.{name}")
    peer.setup(path)
    peer.enabled(events.requests(0, count))
    getattr(peer, "flush", lambda: None)()
    os._exit(0)


def no_call(orders: list[events.Order]) -> None:
    for _order_id, _amount, _customer, _carrier in orders:
        pass


class Worker:
    """A configured peer and the file that it writes."""

    def __init__(self, name: str, path: Path) -> None:
        self.path = path
        self.number = 0
        bare = memory()
        began = time.perf_counter_ns()
        self.peer: Any = importlib.import_module(f"peers.{name}")
        self.peer.setup(str(path))
        self.peer.enabled(events.requests(0, 1))
        ready = time.perf_counter_ns() - began
        self.check()
        for case in self.cases():
            self.round(case)
        self.first = {
            "name": self.peer.NAME,
            "import": self.peer.IMPORT,
            "cases": self.cases(),
            "first_ms": ready / 1e6,
            "memory_mib": (memory() - bare) / 2**20,
        }

    def cases(self) -> list[str]:
        written = ["enabled", "listed", "unseen"]
        return written + [case for case in ("disabled", "failing") if hasattr(self.peer, case)]

    def round(self, case: str) -> float:
        """Nanoseconds per record."""
        writes = case in ("enabled", "listed", "unseen")
        run: Callable[[list[Any]], None] = self.peer.enabled if writes else getattr(self.peer, case)
        spent = records = 0
        while spent < ROUND_NS:
            batch: list[Any] = events.requests(self.number, BATCH, case)
            self.number += BATCH
            if not writes:
                batch = [order for request in batch for order in request.orders]
            began = time.process_time_ns()
            run(batch)
            spent += time.process_time_ns() - began
            if case == "disabled":  # a call that does nothing is not to be compared together with the loop around it
                began = time.process_time_ns()
                no_call(batch)
                spent -= time.process_time_ns() - began
            records += BATCH * events.RECORDS_PER_REQUEST
        self.written()
        return spent / records

    def written(self) -> str:
        """What arrived in the file since the last look; the file is emptied so that no disk fills."""
        getattr(self.peer, "flush", lambda: None)()
        text = self.path.read_text("utf-8")
        os.truncate(self.path, 0)
        return text

    def check(self) -> None:
        """A peer is only measured if each line of the first request really carries all nine fields."""
        (request,) = events.requests(0, 1)
        lines = self.written().splitlines()
        for case in ("listed", "unseen"):
            (other,) = events.requests(0, 1, case)
            self.peer.enabled([other])
            text = self.written()
            for order in other.orders:
                for value in (order.customer, *([order.carrier] if isinstance(order.carrier, str) else order.carrier)):
                    expect(value in text, f"{value!r} is missing", text)
        expect(len(lines) == len(request.orders), f"{len(lines)} lines for {len(request.orders)} records", lines)
        for line, order in zip(lines, request.orders, strict=True):
            found = values(line)
            for value in (*request.context.values(), *order):
                expect(str(value) in found, f"{value!r} is missing", line)
            expect(events.MESSAGE in line, "the message is missing", line)
        if hasattr(self.peer, "disabled"):
            self.peer.disabled(request.orders)
            expect(not self.written(), "a disabled call wrote something")
        self.peer.failing(request.orders[:1])
        expect("PaymentError" in self.written(), "no traceback")


def expect(truth: bool, problem: str, seen: object = "") -> None:
    if not truth:
        raise AssertionError(f"{problem}: {seen}")


def values(line: str) -> set[str]:
    """Every value in a JSON line, however deep, as text; for a line of text, whatever stands behind a `=`."""
    if not line.startswith("{"):
        return {part.rpartition(" ")[0] for part in (line + " end=").split("=")[1:]}
    found: set[str] = set()
    left: list[Any] = [json.loads(line)]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
        else:
            found.add(str(value))
    return found


def memory() -> int:
    """Resident bytes now, or at their highest where the system tells only that."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
