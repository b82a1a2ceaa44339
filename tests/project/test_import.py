"""`import discreet` is free: it loads little and does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

PACKAGES = Path(discreet.__file__).parent.parent


def in_a_fresh_interpreter(code: str) -> object:
    """What `code` prints as JSON, without site-packages' start-up files, which may import things of their own."""
    prelude = f"import sys\nsys.path.append({str(PACKAGES)!r})\n"
    command = [sys.executable, "-S", "-E", "-c", prelude + code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    names = in_a_fresh_interpreter(
        "before = set(sys.modules)\nimport discreet\nnew = sorted(set(sys.modules) - before)\n"
        "import json\nprint(json.dumps(new))"
    )
    assert isinstance(names, list)
    return set(names)


@pytest.mark.parametrize(
    "name", ["asyncio", "logging", "logging.handlers", "typing", "dataclasses", "re", "json", "enum", "inspect", "ast"]
)
def test_importing_discreet_does_not_load(name: str, loaded: set[str]) -> None:
    assert name not in loaded


def test_importing_discreet_loads_no_third_party_package(loaded: set[str]) -> None:
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"discreet"}


def test_importing_discreet_has_no_side_effect() -> None:
    before, after = in_a_fresh_interpreter(
        """
import atexit, json, logging, os, signal, threading, warnings

def state():
    return [
        atexit._ncallbacks(),
        threading.active_count(),
        [str(handler) for handler in logging.getLogger().handlers],
        logging.getLogger().level,
        logging.getLogRecordFactory().__qualname__,
        [sys.excepthook is sys.__excepthook__, sys.unraisablehook is sys.__unraisablehook__],
        threading.excepthook is threading.__excepthook__,
        warnings.showwarning.__qualname__,
        [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
        sys.stdout is sys.__stdout__,
    ]

before = state()
import discreet
print(json.dumps([before, state()]))
"""
    )
    assert before == after


def test_importing_discreet_reads_no_environment_variable() -> None:
    asked = in_a_fresh_interpreter(
        """
import json, os

class Watched(dict):
    asked = []
    def __getitem__(self, name):
        self.asked.append(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        self.asked.append(name)
        return super().get(name, default)
    def __contains__(self, name):
        self.asked.append(name)
        return super().__contains__(name)

os.environ = Watched(os.environ)
os.getenv = os.environ.get
import discreet
print(json.dumps(Watched.asked))
"""
    )
    assert asked == []
