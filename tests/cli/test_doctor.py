"""`discreet doctor`: what is configured and why, what is hooked, and whether redaction works here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction
from discreet.cli import doctor_checks

from .conftest import Cli


@pytest.fixture
def report(cli: Cli) -> dict[str, Any]:
    done = cli("doctor", "--json")
    assert done.stderr == ""
    return {**json.loads(done.stdout), "code": done.returncode}


def test_all_is_well_by_default(report: dict[str, Any]) -> None:
    assert (report["ok"], report["code"]) == (True, 0)


def test_each_setting_says_who_decided_it(report: dict[str, Any]) -> None:
    assert report["settings"]["environment"]["value"] == "test (behaves as prod)"
    assert "DISCREET_ENV" in report["settings"]["environment"]["why"]
    assert all(entry["why"] for entry in report["settings"].values())


def test_everything_is_hooked(report: dict[str, Any]) -> None:
    assert {check["name"]: check["ok"] for check in report["hooks"]} == dict.fromkeys(
        ["logging", "warnings", "uncaught exceptions", "in threads", "in finalizers", "thread pools", "SIGTERM"], True
    )


def test_a_secret_of_every_kind_is_planted_and_masked(report: dict[str, Any]) -> None:
    names = {check["name"] for check in report["redaction"]}
    assert {"jwt", "github-token", "url-password", "card-number", "key: password", "key: cookie"} <= names
    assert [check["name"] for check in report["redaction"] if not check["ok"]] == []


def test_a_kind_that_is_not_masked_is_found() -> None:
    class Blind(Redactor):
        def text(self, value: str) -> str:
            return value

    failed = [check.name for check in doctor_checks.redaction(Blind(Redaction())) if not check.ok]
    assert "github-token" in failed
    assert "key: password" not in failed


def test_a_misspelt_variable_is_wrong(cli: Cli, environ: dict[str, str]) -> None:
    done = cli("doctor", env={**environ, "DISCREET_LEVLE": "info"})
    assert done.returncode == 1
    assert "DISCREET_LEVLE is not a setting; did you mean DISCREET_LEVEL?" in done.stdout
    assert "something is wrong" in done.stdout


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [("DISCREET_LEVEL", "loud", "'loud' is not a level"), ("DISCREET_FILE", "/proc/none/x", "cannot be opened")],
)
def test_a_wrong_setting_is_one_problem_with_its_remedy(
    cli: Cli, environ: dict[str, str], variable: str, value: str, problem: str
) -> None:
    done = cli("doctor", env={**environ, variable: value})
    assert (done.returncode, done.stderr) == (1, "")
    assert problem in done.stdout
    assert "Traceback" not in done.stdout


def test_no_sink_at_all_is_wrong(cli: Cli, environ: dict[str, str]) -> None:
    done = cli("doctor", env={**environ, "DISCREET_STREAM": "none"})
    assert done.returncode == 1
    assert "every record is lost" in done.stdout


def test_a_file_that_was_not_there_is_not_left_behind(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    done = cli("doctor", env={**environ, "DISCREET_FILE": str(tmp_path / "new" / "app.log")})
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_stays_as_it_is(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("")
    cli("doctor", env={**environ, "DISCREET_FILE": str(log)})
    assert log.read_text() == ""


def test_colours_come_only_when_asked_for_without_a_terminal(cli: Cli) -> None:
    assert "\x1b[" not in cli("doctor").stdout
    assert "\x1b[" in cli("doctor", "--color", "always").stdout
