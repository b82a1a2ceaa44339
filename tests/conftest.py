"""What every test starts from: none of the settings of the person or machine that runs the tests."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import hypothesis
import pytest

import discreet
from discreet.testing import reset

from . import waiting

FOREIGN = ("DISCREET_", "OTEL_", "GITHUB_", "GITLAB_", "CI_", "TF_BUILD", "BUILD_", "SYSTEM_", "KUBERNETES_")
FOREIGN_NAMES = frozenset({"CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS"})

# A shell that runs the tests in the background has them ignore SIGINT, which the processes they start would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow machine is no defect: no example has a deadline, and making one may take its time.
hypothesis.settings.register_profile("discreet", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("discreet")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """All cores for the suite, or a folder of it. None for tests that were named: workers take longer to start."""
    named = config.option.keyword or config.option.lf or any(".py" in argument for argument in config.args)
    return 0 if named else None


def pytest_sessionfinish() -> None:
    """Write down what coverage has measured: a worker that does not end at once may be killed."""
    coverage = sys.modules.get("coverage")
    measuring = coverage.Coverage.current() if coverage else None
    if measuring is not None:
        measuring.save()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in tuple(os.environ):
        if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path_factory.getbasetemp() / "state"))


class Memory(discreet.Sink):
    """A real sink that keeps its lines, and reads them back strictly."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [strict(line) for line in self.lines]

    @property
    def last(self) -> dict[str, Any]:
        return strict(self.lines[-1])

    @property
    def text(self) -> str:
        return b"".join(self.lines).decode()


def strict(line: bytes) -> dict[str, Any]:
    """Parse one line as RFC 8259 has it: one object, no NaN, no duplicate key, nothing after the newline."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs), "duplicate key"
        return dict(pairs)

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(line.decode("utf-8", "strict"), object_pairs_hook=unique, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


@pytest.fixture(name="strict")
def strict_fixture() -> Callable[[bytes], dict[str, Any]]:
    return strict


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    """Every test begins and ends with a process that nobody configured."""
    yield
    reset()


@pytest.fixture
def memory_sink() -> type[Memory]:
    return Memory


@pytest.fixture
def sink() -> Memory:
    """discreet configured as in production, for its own loggers only, with one sink that remembers."""
    kept = Memory(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="test", level="trace", take_over=False)
    return kept


@pytest.fixture
def taken_over() -> Memory:
    """As `sink`, and everything else of the process comes in too."""
    kept = Memory(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="test", level="debug")
    return kept


class Run(NamedTuple):
    """How a child process ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def records(self) -> list[dict[str, Any]]:
        return [strict(line) for line in self.out.splitlines(keepends=True)]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The records on stderr, where a process writes that nobody has configured."""
        return [strict(line) for line in self.err.splitlines(keepends=True) if line.startswith(b"{")]


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Run]:
    """Run a program in an interpreter of its own, as the user would: `python(source, DISCREET_LEVEL="debug")`.

    Its exit may take as long as it needs, unless the test gives it a budget (`DISCREET_EXIT_TIMEOUT`).

    Not `measured` are programs in which signal handlers come at any time, or that fork beside threads: coverage's
    collector has a lock that hangs them.
    """

    def run(source: str, *arguments: str, measured: bool = True, **environ: str) -> Run:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        env = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {"DISCREET_EXIT_TIMEOUT": waiting.NEVER, **environ}
        if not measured:
            env = {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}
        done = waiting.run([sys.executable, str(script), *arguments], env=env)
        return Run(done.returncode, done.stdout, done.stderr)

    return run
