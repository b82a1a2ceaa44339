"""A program that is packed into one file, or frozen, logs as it does from a folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipapp
import zipfile
from pathlib import Path

import pytest

import discreet

from ..waiting import run

pytestmark = pytest.mark.version_sensitive

PLANTED = "hunter2-" + "secret"
PROGRAM = f"""
import logging, sys, discreet
from discreet import log
log.warning("unconfigured", password="{PLANTED}")
print("data")
sys.stdout.flush()
if "stop" not in sys.argv:
    discreet.configure(service="tool", file=sys.argv[1], delivery="queued")
    with discreet.span("job"):
        log.info("configured", url="postgres://app:{PLANTED}@db/shop")
        logging.getLogger("lib").warning("password={PLANTED}")
    discreet.flush()
    assert discreet.health()["dropped"] == {{}}, discreet.health()
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """The program with the package beside it, as `python -m zipapp` packs it."""
    folder = tmp_path_factory.mktemp("zipapp")
    program = folder / "tool"
    shutil.copytree(Path(discreet.__file__).parent, program / "discreet", ignore=shutil.ignore_patterns("__pycache__"))
    (program / "__main__.py").write_text(PROGRAM)
    zipapp.create_archive(program, folder / "tool.pyz")
    return folder / "tool.pyz"


def without_rules(archive: Path, target: Path) -> Path:
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(target, "w") as part:
        for name in whole.namelist():
            if not name.endswith(".json"):
                part.writestr(name, whole.read(name))
    return target


def isolated(*arguments: object) -> list[object]:
    """Python without site-packages, where the package is installed."""
    return [sys.executable, "-S", *arguments]


def check(done, file: Path) -> None:
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr)["message"] == "unconfigured"
    data, *lines = done.stdout.decode().splitlines()
    assert (data, [json.loads(line)["message"] for line in lines]) == (
        "data",
        ["configured", "password=[REDACTED:password]", "job"],
    )
    assert len(file.read_text().splitlines()) == 3
    assert PLANTED not in done.stdout.decode() + done.stderr.decode() + file.read_text()


def test_a_zip_application_logs(archive, tmp_path):
    check(run(isolated(archive, tmp_path / "file.log")), tmp_path / "file.log")


def test_a_package_in_a_zip_file_on_the_path_has_all_its_commands(archive):
    environ = {**os.environ, "PYTHONPATH": str(archive)}
    environ.pop("COVERAGE_PROCESS_START", None)
    schema = run(isolated("-m", "discreet", "schema"), env=environ)
    assert json.loads(schema.stdout)["title"] == "discreet/1", schema.stderr
    policy = run(isolated("-m", "discreet", "schema", "--redaction"), env=environ)
    assert "extra_keys" in json.loads(policy.stdout)["properties"]


def test_a_policy_is_checked_by_a_program_in_a_zip_file(archive, tmp_path):
    (tmp_path / "policy.json").write_text('{"extra_keys": ["colour"]}')
    environ = {**os.environ, "PYTHONPATH": str(archive), "DISCREET_REDACTION": str(tmp_path / "policy.json")}
    done = run(isolated("-c", "import discreet; discreet.log.info('hello', colour='blue')"), env=environ)
    assert json.loads(done.stderr)["colour"] == "[REDACTED:colour]"


def test_without_its_data_files_every_text_is_masked_and_the_reason_is_said_once(archive, tmp_path):
    program = without_rules(archive, tmp_path / "tool.pyz")
    done = run(isolated(program, tmp_path / "file.log", "stop"))
    assert (done.returncode, done.stdout) == (0, b"data\n"), done.stderr
    reason, line = done.stderr.decode().splitlines()
    assert reason.startswith("discreet: every text is masked: names.json of the package discreet cannot be read")
    record = json.loads(line)
    assert (record["message"], record["severity"]) == ("[REDACTED:unjudged]", "WARNING")
    assert PLANTED not in line


def test_without_its_data_files_configure_refuses_and_says_what_to_do(archive, tmp_path):
    program = without_rules(archive, tmp_path / "tool.pyz")
    done = run(isolated(program, tmp_path / "file.log"))
    assert done.returncode == 1
    assert b"DiscreetError: names.json of the package discreet cannot be read" in done.stderr
    assert b"Pack its data files with your program" in done.stderr


def test_without_its_data_files_no_form_of_a_record_gives_anything_away(archive, tmp_path):
    program = without_rules(archive, tmp_path / "tool.pyz")
    source = f"""
import logging, discreet
secret = "{PLANTED}"
log = discreet.get_logger("app")
with discreet.context(tenant=secret), discreet.span("job " + secret, key=secret):
    log.info("to {{a}}", a=secret)
    log.info("to %s", secret, rows=[secret], nested={{secret: secret}})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
assert discreet.mask(secret) == "[REDACTED:unjudged]"
"""
    done = run(isolated("-c", source), env={**os.environ, "PYTHONPATH": str(program)})
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(b"discreet: every text is masked") == 1
    assert done.stderr.count(b"\n") == 5
    assert PLANTED.encode() not in done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="PyInstaller is installed elsewhere only")
def test_a_program_that_pyinstaller_froze_logs(tmp_path):
    (tmp_path / "tool.py").write_text(PROGRAM)
    # What receivers need is left out: with it, the hooks of the libraries here bundle 300 MB of their friends.
    others = ("opentelemetry", "azure", "google", "grpc", "urllib3")
    left_out = [argument for name in others for argument in ("--exclude-module", name)]
    command = [sys.executable, "-m", "PyInstaller", "--onedir", "--noconfirm", *left_out, "tool.py"]
    built = run(command, cwd=tmp_path, env={**os.environ, "PYINSTALLER_CONFIG_DIR": str(tmp_path / "cache")})
    assert built.returncode == 0, built.stderr.decode()
    tool = tmp_path / "dist" / "tool" / "tool"
    check(run([tool, tmp_path / "file.log"]), tmp_path / "file.log")
    ecs = run([tool, tmp_path / "ecs.log"], env={**os.environ, "DISCREET_FORMAT": "ecs"})
    assert json.loads(ecs.stdout.splitlines()[0])["ecs.version"], ecs.stderr
