"""`discreet pretty`: JSON lines to the console format, as they come.

A line that is no record of ours passes through untouched, byte for byte. What a container engine put before a
record stays, quietly, before the pretty line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._encoding.console.line import ConsoleEncoder
from discreet.cli.pretty.lines import parse_line, read_line, text_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["parse_line", "pretty"]


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
    as `logger` count too), are left out. Lines that are no records always stay. Returns when the reader of the
    output is gone.
    """
    encode = (encoder or ConsoleEncoder()).encode
    wanted = dict(fields or {})
    for line in lines:
        found = read_line(line)
        if found is None:
            out = line
        elif found.record.level >= minimum and all(text_at(found.values, key) == wanted[key] for key in wanted):
            out = encode(found.record, found.prefix)
        else:
            continue
        try:
            write(out)
        except BrokenPipeError:
            return
