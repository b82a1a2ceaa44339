"""`discreet pretty [FILES...]`: JSON lines to the console format, as they come."""

from __future__ import annotations

import heapq
import sys
from operator import itemgetter
from typing import TYPE_CHECKING

from discreet._base.levels import parse_level
from discreet._encoding.console.line import ConsoleEncoder, terminal_width
from discreet.cli.inputs import line_files, parse_line, read_line, text_at
from discreet.cli.options import add_color, add_files, add_repeatable, pair, value
from discreet.cli.terminal import palette

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

DESCRIPTION = """\
Show JSON lines as the console format. A line that holds no record of discreet passes through unchanged. Several
files are merged by time, with a column for the service. Without FILES it reads standard input, line by line.
"""
EPILOG = """\
examples:
  docker compose logs -f | discreet pretty
  discreet pretty --level warning --field tenant=acme gateway.json orders.json.gz
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """FILES, which records, and how they look."""
    add_files(parser, "JSON lines, also compressed with gzip or zstd")
    parser.add_argument("-l", "--level", type=value(parse_level), default=0, help="leave out records below this level")
    add_repeatable(
        parser, "-f", "--field", metavar="KEY=VALUE", parse=pair, help="only records in which this field has this value"
    )
    parser.add_argument("--services", action="store_true", help="a column for the service, also for a single file")
    parser.add_argument("--dates", action="store_true", help="show the day before the time")
    add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read and print until the input ends."""
    out = sys.stdout.buffer
    live = "-" in arguments.files

    def write(line: bytes) -> None:
        out.write(line)
        if live:  # a person watches
            out.flush()

    colors = palette(arguments.color).colors
    encoder = ConsoleEncoder(
        color=colors > 0,
        colors=colors,
        width=lambda: terminal_width(sys.stdout),
        services=arguments.services or len(arguments.files) > 1,
        dates=arguments.dates,
    )
    with line_files(arguments.files) as files:
        # Several files by time. A line that holds no record stays behind the line before it.
        timed = heapq.merge(*map(_timed, files), key=itemgetter(0))
        lines = files[0] if len(files) == 1 else (line for _, line in timed)
        pretty(lines, write, encoder=encoder, minimum=arguments.level, fields=dict(arguments.field))
    return 0


def pretty(
    lines: Iterable[bytes],
    write: Callable[[bytes], object],
    *,
    encoder: ConsoleEncoder | None = None,
    minimum: int = 0,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Write each line of `lines` as soon as it comes; `write` has to flush.

    Records below level `minimum`, and those that differ in one of `fields` (compared as text; reserved keys such
    as `logger` count too), are left out. A line that holds no record is written byte for byte. What a container engine
    put before a record stays before the pretty line. Returns when the reader of the output is gone.
    """
    encode = encoder or ConsoleEncoder()
    wanted = (fields or {}).items()
    for line in lines:
        found = read_line(line)
        out = line
        if found is not None:
            prefix, values, record = found
            if record.level < minimum or any(text_at(values, key) != text for key, text in wanted):
                continue
            out = encode(record, prefix)
        try:
            write(out)
        except BrokenPipeError:
            return


def _timed(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    time_ns = 0
    for line in lines:
        record = parse_line(line)
        if record is not None:
            time_ns = record.time_ns
        yield time_ns, line
