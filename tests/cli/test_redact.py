"""`discreet redact`: logs that exist already, without their secrets."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Redact

PASSWORD = "hunter2" + "xyz"
GITHUB = "gh" + "p_" + "aB3" * 12


def test_standard_input_to_standard_output_with_a_summary_by_kind(redact: Redact) -> None:
    done = redact(input=f'{{"password": "{PASSWORD}"}}\nfine\n{GITHUB}\n'.encode())
    assert done.stdout == b'{"password": "[REDACTED:password]"}\nfine\n[REDACTED:github-token]\n'
    assert done.returncode == 0
    assert b"3 lines, 2 changed: 1 password, 1 github-token" in done.stderr


def test_quiet_says_nothing_and_nothing_makes_nothing(redact: Redact) -> None:
    done = redact("--quiet", input=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_files_are_read_and_written(redact: Redact, tmp_path: Path, suffix: str) -> None:
    compress, decompress = gzip.compress, gzip.decompress
    if suffix == "zst":
        zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
        compress, decompress = zstd.compress, zstd.decompress
    text = f"password={PASSWORD}\n".encode()
    (tmp_path / "no-suffix").write_bytes(compress(text) + compress(b"second\n"))
    done = redact("no-suffix", "-o", f"safe.{suffix}")
    assert done.returncode == 0, done.stderr
    assert decompress((tmp_path / f"safe.{suffix}").read_bytes()) == b"password=[REDACTED:password]\nsecond\n"
    piped = redact("-q", "--compress", {"gz": "gzip", "zst": "zstd"}[suffix], input=compress(text))
    assert decompress(piped.stdout) == b"password=[REDACTED:password]\n"


@pytest.mark.skipif(not os.path.exists("/proc/self/fd/1"), reason="only Linux tells the name of standard output")
def test_the_name_that_the_shell_opened_asks_for_compression_too(redact: Redact, tmp_path: Path) -> None:
    with open(tmp_path / "safe.log.gz", "wb") as out:
        redact(input=b"fine\n", stdout=out)
    assert gzip.decompress((tmp_path / "safe.log.gz").read_bytes()) == b"fine\n"


def test_zstandard_without_its_library_is_said_with_the_remedy(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "backports").mkdir()
    (tmp_path / "backports" / "__init__.py").write_text("raise ImportError\n")
    (tmp_path / "compression.py").write_text("raise ImportError\n")
    done = redact(input=b"\x28\xb5\x2f\xfd....")
    assert done.returncode == 1
    assert b'pip install "discreet[zstd]"' in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["a.log", "-o", "a.log"], ["a.log", "-o", "."], ["a.log", "-o", "no/such/b.log"], ["a.log", "-o", "a.log/b.log"]],
)
def test_an_output_that_would_destroy_an_input_or_cannot_be_is_refused(
    redact: Redact, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "a.log").write_text("here\n")
    done = redact(*arguments)
    assert done.returncode == 2
    assert (tmp_path / "a.log").read_text() == "here\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def test_appending_to_the_input_is_refused(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("here\n")
    with open(tmp_path / "a.log", "ab") as out:
        done = redact("a.log", stdout=out)
    assert done.returncode == 2
    assert (tmp_path / "a.log").read_text() == "here\n"


@pytest.mark.skipif(sys.platform == "win32", reason="links, modes and pipes are others there")
def test_a_file_that_is_replaced_keeps_its_mode_and_a_link_to_it_stays_a_link(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("fine\n")
    (tmp_path / "safe.log").write_text("old\n")
    (tmp_path / "safe.log").chmod(0o600)
    (tmp_path / "link.log").symlink_to("safe.log")
    assert redact("a.log", "-o", "link.log").returncode == 0
    assert (tmp_path / "link.log").is_symlink()
    assert (tmp_path / "safe.log").read_text() == "fine\n"
    assert stat.S_IMODE((tmp_path / "safe.log").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links, modes and pipes are others there")
def test_an_output_that_is_a_pipe_is_written_to_and_stays_one(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("fine\n")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert redact("a.log", "-o", "pipe").returncode == 0
        assert os.read(reader, 100) == b"fine\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_an_output_that_is_full_is_said_in_one_line(redact: Redact) -> None:
    with open("/dev/full", "wb") as full:
        done = redact(input=b"fine\n", stdout=full)
    assert (done.returncode, done.stderr) == (2, b"discreet: the output: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="closed by a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "code", "out", "err"),
    [
        ("<&-", 1, b"", b"discreet: standard input is closed\n"),
        (">&-", 0, b"", b"discreet: 1 line, nothing to redact ("),
        ("2>&-", 0, b"fine\n", b""),
    ],
)
def test_a_stream_that_the_caller_closed_is_never_mistaken_for_another(
    redact: Redact, closed: str, code: int, out: bytes, err: bytes
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *redact.command()],
        input=b"fine\n",
        capture_output=True,
        env=redact.environ,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.startswith(err)
    assert done.stderr.count(b"\n") == bool(err)


def test_an_input_that_is_not_there_or_damaged_is_said_and_the_others_are_written(
    redact: Redact, tmp_path: Path
) -> None:
    (tmp_path / "good.log").write_text("good\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000).hex().encode())[:-20])
    done = redact("missing.log", "cut.gz", "good.log")
    assert done.returncode == 1
    assert done.stdout.endswith(b"good\n")
    assert b"discreet: missing.log: No such file or directory\n" in done.stderr
    assert b"discreet: cut.gz: " in done.stderr
    assert redact("cut.gz", "-o", "out.log").returncode == 1
    assert not (tmp_path / "out.log").exists()


def test_utf16_is_refused_instead_of_passed_through(redact: Redact) -> None:
    done = redact(input=f"password={PASSWORD}\n".encode("utf-16"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"UTF-8" in done.stderr


def test_the_policy_comes_from_the_command_line_and_the_environment(redact: Redact) -> None:
    rules = [
        "--extra-key",
        "tax",
        "--safe-key",
        "password",
        "--pattern",
        r"customer-id=CUST-\d{6}",
        "--personal",
        "email",
    ]
    text = b'{"tax": "x1", "password": "open", "m": "CUST-123456 bob@example.org"}\n'
    assert json.loads(redact("-q", *rules, input=text).stdout) == {
        "tax": "[REDACTED:tax]",
        "password": "open",
        "m": "[REDACTED:customer-id] [REDACTED:email]",
    }
    redact.environ = {**redact.environ, "DB_PASSWORD": PASSWORD}
    assert redact("-q", input=f"it is {PASSWORD} here".encode()).stdout == b"it is [REDACTED:password] here"
    assert redact("-q", "--no-environment", input=f"it is {PASSWORD} here".encode()).stdout.endswith(b"xyz here")


def test_a_strategy_says_what_stands_in_the_place(redact: Redact) -> None:
    text = f'{{"password": "{PASSWORD}abc4711", "token": "{PASSWORD}4712", "n": 1}}\n'.encode()
    done = redact("-q", "--strategy", "password=partial", "--strategy", "token=drop", input=text)
    assert done.stdout == b'{"password": "[REDACTED:password:4711]", "token": "", "n": 1}\n'


def test_a_pseudonym_is_the_same_for_the_same_value_and_needs_a_key(redact: Redact) -> None:
    arguments = ["-q", "--personal", "email", "--strategy", "email=pseudonym"]
    text = b'bob@example.org\n{"to": "bob@example.org"}\n'
    without = redact(*arguments, input=text)
    assert without.stdout == b'[REDACTED:email]\n{"to": "[REDACTED:email]"}\n'
    assert b"DISCREET_PSEUDONYM_KEY" in without.stderr
    redact.environ = {**redact.environ, "DISCREET_PSEUDONYM_KEY": "k2:" + "0123456789abcdef" * 2}
    first, second = redact(*arguments, input=text).stdout.decode().splitlines()
    assert first.startswith("[email:k2:")
    assert second == f'{{"to": "{first}"}}'


@pytest.mark.parametrize(
    "arguments",
    [["--jobs", "0"], ["--jobs", "many"], ["--pattern", "x"], ["--pattern", "x=("], ["--strategy", "email=hide"]],
)
def test_a_wrong_option_ends_with_2(redact: Redact, arguments: list[str]) -> None:
    assert redact(*arguments, input=b"").returncode == 2
