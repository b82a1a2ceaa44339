"""The `discreet` command: one module or folder for each subcommand, imported only when it is asked for.

Exit codes: 0 done, 1 bad news (or nothing was found), 2 the command line was wrong or the output cannot be written,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

from discreet._base.version import __version__
from discreet.cli.options import CommandLineError
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_COMMANDS = {
    "run.command": "run a program with discreet, without changing its code",
    "pretty": "show JSON lines in a form for people",
    "trace.command": "draw one request across services",
    "redact": "copy logs without their secrets",
    "scan": "find secrets in files and folders",
    "doctor.command": "show the settings in force, and check that logging works",
    "recover": "deliver records that killed processes left on disk",
    "schema": "print the JSON Schema of a log line",
    "demo.command": "watch three real services log as one",
}
_EXAMPLES = """\
examples:
  discreet run -- uvicorn shop.api:app          run a service; its logs become structured and redacted
  uvicorn shop.api:app | discreet pretty        read JSON lines in a terminal
  discreet trace 4bf92f35 logs/*.json           follow one request through all services
  discreet redact < app.log > safe.log          remove the secrets from a log
  discreet scan .                               find secrets in files
  discreet doctor                               see the settings, who decided them, and what is wrong
  discreet recover                              deliver what killed processes could not

`discreet COMMAND --help` explains each command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code; `argv` is without the program's name."""
    for name in ("stderr", "stdout"):
        if getattr(sys, name) is None:  # the caller closed it, and `print` would write to the other one instead
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open as long as the process is
    try:
        arguments = _parser(sys.argv[1:] if argv is None else argv).parse_args(argv)
        code = cast("Callable[[argparse.Namespace], int]", arguments.run)(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_stdout()
        return 141  # what a shell reports for a program that SIGPIPE ended
    except KeyboardInterrupt:
        return 130
    except DiscreetError as error:
        print(f"discreet: {error}", file=sys.stderr)
        return 2 if isinstance(error, CommandLineError) else 1
    except OSError as error:  # the output cannot be written: errors of inputs are DiscreetErrors
        print(f"discreet: {error.filename or 'the output'}: {error.strerror or error}", file=sys.stderr)
        _discard_stdout()
        return 2
    return code


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The whole command line, with the options of the subcommand that is asked for."""
    parser = argparse.ArgumentParser(
        prog="discreet",
        description="Logs that tell you everything but your secrets.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"discreet {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = next((word for word in argv if not word.startswith("-")), None)
    for module, summary in _COMMANDS.items():
        name = module.partition(".")[0]
        subparser = subparsers.add_parser(name, help=summary, formatter_class=parser.formatter_class)
        if name == wanted:
            command = import_module(f"discreet.cli.{module}")
            subparser.description, subparser.epilog = command.DESCRIPTION, command.EPILOG
            subparser.set_defaults(run=command.run)
            command.add_options(subparser)
    return parser


def _discard_stdout() -> None:
    """Send the rest of the output nowhere: the interpreter flushes it at exit, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
