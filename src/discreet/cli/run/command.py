"""`discreet run -- CMD ...`: run an unchanged program, with discreet in every Python process that it starts."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from discreet._config.settings import resolve
from discreet.cli.options import CommandLineError
from discreet.cli.terminal import say

_BOOTSTRAP = str(Path(__file__).with_name("path"))
_NOT_EXECUTABLE = 126  # as in shells
_NOT_FOUND = 127

DESCRIPTION = """\
Run a program with discreet in every Python process that it starts, configured from the environment before the first
line of the program. Records of the program and its libraries, warnings and uncaught exceptions become structured,
redacted lines. Under uvicorn and gunicorn each request gets ids and one record. The program replaces this process, so
signals and the exit code are its own.
"""
EPILOG = """\
examples:
  discreet run -- uvicorn shop.api:app --port 8000
  discreet run -- gunicorn shop.web:app
  discreet run -- python -m shop.worker
  discreet run -- job.py --date 2024-05-01
  DISCREET_FORMAT=json DISCREET_LEVEL=info,sqlalchemy=debug discreet run -- celery -A shop worker

It has no effect on Python started with -I, -E or -S, which ignores PYTHONPATH or start-up files.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The program and its arguments."""
    parser.usage = "discreet run [-h] [--] CMD ..."
    parser.add_argument("program", metavar="CMD", nargs=argparse.REMAINDER, help="a command, or a Python script")


def run(arguments: argparse.Namespace) -> int:
    """Become the program; returns only if that is impossible. A wrong setting raises before anything runs."""
    program: list[str] = arguments.program
    if program[:1] == ["--"]:
        program = program[1:]
    if not program:
        raise CommandLineError("no command given. Write it after --: discreet run -- python app.py")
    resolve()
    if program[0].endswith((".py", ".pyz")) and os.path.isfile(program[0]):  # it need not be executable
        program = [sys.executable, *program]
    executable = _find(program[0])
    if executable is None:
        say(f"{program[0]}: command not found")
        return _NOT_FOUND
    environ = dict(os.environ)
    others = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != _BOOTSTRAP]
    environ["PYTHONPATH"] = os.pathsep.join([_BOOTSTRAP, *others])
    try:
        if os.name == "nt":  # there exec starts a new process and ends this one before it has finished
            return subprocess.call([executable, *program[1:]], env=environ)  # noqa: S603 - the user's own command
        os.execve(executable, program, environ)  # noqa: S606 - likewise
    except OSError as error:
        say(f"{program[0]}: {error.strerror}")
        return _NOT_EXECUTABLE


def _find(name: str) -> str | None:
    """On PATH, else beside this Python: a virtual environment need not be activated."""
    found = shutil.which(name) or shutil.which(name, path=os.path.dirname(sys.executable))
    if found is None and os.path.isfile(name):
        return name  # the system reports what is wrong with it
    return found
