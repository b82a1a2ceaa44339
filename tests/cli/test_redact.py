"""`discreet redact`: logs that exist already, without their secrets."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._logfiles.chunks import chunks
from discreet._logfiles.json_line import redacted
from discreet._logfiles.judge import Judge
from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction
from discreet.cli.progress import Progress, amount

PASSWORD = "hunter2" + "xyz"
KEY_BODY = "\n".join(["MII" + "EvQ9aZ" * 10] * 3)
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\n" + KEY_BODY + "\nab12==\n-----END RSA PRIVATE" + " KEY-----\n"
GITHUB = "gh" + "p_" + "aB3" * 12


class Redact:
    """`discreet redact` in a process of its own, bytes in and bytes out."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.environ = environ
        self.folder = folder

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "discreet", "redact", *arguments]

    def __call__(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        options = {"cwd": self.folder, "env": self.environ, "timeout": 60, "capture_output": True, **options}
        return subprocess.run(self.command(*arguments), check=False, **options)


@pytest.fixture
def redact(environ: dict[str, str], tmp_path: Path) -> Redact:
    return Redact(environ, tmp_path)


def safe(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return Judge().redacted(data)[0]


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


def test_a_line_of_json_keeps_every_byte_but_the_secret() -> None:
    line = '{"b" : 1.50, "a":1E5,  "big":12345678901234567890123,"password":"%s", "u":"\\u00e9\\/"}\n'
    assert safe(line % PASSWORD).decode() == line % "[REDACTED:password]"


def test_nested_values_lists_and_pairs_of_name_and_value_are_judged_as_fields() -> None:
    given_line = {
        "user": {"apiKey": PASSWORD, "id": 7},
        "env": [{"name": "DB_PASSWORD", "value": PASSWORD}],
        "argv": ["login", "--password", PASSWORD],
        "note": f"password={PASSWORD} and on",
    }
    found = json.loads(safe(json.dumps(given_line)))
    assert PASSWORD not in json.dumps(found)
    assert found["user"]["id"] == 7
    assert found["argv"][:2] == ["login", "--password"]
    assert found["note"] == "password=[REDACTED:password] and on"


def test_a_name_that_is_a_secret_is_masked_and_a_name_that_comes_twice_is_judged_twice() -> None:
    assert safe(f'{{"{GITHUB}": 1}}') == b'{"[REDACTED:github-token]": 1}'
    twice = f'{{"password": "{PASSWORD}", "password": "{PASSWORD}2", "a": 1, "a": 2}}'
    assert safe(twice) == b'{"password": "[REDACTED:password]", "password": "[REDACTED:password]", "a": 1, "a": 2}'


def test_what_is_nested_too_deep_to_be_judged_does_not_leave() -> None:
    deep = '{"a":' * 100 + f'"{PASSWORD}"' + "}" * 100
    found = safe(deep)
    assert PASSWORD.encode() not in found
    json.loads(found)
    assert safe("[" * 100_000) == b"[" * 100_000


def test_json_behind_the_prefix_of_a_container_engine_stays_json() -> None:
    line = f'web-1  | {{"password": "{PASSWORD}", "n": 1}}\r\n'
    assert safe(line) == b'web-1  | {"password": "[REDACTED:password]", "n": 1}\r\n'
    assert safe(f'\ufeff  {{"password": "{PASSWORD}"}}') == '\ufeff  {"password": "[REDACTED:password]"}'.encode()


def test_a_line_that_is_one_value_stays_json() -> None:
    card = "4111" + "1111" * 3
    assert json.loads(safe(f'"password={PASSWORD}"')) == "password=[REDACTED:password]"
    assert json.loads(safe(card)) == "[REDACTED:payment-card]"
    assert json.loads(safe(f"[{card}]")) == ["[REDACTED:payment-card]"]


def test_text_keeps_line_ends_bytes_that_are_no_utf8_and_a_last_line_without_end() -> None:
    line = b"\xff\xfe \x85 password=%s;\r\nplain\x0b\x1c\r\n\n\xe9 password=%s"
    marker = b"[REDACTED:password]"
    secret = PASSWORD.encode()
    assert safe(line % (secret, secret)) == line % (marker, marker)


def test_a_value_with_bytes_that_are_no_utf8_keeps_them() -> None:
    line = b'{"m": "\xff\xe9 password=%s", "n": "\\udc80 password=%s"}'
    found = safe(line % (PASSWORD.encode(), PASSWORD.encode()))
    assert found == line % (b"[REDACTED:password]", b"[REDACTED:password]")


def test_a_private_key_of_many_lines_goes_whole() -> None:
    found = safe(f"before\n{PEM}after the key\n").decode()
    assert "EvQ9aZ" not in found
    assert "ab12" not in found
    assert found.startswith("before\n")
    assert found.endswith("\nafter the key\n")


def test_a_private_key_behind_a_prefix_on_each_line_goes_too() -> None:
    found = safe("".join(f"web-1 | {line}\n" for line in PEM.splitlines())).decode()
    assert "EvQ9aZ" not in found
    assert "ab12" not in found
    assert found.count("web-1") > 1


def test_a_private_key_that_was_cut_short_ends_where_it_stops_to_look_like_one() -> None:
    start = PEM[: PEM.index("ab12")]
    following = "2024-05-01 10:00:00 ERROR: the disk is full (95 %)\n"
    found = safe(start + following + "more\n").decode()
    assert "EvQ9aZ" not in found
    assert following in found


def test_a_value_on_the_line_after_its_name_is_masked() -> None:
    manifest = f"env:\n- name: DB_PASSWORD\n  value: {PASSWORD}\n- name: API_KEY\n  value: {PASSWORD}9\n- name: TIER\n  value: gold\n"
    found = safe(manifest).decode()
    assert PASSWORD not in found
    assert found.endswith("- name: TIER\n  value: gold\n")


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_where_the_stream_is_cut_changes_nothing(size: int) -> None:
    text = f"a\n{PEM}- name: DB_PASSWORD\n  value: {PASSWORD}\nb {GITHUB} c\n" * 3
    judge = Judge()
    pieces = [judge.redacted(chunk)[0] for chunk in chunks(io.BytesIO(text.encode()), judge.cut, size)]
    assert b"".join(pieces) == safe(text)


def test_a_line_longer_than_memory_should_hold_is_cut_between_words_and_in_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("discreet._logfiles.chunks.LONGEST", 200_000)
    text = f"password={PASSWORD} and then some words. " * 30_000
    judge = Judge()
    pieces = [judge.redacted(chunk)[0] for chunk in chunks(io.BytesIO(text.encode()), judge.cut)]
    assert len(pieces) > 3
    assert b"".join(pieces).decode() == text.replace(PASSWORD, "[REDACTED:password]")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["password", f"token={PASSWORD}", f"{GITHUB} and {GITHUB}"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["password", "token", "name", "value", GITHUB]), inner)
    ),
    max_leaves=20,
)


@given(values, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_valid_json_stays_valid_json_of_the_same_shape(
    value: Any, ascii_only: bool, separators: tuple[str, str] | None
) -> None:
    line = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
    found = safe(line.encode("utf-8", "surrogatepass"))
    after = json.loads(found.decode("utf-8", "surrogatepass"))
    assert (type(after) is type(value)) or isinstance(after, str)
    if isinstance(value, (list, dict)):
        assert len(after) == len(value)


@given(values)
def test_strings_judged_together_are_judged_as_each_for_itself(value: Any) -> None:
    redactor = Redactor(Redaction(max_text=None))
    assert redacted(value, redactor) == Redactor(Redaction(max_text=None)).plain(value)


@given(st.binary())
def test_any_bytes_go_through_and_what_is_clean_is_not_touched(data: bytes) -> None:
    judge = Judge()
    found, changed = judge.redacted(data)
    assert (found == data) == (not changed)
    assert judge.redacted(found)[0].count(b"\n") <= data.count(b"\n")


@given(
    st.lists(st.sampled_from(["all is well", '{"a": 1.0, "b" :[]}', "", "10:00:01 user 7 signed in\r"])), st.booleans()
)
def test_a_clean_log_comes_out_byte_for_byte(lines: list[str], ended: bool) -> None:
    data = ("\n".join(lines) + ("\n" if ended else "")).encode()
    assert safe(data) == data


def test_standard_input_to_standard_output_with_a_summary_by_kind(redact: Redact) -> None:
    done = redact(input=f'{{"password": "{PASSWORD}"}}\nfine\n{GITHUB}\n'.encode())
    assert done.stdout == b'{"password": "[REDACTED:password]"}\nfine\n[REDACTED:github-token]\n'
    assert done.returncode == 0
    assert b"3 lines, 2 changed: 1 password, 1 github-token" in done.stderr


def test_quiet_says_nothing_and_nothing_makes_nothing(redact: Redact) -> None:
    done = redact("--quiet", input=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_several_processes_give_the_same_as_one_in_the_same_order(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(log(4))
    one = redact("-j", "1", "app.log").stdout
    several = redact("-j", "3", "app.log")
    assert several.stdout == one
    assert PASSWORD.encode() not in one
    assert b"changed" in several.stderr
    assert one.count(b"\n") == log(4).count(b"\n")


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
        redact(input=b"fine\n", capture_output=False, stdout=out)
    assert gzip.decompress((tmp_path / "safe.log.gz").read_bytes()) == b"fine\n"


def test_zstandard_without_its_library_is_said_with_the_remedy(redact: Redact, tmp_path: Path) -> None:
    (tmp_path / "backports").mkdir()
    (tmp_path / "backports" / "__init__.py").write_text("raise ImportError\n")
    (tmp_path / "compression.py").write_text("raise ImportError\n")
    done = redact(input=b"\x28\xb5\x2f\xfd....")
    assert done.returncode == 1
    assert b'pip install "discreet[zstd]"' in done.stderr


@pytest.mark.parametrize(
    "arguments", [["a.log", "-o", "a.log"], ["a.log", "-o", "."], ["a.log", "-o", "no/such/b.log"]]
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
        done = redact("a.log", capture_output=False, stdout=out, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert (tmp_path / "a.log").read_text() == "here\n"


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
    assert process.wait() == 0


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
    assert process.wait() == 141


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
        assert process.wait() == 130
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_only_and_taken_away() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        progress = Progress(1000, stream=stream)
        progress.at(500)
        progress.end()
    assert "50%  500 B of 1.0 kB" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert pipe.getvalue() == ""


def test_progress_of_a_pipe_shows_what_was_done() -> None:
    terminal = Terminal()
    Progress(stream=terminal).at(2_500_000)
    assert terminal.getvalue().startswith("\r2.5 MB  ")


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456_789, "123 MB")])
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert amount(size) == text
