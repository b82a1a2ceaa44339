"""`discreet run -- CMD ...`: a program as it is, with discreet in every Python process it starts."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from discreet._config.settings import resolve

_BOOTSTRAP = str(Path(__file__).with_name("path"))
_NOT_EXECUTABLE = 126  # as shells have it
_NOT_FOUND = 127

_DESCRIPTION = """\
Run a program with discreet configured from the environment before its first line, in every Python process it
starts: records of its own and of its libraries, warnings and uncaught exceptions become structured, redacted
lines. Under uvicorn and gunicorn each request gets ids and one record. The program replaces this process, so that
signals and the exit code are its own.
"""
_EXAMPLES = """\
examples:
  discreet run -- uvicorn shop.api:app --port 8000
  discreet run -- gunicorn shop.web:app
  discreet run -- python -m shop.worker
  discreet run -- job.py --date 2024-05-01
  DISCREET_FORMAT=json DISCREET_LEVEL=info,sqlalchemy=debug discreet run -- celery -A shop worker

Python started with -I, -E or -S ignores PYTHONPATH or start-up files, and so this.
"""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "run",
        help="run a program with discreet, without changing its code",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="discreet run [-h] [--] CMD ...",
    )
    parser.add_argument("program", metavar="CMD", nargs=argparse.REMAINDER, help="a command, or a Python script")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Become the program; returns only if that is impossible. A wrong setting raises here, before anything runs."""
    program: list[str] = arguments.program
    if program[:1] == ["--"]:
        program = program[1:]
    if not program:
        print("discreet: no command given. Write it after --: discreet run -- python app.py", file=sys.stderr)
        return 2
    resolve()
    command = _command(program)
    executable = _find(command[0])
    if executable is None:
        print(f"discreet: {command[0]}: command not found", file=sys.stderr)
        return _NOT_FOUND
    try:
        _become(executable, command, _environment(os.environ))
    except OSError as error:
        print(f"discreet: {command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_EXECUTABLE


def _command(program: list[str]) -> list[str]:
    """A Python script is run by this Python, executable or not."""
    script = program[0]
    if script.endswith((".py", ".pyz")) and os.path.isfile(script):
        return [sys.executable, *program]
    return program


def _find(name: str) -> str | None:
    """On PATH, else beside this Python: a virtual environment need not be activated."""
    found = shutil.which(name) or shutil.which(name, path=os.path.dirname(sys.executable))
    if found is None and os.path.isfile(name):
        return name  # let the system say what is wrong with it
    return found


def _environment(inherited: os._Environ[str]) -> dict[str, str]:
    environ = dict(inherited)
    others = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != _BOOTSTRAP]
    environ["PYTHONPATH"] = os.pathsep.join([_BOOTSTRAP, *others])
    return environ


def _become(executable: str, command: list[str], environ: dict[str, str]) -> NoReturn:
    if os.name == "nt":  # there exec starts a new process and ends this one before it has finished
        sys.exit(subprocess.call([executable, *command[1:]], env=environ))  # noqa: S603 - the user's own command
    os.execve(executable, [command[0], *command[1:]], environ)  # noqa: S606 - likewise
