"""`discreet pretty`: the command line around the console format."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..waiting import run
from .conftest import Cli


def line(second: int, message: str, **fields: str) -> str:
    more = "".join(f',"{key}":"{value}"' for key, value in fields.items())
    return (
        f'{{"timestamp":"2024-05-01T10:00:{second:02d}.000000Z","severity":"INFO","severity_number":9,'
        f'"message":"{message}","logger":"app","schema":"discreet/1"{more}}}\n'
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], None]:
    return lambda name, text: (tmp_path / name).write_text(text) and None


def test_standard_input_is_read_and_foreign_lines_pass(cli: Cli) -> None:
    done = cli("pretty", input="not ours\n" + line(1, "hello", tenant="acme"))
    foreign, ours = done.stdout.splitlines()
    assert foreign == "not ours"
    assert "hello" in ours
    assert "tenant=acme" in ours


def test_several_files_are_merged_by_time_with_their_services(cli: Cli, write: Callable[[str, str], None]) -> None:
    write("a.json", line(1, "one", service="alpha") + "continued\n" + line(3, "three", service="alpha"))
    write("b.json", line(2, "two", service="beta"))
    lines = cli("pretty", "a.json", "b.json").stdout.splitlines()
    assert [word for text in lines for word in ("one", "continued", "two", "three") if word in text] == [
        "one",
        "continued",
        "two",
        "three",
    ]
    assert "beta" in lines[2]


def test_compressed_files_are_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(line(1, "hello").encode()))
    assert "hello" in cli("pretty", "a.json.gz").stdout


def test_compressed_input_is_read_from_a_pipe(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "discreet"]
    data = gzip.compress(line(1, "hello", trace_id="4bf92f3577b34da6a3ce929d0e0e4736").encode())
    for arguments in (["pretty"], ["trace", "4bf92f35"]):
        done = run([*command, *arguments], input=data, env=environ)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"hello" in done.stdout


def test_a_damaged_file_is_one_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(line(1, "hello").encode())[:-9])
    for arguments in (["pretty"], ["trace", "4bf92f35"]):
        done = cli(*arguments, "cut.gz")
        assert done.returncode == 1
        assert done.stderr == "discreet: cut.gz: Compressed file ended before the end-of-stream marker was reached\n"


def test_records_are_chosen_by_level_and_field(cli: Cli) -> None:
    text = line(1, "mine", tenant="acme") + line(2, "theirs", tenant="other")
    chosen = cli("pretty", "-f", "tenant=acme", input=text).stdout
    assert "mine" in chosen
    assert "theirs" not in chosen
    assert cli("pretty", "--level", "warning", input=text).stdout == ""


def test_a_file_that_is_not_there_is_said(cli: Cli) -> None:
    done = cli("pretty", "missing.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "discreet: missing.json: No such file or directory\n"
