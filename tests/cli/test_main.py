"""The command as a whole: help, versions, exit codes, quiet ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import discreet
from discreet.cli import main

from ..waiting import run


@pytest.mark.parametrize("command", ["run", "pretty", "trace", "redact", "scan", "doctor", "recover", "schema", "demo"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"discreet {command}" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"discreet {discreet.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["trace"], ["pretty", "--level", "loud"], ["pretty", "-f", "x"]]
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "discreet" in capsys.readouterr().err


def test_the_schema_is_printed_as_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "discreet/1"


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("discreet.cli.schema.run", interrupted)
    assert main(["schema"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_leaves_is_no_error(environ: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "discreet", "schema"], check=False, stdout=writer, stderr=subprocess.PIPE, env=environ
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_only_the_command_that_is_asked_for_is_imported(environ: dict[str, str]) -> None:
    code = """
import sys
from discreet.cli import main
main(["schema"])
print(*sorted(name for name in sys.modules if name.startswith("discreet.cli.")), file=sys.stderr)
"""
    done = run([sys.executable, "-c", code], env=environ)
    assert done.stderr == b"discreet.cli.options discreet.cli.schema\n"
