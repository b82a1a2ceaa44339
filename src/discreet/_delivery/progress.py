"""Progress bars of tqdm, where they share a terminal with our lines: they give way to a line, and are drawn again.

rich's bars need nothing: while one is shown, rich replaces `sys.stdout` and `sys.stderr` by streams that do the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from discreet._base import threads
from discreet._base.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import ModuleType
    from typing import TextIO


class _Bars:
    """What is drawn on the terminal."""

    tqdm: Any = None
    """The class of the bars; None until a terminal is written to by us, and by tqdm."""
    awaited = False
    cleared_by: int | None = None
    """The thread that writes a line now, with the bars cleared."""


bars = _Bars()


def watch() -> None:
    """From now on, find tqdm when the program imports it: lines go to a terminal."""
    if not bars.awaited:
        bars.awaited = True
        when_imported("tqdm.std", _use)


def _use(module: ModuleType) -> None:
    bars.tqdm = module.tqdm


@contextmanager
def cleared(stream: TextIO) -> Generator[None]:
    """While a line is written to this stream, no bar is on the line where it will stand."""
    before, bars.cleared_by = bars.cleared_by, threads.ident()
    try:
        with bars.tqdm.external_write_mode(file=stream):
            yield
    finally:
        bars.cleared_by = before
