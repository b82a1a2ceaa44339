"""`discreet scan`: which secrets stand where, and never what they are."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..waiting import wait_for_end
from .conftest import Cli

PASSWORD = "hunter2" + "xyz"
GITHUB = "gh" + "p_" + "aB3" * 12


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A folder with secrets in a text, in JSON, and in places that are not looked at."""
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / "deep").mkdir()
    (folder / ".git" / "config").write_text(f"password={PASSWORD}\n")
    (folder / "a.txt").write_text(f"fine\nlogin password={PASSWORD} ok, token={GITHUB}\n")
    (folder / "deep" / "b.json.gz").write_bytes(
        gzip.compress(f'{{"m": "\\u00e9", "password": "{PASSWORD}"}}\n'.encode())
    )
    (folder / "picture.png").write_bytes(b"\x89PNG\0" + f"password={PASSWORD}\n".encode())
    (folder / "allowed.py").write_text(f"PASSWORD = '{PASSWORD}'  # discreet:allow\n")
    return folder


def findings(cli: Cli, *arguments: str, **options: Any) -> list[tuple[str, int, int, str]]:
    document = json.loads(cli("scan", "--json", *arguments, **options).stdout)
    return [(found["file"], found["line"], found["column"], found["kind"]) for found in document["findings"]]


def test_kind_file_line_and_column_are_told_and_never_the_value(cli: Cli, leaky: Path) -> None:
    done = cli("scan", "shop")
    assert done.returncode == 1
    assert PASSWORD not in done.stdout + done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["shop/a.txt"],
        ["2:16", "password"],
        ["2:37", "github-token"],
        [],
        ["shop/deep/b.json.gz"],
        ["1:30", "password"],
        [],
        ["3", "secrets", "in", "3", "files,", "4", "lines:", "2", "password,", "1", "github-token"],
        ["not", "scanned:", "1", "binary"],
    ]


def test_columns_are_those_of_the_file_also_in_json_with_escapes(cli: Cli, tmp_path: Path) -> None:
    line = f'  {{"m": "a\\"\\ud83d\\ude00 password={PASSWORD}", "n": [1, {{"api_key": "{PASSWORD}"}}]}}\r\n'
    (tmp_path / "a.log").write_text("\n" + line, newline="")
    first, second = line.index(PASSWORD), line.rindex(PASSWORD)
    assert findings(cli, "a.log") == [("a.log", 2, first + 1, "password"), ("a.log", 2, second + 1, "api-key")]


def test_a_marker_that_was_there_before_is_no_finding(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(
        f'{{"password": "[REDACTED:password]", "m": "token=[REDACTED:token] password={PASSWORD}."}}\n'
    )
    assert [found[3] for found in findings(cli, "a.log")] == ["password"]


def test_a_secret_as_a_name_a_number_or_in_a_key_of_many_lines_has_a_place(cli: Cli, tmp_path: Path) -> None:
    body = "MII" + "EvQ9aZ" * 10
    (tmp_path / "a.log").write_text(
        f'{{"{GITHUB}": 1, "pin": 481516}}\n-----BEGIN PRIVATE' + f" KEY-----\n{body}\n-----END PRIVATE" + " KEY-----\n"
    )
    found = findings(cli, "a.log")
    assert ("a.log", 1, 3, "github-token") in found
    assert ("a.log", 1, 56, "pin") in found
    assert [place[:2] for place in found if place[3] == "private-key"] == [("a.log", 3)]


def test_nothing_found_ends_with_0(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("fine\n")
    assert cli("scan", "a.log").stdout == "no secrets in 1 file, 1 line\n"
    quiet = cli("scan", "--quiet", ".")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_standard_input_is_scanned_too(cli: Cli) -> None:
    assert findings(cli, "-", input=f"password={PASSWORD}") == [("<stdin>", 1, 10, "password")]


def test_text_in_utf16_is_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(f"one\r\npassword={PASSWORD}\r\n".encode("utf-16"))
    assert findings(cli, "a.txt") == [("a.txt", 2, 10, "password")]


def test_paths_and_large_files_can_be_left_out(cli: Cli, leaky: Path) -> None:
    (leaky / "large.txt").write_text(f"password={PASSWORD}\n" * 100)
    done = cli("scan", "--json", "--exclude", "deep", "--exclude", "*.txt", "shop")
    assert json.loads(done.stdout)["findings"] == []
    document = json.loads(cli("scan", "--json", "--max-size", "1kB", "shop").stdout)
    assert {"file": "shop/large.txt", "reason": "larger than --max-size"} in document["skipped"]
    assert document["summary"]["findings"] == 3
    assert document["summary"]["files"] == 3


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_in_folders_are_not_followed_and_pipes_not_opened(cli: Cli, leaky: Path) -> None:
    (leaky / "again").symlink_to(leaky)
    (leaky / "link.txt").symlink_to(leaky / "a.txt")
    os.mkfifo(leaky / "pipe")
    assert len(findings(cli, "shop")) == 3


def test_a_path_that_is_not_there_ends_with_2(cli: Cli) -> None:
    done = cli("scan", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "discreet: nothing: No such file or directory\n"


def test_a_file_that_cannot_be_read_is_said_and_never_taken_for_clean(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000).hex().encode())[:-20])
    done = cli("scan", "--json", ".")
    assert done.returncode == 2
    assert "cut.gz" in done.stderr
    assert "cut.gz" in json.loads(done.stdout)["failed"][0]


@pytest.mark.parametrize(
    "arguments", [[], ["--json", "--sarif", "."], ["--max-size", "big", "."], ["--baseline", "x", "."]]
)
def test_a_wrong_command_line_ends_with_2(cli: Cli, arguments: list[str]) -> None:
    assert cli("scan", *arguments).returncode == 2


def test_a_file_is_scanned_once_however_it_is_named(cli: Cli, leaky: Path) -> None:
    assert [place[0] for place in findings(cli, "shop/a.txt", str(leaky), "./shop")].count("shop/a.txt") == 2
    assert len(findings(cli, "shop", "shop/a.txt", str(leaky))) == 3


def test_what_could_not_be_read_is_counted_in_the_sum(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000).hex().encode())[:-20])
    (tmp_path / "a.log").write_text("fine\n")
    done = cli("scan", "a.log", "cut.gz")
    assert done.returncode == 2
    assert done.stdout.endswith("not scanned: 1 unreadable\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_an_output_that_is_full_is_no_verdict(environ: dict[str, str], leaky: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "discreet", "scan", "shop"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environ,
            cwd=leaky.parent,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, b"discreet: the output: No space left on device\n")


def test_fingerprints_stay_when_a_line_moves_and_when_the_secret_changes(cli: Cli, tmp_path: Path) -> None:
    def fingerprints(text: str) -> list[str]:
        (tmp_path / "a.txt").write_text(text)
        return [found["fingerprint"] for found in json.loads(cli("scan", "--json", "a.txt").stdout)["findings"]]

    line = f"password={PASSWORD}\n"
    once, twice = fingerprints(line), fingerprints("moved\n" + line + line)
    assert twice[0] == once[0]
    assert len(set(twice)) == 2
    assert fingerprints(line.replace(PASSWORD, PASSWORD + "9")) == once  # the secret is no part of it
    assert fingerprints("other " + line) != once


def test_a_baseline_leaves_only_what_is_new(cli: Cli, leaky: Path, tmp_path: Path) -> None:
    (tmp_path / "known.json").write_text(cli("scan", "--json", "shop").stdout)
    assert cli("scan", "--baseline", "known.json", "shop").returncode == 0
    (leaky / "new.txt").write_text(f"password={PASSWORD}\n")
    assert findings(cli, "--baseline", "known.json", "shop") == [("shop/new.txt", 1, 10, "password")]


def test_several_processes_find_the_same_as_one_in_the_same_order(cli: Cli, tmp_path: Path) -> None:
    for number in range(3):
        lines = [
            f"password={PASSWORD}" if line % 1000 == 999 else "all is well here, and all is long"
            for line in range(20_000)
        ]
        (tmp_path / f"{number}.log").write_text("\n".join(lines) + "\n")
    one, several = findings(cli, "-j", "1", "."), findings(cli, "-j", "3", ".")
    assert several == one
    assert [place[1] for place in one if place[0] == "1.log"] == list(range(1000, 20_001, 1000))


def test_a_reader_that_leaves_is_no_error(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"password={PASSWORD}\n" * 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "discreet", "scan", "a.log"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert wait_for_end(process) == 141


def test_the_pre_commit_hook_runs_what_the_command_offers(cli: Cli, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    hook = (root / ".pre-commit-hooks.yaml").read_text()
    entry = next(line.split(":", 1)[1].split() for line in hook.splitlines() if line.strip().startswith("entry:"))
    (tmp_path / "a.txt").write_text(f"password={PASSWORD}\n")
    (tmp_path / "b.txt").write_text("fine\n")
    assert entry[0] == "discreet"
    assert cli(*entry[1:], "a.txt", "b.txt").returncode == 1
    assert cli(*entry[1:], "b.txt").returncode == 0
