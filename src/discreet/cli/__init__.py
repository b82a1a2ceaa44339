"""The `discreet` command: one file per subcommand, each with `add(subparsers)` and `run(arguments)`.

Exit codes: 0 done, 1 the answer is bad news (or nothing was found), 2 the command line was wrong or the output cannot
be written, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

from discreet import __version__
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_COMMANDS = (
    "run.command",
    "pretty.command",
    "trace.command",
    "redact.command",
    "scan.command",
    "doctor.command",
    "recover",
    "schema",
    "demo.command",
)
_INTERRUPTED = 130
_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended

_EXAMPLES = """\
examples:
  discreet run -- uvicorn shop.api:app          a service as it is, its logs structured and redacted
  uvicorn shop.api:app | discreet pretty        JSON lines, as a person reads them
  discreet trace 4bf92f35 logs/*.json           one request across services
  discreet redact < app.log > safe.log          a log that exists already, without its secrets
  discreet scan .                               which secrets stand where
  discreet doctor                               what is configured, and why
  discreet recover                              what killed processes left undelivered

`discreet COMMAND --help` explains each. Settings: see `discreet doctor`.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code; `argv` is without the program's name."""
    _replace_closed_streams()
    try:
        arguments = _parser().parse_args(argv)
        command = cast("Callable[[argparse.Namespace], int]", arguments.command)
        code = command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except DiscreetError as error:
        print(f"discreet: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # inputs say theirs themselves: this is an output that takes no more
        print(f"discreet: {error.filename or 'the output'}: {error.strerror or error}", file=sys.stderr)
        _close_stdout()
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="discreet",
        description="Logs that tell you everything but your secrets.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"discreet {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        import_module(f"discreet.cli.{name}").add(subparsers)
    return parser


def _replace_closed_streams() -> None:
    """Python has None for a stream that the caller closed, and `print` would write to the other one instead."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - open as long as the process is
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - likewise


def _close_stdout() -> None:
    """Nobody takes what is still to be written: give the interpreter somewhere to flush to, or it complains at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
