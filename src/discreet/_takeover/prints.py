"""With `prints=True`: what `print` would write to stdout or stderr becomes records."""

from __future__ import annotations

import atexit
import builtins
import sys
import threading
from functools import wraps
from typing import Any

from discreet._base.levels import INFO, levels
from discreet._call.logger import active

_MOST_HELD = 65_536  # characters of a line that has not ended; a longer one is recorded in parts
_print = builtins.print


_held: dict[int, str] = {}
"""By thread: what it has printed of a line that has not ended, as `print(..., end="")` does."""


@wraps(_print)
def print_record(
    *values: object, sep: str | None = None, end: str | None = None, file: Any = None, **options: Any
) -> None:
    """`print` of ours: one record at INFO for each call that ends its line. Other files than the console get text."""
    if file is not None and file not in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        _print(*values, sep=sep, end=end, file=file, **options)
        return
    parts = [value if type(value) is str else str(value) for value in values]  # raises what `print` raises
    thread = threading.get_ident()
    text = _held.pop(thread, "") + (" " if sep is None else sep).join(parts) + ("\n" if end is None else end)
    if not text.endswith("\n") and len(text) < _MOST_HELD:
        _held[thread] = text.rpartition("\r")[2]  # a carriage return begins the line anew, as progress displays do
        return
    _record(text, str(sys._getframe(1).f_globals.get("__name__") or "root"))


def _record(text: str, logger: str) -> None:
    text = "\n".join(line.rpartition("\r")[2] for line in text.rstrip("\n").split("\n"))
    channel = levels.channel(logger)
    if text.strip() and channel.threshold <= INFO:
        active.emitter.emit(channel, INFO, text, (), {}, None)


def _record_rest() -> None:
    """What was printed of lines that never ended."""
    for thread in tuple(_held):
        _record(_held.pop(thread, ""), "print")


def install() -> None:
    """Put our `print` in the place of Python's, or of whoever replaced it."""
    global _print
    if builtins.print is not print_record:
        _print, builtins.print = builtins.print, print_record
        atexit.register(_record_rest)


def uninstall() -> None:
    """Put the previous `print` back, unless somebody has replaced ours."""
    if builtins.print is print_record:
        builtins.print = _print
    _record_rest()
    atexit.unregister(_record_rest)
