"""The `discreet` command: one file per subcommand, each with `add(subparsers)` and `run(arguments)`.

Exit codes: 0 done, 1 the answer is bad news (or nothing was found), 2 the command line was wrong, 130 interrupted.
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

_COMMANDS = ("run", "pretty_command", "trace", "redact", "scan", "doctor", "schema", "demo")
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

`discreet COMMAND --help` explains each. Settings: see `discreet doctor`.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code; `argv` is without the program's name."""
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


def _close_stdout() -> None:
    """The reader is gone: give the interpreter somewhere to flush to, or it complains at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
