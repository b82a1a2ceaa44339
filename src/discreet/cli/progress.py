"""How far a long command has come, drawn on a terminal's standard error and nowhere else."""

from __future__ import annotations

import shutil
import sys
import time
from typing import IO

_EVERY = 0.1  # seconds between two drawings
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """A line that is drawn over and over. `total` is in bytes; 0 if nobody knows it."""

    def __init__(self, total: int = 0, *, show: bool | None = None, stream: IO[str] | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        # On a terminal that shows the output too, the two would write over each other.
        self._shown = self._stream.isatty() and not sys.stdout.isatty() if show is None else show
        self._total = total
        self._began = time.monotonic()
        self._drawn = 0.0

    def at(self, done: int) -> None:
        """So many bytes of the input are done."""
        now = time.monotonic()
        if self._shown and now - self._drawn >= _EVERY:
            self._drawn = now
            line = self._line(done, now - self._began)[: shutil.get_terminal_size().columns - 1]
            self._stream.write(f"\r{line}\x1b[K")
            self._stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _line(self, done: int, seconds: float) -> str:
        rate = done / seconds if seconds else 0.0
        if not self._total:
            return f"{amount(done)}  {amount(rate)}/s"
        part = min(1.0, done / self._total)
        left = (self._total - done) / rate if rate and part < 1 else 0.0
        bar = ("#" * int(part * 30)).ljust(30, ".")
        return f"[{bar}] {part:4.0%}  {amount(done)} of {amount(self._total)}  {amount(rate)}/s  {_clock(left)} left"


def amount(size: float) -> str:
    """Bytes as a person reads them."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 99.95 else f"{size:.1f} {_UNITS[unit]}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
