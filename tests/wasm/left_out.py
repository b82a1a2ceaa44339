"""A pytest plugin for CPython in WebAssembly: leaves out the tests that need what is not there, and says how many.

There is no process, no thread, no socket, no event loop and no file lock, and of the libraries only those of pure
Python that were installed beside. A test that starts one of them by itself is skipped at that moment. Nothing is
replaced that the package itself calls: what it does where it cannot have a thread is under test.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import pty
import re
import signal
import socket
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

TESTS = Path(__file__).parent.parent

POSIX = "files, links and users as POSIX has them"
BY_PLACE = {
    "azure_monitor": "a socket",
    "chaos": "a process",
    "capture/test_pytest_plugin.py::test_a_planted_secret_that_gets_out_fails_the_test[a child process]": "a process",
    "cli/test_doctor_delivery.py": "file locks",
    "cli/test_recover.py": "file locks",
    "console/test_traceback.py::test_a_removed_working_directory_does_no_harm": POSIX,
    "delivery/background": "a thread",
    "delivery/test_cut_spool.py": "file locks",
    "delivery/test_statistics.py": "file locks",
    "delivery/test_faults.py": "file locks",
    "delivery/test_file_followed.py::test_a_link_in_the_files_place_is_followed": POSIX,
    "delivery/test_file_followed.py::test_in_a_folder_for_everybody_a_link_is_not_followed": POSIX,
    "delivery/test_file_trouble.py::test_a_folder_that_became_a_file_is_counted_and_recovered_from": POSIX,
    "delivery/test_folder.py::test_a_given_folder_that_others_may_write_to_gets_one_of_ours_inside": POSIX,
    "delivery/test_folder.py::test_a_user_without_a_home_has_one_among_the_temporary_files": POSIX,
    "delivery/test_remote.py": "a thread",
    "delivery/test_rotation_processes.py": "a process",
    "delivery/test_rotation_kept.py::test_rotated_files_are_compressed_and_keep_their_lines_age_and_privacy": "a thread",
    "delivery/test_rotation_kept.py::test_what_a_process_left_half_compressed_is_compressed_by_the_next": "a thread",
    "delivery/test_rotation_kept.py::test_a_compression_that_fails_leaves_the_uncompressed_file_and_nothing_else": "a thread",
    "delivery/test_rotation_kept.py::test_a_file_that_another_process_compresses_is_left_to_it": "a thread",
    "delivery/test_rotation_kept.py::test_a_link_in_a_rotated_files_place_is_not_followed_and_the_others_are_compressed": "a thread",
    "delivery/test_sink.py::test_records_that_such_a_sink_takes_and_loses_are_counted": "a full device",
    "delivery/test_spool.py": "file locks",
    "delivery/test_state_machine.py": "file locks",
    "delivery/test_stream.py::test_a_stalled_reader_costs_a_bounded_wait_and_the_next_line_starts_anew": "a full pipe",
    "delivery/test_wanted.py::test_a_connection_string_alone_asks_for_application_insights": "urllib3",
    "delivery/test_wanted.py::test_an_otlp_variable_asks_for_the_otlp_sink": "opentelemetry",
    "hosts": "the libraries themselves",
    "integrations": "a socket",
    "lifecycle": "a process",
    "otel": "a socket",
    "settings/test_configure.py::test_a_folder_for_state_that_cannot_be_used_is_named_as_it_was_given": "file locks",
    "settings/test_configure.py::test_a_ring_lies_in_the_state_folder_that_code_gives": "file locks",
    "settings/test_configure.py::test_what_earlier_sinks_delivered_and_lost_stays_in_the_statistics": "a full device",
}
BY_CALL = (
    (asyncio, "new_event_loop", "an event loop"),
    (asyncio, "run", "an event loop"),
    (concurrent.futures.ThreadPoolExecutor, "submit", "a thread"),
    (os, "fork", "a process"),
    (os, "mkfifo", "a named pipe"),
    (pty, "openpty", "a terminal"),
    (signal, "pthread_kill", "a signal"),
    (signal, "setitimer", "a signal"),
    (socket.socket, "__init__", "a socket"),
    (subprocess.Popen, "__init__", "a process"),
    (threading.Thread, "start", "a thread"),
)

files_left_out: dict[Path, str] = {}


def refusing(what: str) -> object:
    def refuse(*arguments: object, **options: object) -> NoReturn:
        pytest.skip(f"needs {what}")

    return refuse


def pytest_configure() -> None:
    for owner, name, what in BY_CALL:
        setattr(owner, name, refusing(what))
    hypothesis.settings.register_profile("wasm", hypothesis.settings.get_profile("discreet"), max_examples=20)
    hypothesis.settings.load_profile("wasm")  # several times slower than elsewhere, where each example is tried


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    what = BY_PLACE.get(place(collection_path))
    if what is None:
        return None
    for path in [collection_path] if collection_path.is_file() else collection_path.rglob("test_*.py"):
        files_left_out[path] = what
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = (item.name, getattr(item, "originalname", ""))
        what = next(filter(None, (BY_PLACE.get(f"{place(item.path)}::{name}") for name in names)), None)
        if what is not None:
            item.add_marker(pytest.mark.skip(reason=f"needs {what}"))


def place(path: Path) -> str:
    return path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""


class Module(pytest.Module):
    """A test file, left out if it imports a library that is not here."""

    def collect(self) -> object:
        try:
            return super().collect()
        except self.CollectError as error:
            if not is_missing_library(error.__cause__):
                raise
            files_left_out[self.path] = error.__cause__.name
            return []


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    return Module.from_parent(parent, path=module_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> object:
    try:
        return (yield)
    except ModuleNotFoundError as error:
        if is_missing_library(error):
            pytest.skip(f"needs {error.name}")
        raise


def is_missing_library(error: BaseException | None) -> bool:
    return isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("discreet")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out: Counter[str] = Counter()
    for path, what in files_left_out.items():
        found = re.findall(r"^\s*(?:async )?def test_", path.read_text("utf-8"), re.MULTILINE)
        left_out[f"needs {what}"] += len(found)
    for report in terminalreporter.stats.get("skipped", ()):
        left_out[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    terminalreporter.section("left out")
    for reason, number in left_out.most_common():
        terminalreporter.write_line(f"{number:5} {reason}")
