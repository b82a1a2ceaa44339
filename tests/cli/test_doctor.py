"""`discreet doctor`: what is configured and why, what is hooked, and whether redaction works here."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet.cli.doctor import checks

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
        [
            "logging",
            "warnings",
            "uncaught exceptions",
            "in threads",
            "in finalizers",
            "thread pools",
            "SIGTERM",
            "structlog",
            "loguru",
        ],
        True,
    )


def test_a_secret_of_every_kind_is_planted_and_masked(report: dict[str, Any]) -> None:
    names = {check["name"] for check in report["redaction"]}
    assert {"jwt", "github-token", "url-password", "card-number", "key: password", "key: cookie"} <= names
    assert [check["name"] for check in report["redaction"] if not check["ok"]] == []


def test_a_kind_that_is_not_masked_is_found() -> None:
    class Blind(Redactor):
        def text(self, value: str) -> str:
            return value

    failed = [check.name for check in checks.redaction(Blind(Redaction())) if not check.ok]
    assert "github-token" in failed
    assert "key: password" not in failed


def test_what_was_redacted_in_a_log_is_counted_by_kind_and_by_logger(cli: Cli, tmp_path: Path) -> None:
    marked = '{"message": "password=[REDACTED:password]", "logger": "%s", "card": "[REDACTED:payment-card:1111]"}\n'
    log = marked % "shop.api" + "web-1 | " + marked % "shop.db" + marked % "shop.api" + '{"message": "fine"}\n'
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(log.encode()))
    done = cli("doctor", "--json", "--log", "app.log.gz", "--log", "-", input="text with [REDACTED:jwt] in {it\n")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["log"] == {
        "lines": 5,
        "redacted": {"password": 3, "payment-card": 3, "jwt": 1},
        "redacted_by_logger": {"shop.api": 4, "shop.db": 2, "(none)": 1},
        "problems": [],
    }
    lines = [line.split() for line in cli("doctor", "--log", "app.log.gz").stdout.splitlines()]
    title = lines.index(["redacted", "in", "the", "log:", "6", "in", "4", "lines"])
    assert lines[title + 1 : title + 7] == [
        ["by", "kind"],
        ["3", "password"],
        ["3", "payment-card"],
        ["by", "logger"],
        ["4", "shop.api"],
        ["2", "shop.db"],
    ]


def test_the_count_is_that_of_the_health_of_the_service_that_wrote_the_log(
    cli: Cli, python: Any, tmp_path: Path
) -> None:
    done = python(
        """
        import json, sys
        import discreet

        discreet.configure(environment="prod")
        discreet.get_logger("shop.api").info("signing in", password="hunter2" + "xyz", nested={"api_key": "k" * 20})
        health = discreet.health()
        print(json.dumps([health["redacted"], health["redacted_by_logger"]]), file=sys.stderr)
        """
    )
    (tmp_path / "app.log").write_bytes(done.out)
    counted = json.loads(cli("doctor", "--json", "--log", "app.log").stdout)["log"]
    assert [counted["redacted"], counted["redacted_by_logger"]] == json.loads(done.err)
    assert counted["redacted"] == {"password": 1, "api-key": 1}


def test_a_log_that_cannot_be_read_is_wrong(cli: Cli) -> None:
    done = cli("doctor", "--log", "missing.log")
    assert done.returncode == 1
    assert "missing.log: No such file or directory" in done.stdout


def test_a_misspelt_variable_is_wrong(cli: Cli, environ: dict[str, str]) -> None:
    done = cli("doctor", env={**environ, "DISCREET_LEVLE": "info"})
    assert done.returncode == 1
    assert "DISCREET_LEVLE is not a setting; did you mean DISCREET_LEVEL?" in done.stdout
    assert "something is wrong" in done.stdout


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("DISCREET_LEVEL", "loud", "DISCREET_LEVEL='loud': not a level"),
        ("DISCREET_FILE", "/proc/none/x", "cannot be opened"),
    ],
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
