"""`discreet pretty [FILES...]`: the command line around `pretty.py`."""

from __future__ import annotations

import argparse
import heapq
import sys
from typing import IO, TYPE_CHECKING, Any

from discreet._base.levels import parse_level
from discreet._encoding.console.line import ConsoleEncoder, color_count, terminal_width, wants_color
from discreet.cli.inputs import lines_of, opened
from discreet.cli.pretty.pretty import parse_line, pretty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DESCRIPTION = """\
Show JSON lines as the console format. Lines that are no records of discreet pass through untouched. Several files
are merged by time, with a column for the service. Without FILES it reads standard input, line by line.
"""
_EXAMPLES = """\
examples:
  docker compose logs -f | discreet pretty
  discreet pretty --level warning --field tenant=acme gateway.json orders.json
"""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "pretty",
        help="show JSON lines for people",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", nargs="*", default=["-"], help="JSON lines, also gzip; - is stdin")
    parser.add_argument("-l", "--level", type=_level, default=0, help="leave out records below this level")
    parser.add_argument(
        "-f", "--field", metavar="KEY=VALUE", type=_field, action="append", default=[], help="only these (repeatable)"
    )
    parser.add_argument("--services", action="store_true", help="a column for the service, also for one file")
    parser.add_argument("--dates", action="store_true", help="the day before the time")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, print; 1 if a file cannot be read."""
    out = sys.stdout.buffer

    follows = "-" in arguments.files

    def write(line: bytes) -> None:
        out.write(line)
        if follows:  # a person watches
            out.flush()

    colored = wants_color(sys.stdout) if arguments.color == "auto" else arguments.color == "always"
    encoder = ConsoleEncoder(
        color=colored,
        colors=color_count(),
        width=lambda: terminal_width(sys.stdout),
        services=arguments.services or len(arguments.files) > 1,
        dates=arguments.dates,
    )
    try:
        with opened(arguments.files) as files:
            lines = lines_of(files[0]) if len(files) == 1 else merged(files)
            pretty(lines, write, encoder=encoder, minimum=arguments.level, fields=dict(arguments.field))
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"discreet: {error.filename or 'input'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def merged(files: Iterable[IO[bytes]]) -> Iterator[bytes]:
    """The lines of several files by time; a line that is no record stays behind the one before it."""
    for _, line in heapq.merge(*(_timed(file) for file in files), key=lambda pair: pair[0]):
        yield line


def _timed(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    now = 0
    for line in lines_of(file):
        record = parse_line(line)
        if record is not None:
            now = record.time_ns
        yield now, line


def _level(text: str) -> int:
    try:
        return parse_level(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _field(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
