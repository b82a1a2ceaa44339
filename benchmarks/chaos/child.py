"""The application under test: logs as it is told, and ends as it is told.

python -m chaos.child PLAN      # a Plan as JSON
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from chaos.tally import Tally

_FORKS, _PER_FORK, _THREADS = 24, 20, 3
_FORK_DEADLINE = 10.0  # seconds: a child of the storm that takes longer hangs; times the plan's `patience`
_BREATH = 20  # records between pauses
_PAUSE = 0.001  # seconds


class Application:
    """`plan` says which peer logs, with which options, and in which steps the application lives and dies."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.slot: int = plan["slot"]
        self.tally = Tally(Path(plan["tally"]))
        self.numbers: dict[int, int] = {}
        self.statistics: Any = None
        atexit.register(self.write_statistics)  # before any peer registers: it runs last, when all is said and done
        if plan.get("handler"):
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if plan.get("file_bytes"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (plan["file_bytes"], plan["file_bytes"]))
        self.peer = importlib.import_module(f"chaos.peers.{plan['peer']}")
        self.peer.begin(plan["options"])

    def run(self) -> None:
        for step, *arguments in self.plan["steps"]:
            getattr(self, step)(*arguments)
        self.tally.end(self.slot)

    def write_statistics(self) -> None:
        """What the peer says became of the records, where it lives to say it."""
        found = self.peer.statistics()
        if found is not None:
            path = Path(self.plan["statistics"]) / f"{self.slot}-{os.getpid()}.json"
            path.write_text(json.dumps(found), "utf-8")

    # --- steps

    def burst(self, count: int) -> None:
        """Log as fast as it goes."""
        self.log(count, pause=0.0)

    def log(self, count: int, slot: int | None = None, pause: float = _PAUSE) -> None:
        """Log at a pace that background threads can keep."""
        slot = self.slot if slot is None else slot
        start = self.numbers.get(slot, 0)
        self.numbers[slot] = start + count
        call, log = self.tally.call, self.peer.log
        for number in range(start, start + count):
            call(slot, log, number)
            if pause and number % _BREATH == _BREATH - 1:
                time.sleep(pause)

    def wait(self) -> None:
        """Until the experiment says so."""
        os.read(0, 1)

    def flush(self, timeout: float) -> None:
        self.peer.flush(timeout)

    def storm(self) -> None:
        """Fork again and again while threads log; each child logs too, and ends as programs do."""
        stop = threading.Event()

        def work(slot: int) -> None:
            while not stop.is_set() and self.numbers.get(slot, 0) < 600:
                self.log(_BREATH, slot)

        threads = [threading.Thread(target=work, args=(self.slot + 1 + index,)) for index in range(_THREADS)]
        for thread in threads:
            thread.start()
        children: list[int] = []
        for index in range(_FORKS):
            pid = os.fork()
            if not pid:
                self.slot += 10 + index
                self.log(_PER_FORK)
                sys.exit(0)
            children.append(pid)
            time.sleep(_PAUSE)
        until = time.monotonic() + _FORK_DEADLINE * self.plan["patience"]
        for pid in children:
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > until:
                    self.tally.hung(self.slot)
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    break
                time.sleep(0.005)
        stop.set()
        for thread in threads:
            thread.join()

    # --- ends

    def exit_at_once(self) -> None:
        self.tally.end(self.slot)
        os._exit(0)

    def segfault(self) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self.tally.end(self.slot)
        ctypes.string_at(0)

    def run_out_of_memory(self, group: str) -> None:
        """Grow until the kernel kills us; without a group of our own, `kill -9` amid the growing stands for it."""
        if group:
            (Path(group) / "cgroup.procs").write_text(str(os.getpid()), "utf-8")
        self.tally.end(self.slot)
        grown: list[bytearray] = []
        while group or len(grown) < 16:
            grown.append(bytearray(b"x") * (4 << 20))
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        Application(json.loads(sys.argv[1])).run()
