"""How tests wait: for something to happen, never for seconds.

The only limit is one that nothing but a hang reaches, however busy the machine is. A test that gives up shows what the
process had to say. Where the product has a time budget of its own, give it one that no busy machine exhausts
(`DISCREET_EXIT_TIMEOUT=NEVER`), unless the budget is what the test is about.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import pytest

import discreet

HANG = 300.0
"""Seconds. What takes longer hangs."""
NEVER = "3600"
"""The value of a time budget that is not to run out: a test that needs it fails at `HANG`."""

_PAUSE = 0.005
_SHOWN = 4000  # characters of each output
_Found = TypeVar("_Found")


def give_up(waited_for: str, **shown: object) -> NoReturn:
    """Fail the test: what it waited for, and what there is to know about why it did not come."""
    shown["health"] = discreet.health()
    parts = [f"--- {name}\n{_text(found)}" for name, found in shown.items()]
    pytest.fail("\n".join([f"After {HANG:.0f} s, still no {waited_for}.", *parts]), pytrace=True)


def wait_until(condition: Callable[[], _Found], show: Callable[[], object] = dict) -> _Found:
    """Wait until `condition()` is true, and return it. `show()` says what there is to see when that never comes."""
    end = time.monotonic() + HANG
    while not (found := condition()):
        if time.monotonic() > end:
            give_up("end to this wait", seen=show())
        time.sleep(_PAUSE)
    return found


def join(*threads: threading.Thread) -> None:
    """Wait until the threads have ended."""
    for thread in threads:
        thread.join(HANG)
        if thread.is_alive():
            frame = sys._current_frames().get(thread.ident or 0)
            give_up(f"end of {thread.name}", stack="".join(traceback.format_stack(frame)))


def communicate(process: subprocess.Popen[Any], given: Any = None) -> tuple[Any, Any]:
    """Wait until the process has ended; its stdout and stderr, as far as they are pipes."""
    try:
        return process.communicate(given, timeout=HANG)
    except subprocess.TimeoutExpired as hung:
        process.kill()
        give_up(f"end of {process.args}", stdout=hung.stdout, stderr=hung.stderr)


def wait_for_end(process: subprocess.Popen[Any], show: Callable[[], object] = dict) -> int:
    """Wait until a process has ended whose output somebody else reads; its exit code."""
    try:
        return process.wait(HANG)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        give_up(f"end of {process.args}", seen=show())


def run(command: Sequence[Any], **options: Any) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run` for a child that ends by itself; without other wishes, its stdout and stderr are captured."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    given = options.pop("input", None)
    if given is not None:
        options["stdin"] = subprocess.PIPE
    with subprocess.Popen(command, **options) as process:
        out, err = communicate(process, given)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _text(found: object) -> str:
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return text if len(text) <= _SHOWN else f"[...]{text[-_SHOWN:]}"
