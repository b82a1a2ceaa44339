"""What discreet says about itself: one line on stderr, which never quotes data."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from discreet._base.escape import escape

if TYPE_CHECKING:
    from collections.abc import Iterable


def reason_of(error: BaseException) -> str:
    """Why a write failed, without a word of the data: the system's name for the error, or the exception's class."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return errno.errorcode[number]
    return type(error).__name__


def counted(number: int, noun: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(lines: list[str], most: int = 20) -> list[str]:
    """The first `most` lines, and how many more there are."""
    return [*lines[:most], f"and {len(lines) - most} more"] if len(lines) > most else lines


def report_problem(text: str) -> None:
    """Write one line about a problem of discreet's own to stderr. `text` quotes no data; names in it get escaped."""
    try:
        os.write(2, f"discreet: {escape(text)}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return  # no stderr: `health()` still knows


class Reporter:
    """Reports each problem of one sink once."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def once(self, problem: str, text: str) -> None:
        """Report `text`, unless this problem was reported before."""
        if problem not in self._reported:
            self._reported.add(problem)
            report_problem(text)

    def drops(self, reasons: Iterable[str], action: str) -> None:
        """Report each reason for which records were dropped; `action` is what could not be done."""
        for reason in reasons:
            self.once(reason, f"a record could not be {action}: {reason}; discreet.health() keeps count")

    def skip(self, problem: str) -> None:
        """Do not report this problem: it is reported elsewhere."""
        self._reported.add(problem)
