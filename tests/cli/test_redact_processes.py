"""`discreet redact` as a process among others: several cores, pipes, readers that leave, interrupts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..waiting import wait_for_end
from .conftest import Redact

PASSWORD = "hunter2" + "xyz"


def log(megabytes: float, seed: int = 1) -> bytes:
    """Lines of JSON and of text, one in a hundred with a secret."""
    source = random.Random(seed)
    lines: list[str] = []
    size = 0
    while size < megabytes * 1_000_000:
        user = source.randrange(10**6)
        if len(lines) % 100 == 50:
            line = f'{{"user": {user}, "password": "{PASSWORD}{user}", "amount": {source.random()}}}'
        elif len(lines) % 2:
            line = f'{{"time": "2024-05-01T10:00:00Z", "user": {user}, "amount": 1.50, "note": "fine"}}'
        else:
            line = f"2024-05-01 10:00:00 INFO worker user {user} signed in"
        lines.append(line)
        size += len(line) + 1
    return ("\n".join(lines) + "\n").encode()


def test_several_processes_give_the_same_as_one_in_the_same_order(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(log(4))
    one = redact("-j", "1", "app.log").stdout
    several = redact("-j", "3", "app.log")
    assert several.stdout == one
    assert PASSWORD.encode() not in one
    assert b"changed" in several.stderr
    assert one.count(b"\n") == log(4).count(b"\n")


def test_what_comes_through_a_pipe_leaves_at_once(redact: Redact) -> None:
    process = subprocess.Popen(
        redact.command("-q"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=redact.environ, bufsize=0
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        for number in range(3):
            process.stdin.write(f"password={PASSWORD}{number}\n".encode())
            assert process.stdout.readline() == b"password=[REDACTED:password]\n"
    assert wait_for_end(process) == 0


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_leaves_is_no_error(redact: Redact, tmp_path: Path, jobs: str) -> None:
    (tmp_path / "app.log").write_bytes(log(3))
    process = subprocess.Popen(
        redact.command("-q", "-j", jobs, "app.log"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=redact.environ,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert wait_for_end(process) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a process of its own")
def test_an_interrupt_is_quiet_and_leaves_no_file(redact: Redact, tmp_path: Path) -> None:
    process = subprocess.Popen(
        redact.command("-j", "2", "-o", "out.log", "-"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=redact.environ,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(log(3))  # more than a pipe holds: when this returns, it is at work, and it waits for more
    process.stdin.flush()
    os.killpg(process.pid, signal.SIGINT)
    with process.stderr, process.stdin:
        assert process.stderr.read() == b""
        assert wait_for_end(process) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way there")
def test_no_worker_outlives_a_command_that_was_killed(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(log(6))
    process = subprocess.Popen(
        redact.command("-q", "-j", "2", "app.log"), stdout=subprocess.PIPE, env=redact.environ, cwd=tmp_path
    )
    assert process.stdout is not None
    with process.stdout:
        process.stdout.read(1_500_000)  # by then its workers are there, and it waits for somebody to read on
        process.kill()
        process.stdout.read()  # ends when nobody is left who could write
    assert wait_for_end(process) == -signal.SIGKILL
