"""`discreet run`: a program as it is, with discreet in every Python process it starts."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli

pytestmark = pytest.mark.version_sensitive

LOGS = "import logging\nlogging.getLogger('app').info('hello %s', 'you', extra={'password': 'hunter' + '2x'})\n"


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(autouse=True)
def named(environ: dict[str, str]) -> None:
    environ["DISCREET_SERVICE"] = "shop"


def test_a_script_logs_structured_and_redacted_without_a_change(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LOGS)
    done = cli("run", "--", "app.py")
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = records(done.stdout)
    assert record["message"] == "hello you"
    assert record["password"] == "[REDACTED:password]"
    assert record["service"] == "shop"


def test_the_programs_arguments_and_exit_code_are_its_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")
    done = cli("run", "app.py", "--port", "80", "--", "-x")
    assert (done.returncode, done.stdout) == (7, "['--port', '80', '--', '-x']\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_the_programs_signals_are_its_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert cli("run", "--", "app.py").returncode == -signal.SIGKILL


def test_a_module_names_its_service(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    del environ["DISCREET_SERVICE"]
    (tmp_path / "worker.py").write_text(LOGS)
    done = cli("run", "--", sys.executable, "-m", "worker", "arg")
    assert {record["service"] for record in records(done.stdout)} == {"worker"}


def test_uncaught_exceptions_and_warnings_become_records(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import warnings\nwarnings.warn('careful')\nraise ValueError('boom')\n")
    done = cli("run", "--", "app.py")
    assert (done.returncode, done.stderr) == (1, "")
    warned, raised = records(done.stdout)
    assert (warned["logger"], warned["message"]) == ("py.warnings", "careful")
    assert raised["exception"]["type"] == "ValueError"


def test_child_processes_log_alike_and_do_not_repeat_advice(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    del environ["DISCREET_SERVICE"]
    environ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"  # where services run
    (tmp_path / "app.py").write_text(
        "import logging, multiprocessing, subprocess, sys\n"
        "def job():\n"
        "    logging.getLogger('job').warning('from a worker')\n"
        "if __name__ == '__main__':\n"
        "    subprocess.run([sys.executable, '-c', 'import logging; logging.warning(\"from a child\")'])\n"
        "    worker = multiprocessing.get_context('spawn').Process(target=job)\n"
        "    worker.start()\n"
        "    worker.join()\n"
    )
    advice, child, worker = records(cli("run", "--", "app.py").stdout)
    assert "DISCREET_SERVICE is not set" in advice["message"]
    assert child["message"] == "from a child"
    assert (worker["message"], worker["service"]) == ("from a worker", "app")


def test_a_sitecustomize_that_was_there_still_runs(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    company = tmp_path / "company"
    company.mkdir()
    (company / "sitecustomize.py").write_text("import builtins\nbuiltins.company = 'here'\n")
    (tmp_path / "app.py").write_text("import sys\nprint(company, any('_bootstrap' in entry for entry in sys.path))\n")
    done = cli("run", "--", "app.py", env={**environ, "PYTHONPATH": str(company)})
    assert done.stdout == "here False\n"


def test_a_wrong_setting_is_one_error_and_nothing_runs(cli: Cli, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print('ran')\n")
    done = cli("run", "--", "app.py", env={**environ, "DISCREET_LEVEL": "loud"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("discreet: DISCREET_LEVEL='loud'")
    assert len(done.stderr.splitlines()) == 1


def test_a_child_that_cannot_be_configured_says_so_and_runs(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, subprocess, sys\n"
        "os.environ['DISCREET_LEVEL'] = 'loud'\n"
        "subprocess.run([sys.executable, '-c', 'print(42)'])\n"
    )
    done = cli("run", "--", "app.py")
    assert done.stdout == "42\n"
    assert "not started in this process" in done.stderr
    assert "DISCREET_LEVEL='loud'" in done.stderr


@pytest.mark.parametrize(("command", "code"), [([], 2), (["--"], 2), (["--", "no-such-command"], 127)])
def test_what_cannot_run_is_said(cli: Cli, command: list[str], code: int) -> None:
    done = cli("run", *command)
    assert done.returncode == code
    assert done.stderr.startswith("discreet: ")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_a_file_that_is_no_program_is_said(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("no program")
    assert cli("run", "--", "./data.txt").returncode == 126


def test_running_inside_a_run_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LOGS)
    done = cli("run", "--", sys.executable, "-m", "discreet", "run", "--", "app.py")
    assert [record["message"] for record in records(done.stdout)] == ["hello you"]
