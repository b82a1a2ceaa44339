"""The `discreet` command as a user runs it: a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .. import waiting

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What child processes get: no terminal width, no colours, UTF-8, nothing of this machine's settings."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)
    return {**os.environ, "PYTHONUTF8": "1", "DISCREET_ENV": "test", "DISCREET_EXIT_TIMEOUT": waiting.NEVER}


@pytest.fixture
def cli(environ: dict[str, str], tmp_path: Path) -> Cli:
    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"cwd": tmp_path, "env": environ, "encoding": "utf-8", **options}
        return waiting.run([sys.executable, "-m", "discreet", *arguments], **options)

    return run


class Redact:
    """`discreet redact` in a process of its own, bytes in and bytes out."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.environ = environ
        self.folder = folder

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "discreet", "redact", *arguments]

    def __call__(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        return waiting.run(self.command(*arguments), **{"cwd": self.folder, "env": self.environ, **options})


@pytest.fixture
def redact(environ: dict[str, str], tmp_path: Path) -> Redact:
    return Redact(environ, tmp_path)


class Server:
    """A server under `discreet run`, on a port that it chose itself."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            found = re.search(r"(?:running on|Listening at:) (http://127\.0\.0\.1:\d+)", line)
            if found:
                self.url = found[1]
                return
        raise AssertionError(f"the server did not start: {self.lines}")

    def stop(self) -> list[dict[str, Any]]:
        """End it; every record it wrote. That each line is one is part of every test."""
        assert self.process.stdout is not None
        # Both finish what they answer; uvicorn dies of a SIGTERM afterwards, and coverage is lost with it.
        self.process.send_signal(signal.SIGINT if self.name == "uvicorn" else signal.SIGTERM)
        self.lines += self.process.stdout.readlines()
        waiting.wait_for_end(self.process, lambda: self.lines)
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def serve(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server; its stderr goes where its stdout goes, so that nothing it prints is missed."""
    started: list[subprocess.Popen[str]] = []

    def start(*command: str, **variables: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "discreet", "run", "--", sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**environ, "DISCREET_SERVICE": "shop", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        started.append(process)
        return Server(command[0], process)

    watchdog = threading.Timer(waiting.HANG, lambda: [process.kill() for process in started])
    watchdog.start()
    yield start
    watchdog.cancel()
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
