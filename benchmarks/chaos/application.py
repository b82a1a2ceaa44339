"""Starts an application, and sees to its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.tally import Tally

HOME = Path(__file__).resolve().parents[1]
EXIT_TIMEOUT = 3.0
"""Seconds that discreet may take at exit (DISCREET_EXIT_TIMEOUT)."""


class Application:
    """One process of `child.py`. `gone` and `signalled` are monotonic nanoseconds."""

    def __init__(
        self, plan: Mapping[str, Any], place: Path, environ: Mapping[str, str], out: int | None, errors: IO[bytes]
    ) -> None:
        self.slot: int = plan["slot"]
        self.signalled = 0
        self.gone = 0
        self.stuck = 0
        """Nanoseconds that a call had taken when the process was killed for hanging."""
        self.killed = False
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "chaos.child", json.dumps(plan)],
            cwd=place,
            env={**_environment(), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if out is None else out,
            stderr=errors,
        )

    def go(self) -> None:
        """It waits for this."""
        if self._popen.stdin:
            with contextlib.suppress(OSError):
                self._popen.stdin.write(b"\n")
                self._popen.stdin.flush()

    def send(self, number: int) -> None:
        """A signal."""
        self.signalled = time.monotonic_ns()
        self._popen.send_signal(number)

    def until(self, done: Callable[[], bool], deadline: float) -> None:
        """Let it live until something is so, or it is gone, or so many seconds have passed."""
        end = time.monotonic() + deadline
        while not done() and self._popen.poll() is None and time.monotonic() < end:
            time.sleep(0.001)

    def end(self, tally: Tally, deadline: float) -> None:
        """Wait until it is gone; it is killed when that takes longer."""
        self.until(lambda: False, deadline)
        if self._popen.poll() is None:
            self.killed = True
            began = tally.stuck()
            self.stuck = time.monotonic_ns() - began if began else 0
            self._popen.kill()
            self._popen.wait()
        self.gone = time.monotonic_ns()
        if self._popen.stdin:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()


_FOREIGN = ("DISCREET_", "OTEL_", "APPL", "COVERAGE_")  # coverage's own lock hangs children that fork beside threads


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    paths = [str(HOME), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONWARNINGS": "ignore",  # of forks beside threads, which is what some of this is about
        "NO_PROXY": "*",
        "no_proxy": "*",
        "DISCREET_SERVICE": "chaos",
        "DISCREET_ENV": "prod",
        # The Azure exporter's traffic beside its records is none of ours here.
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    }
