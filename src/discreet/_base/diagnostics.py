"""What discreet says about itself, in its own voice: one line on stderr, which never quotes data."""

from __future__ import annotations

import errno
import os

from discreet._base.escape import escape


def reason_of(error: BaseException) -> str:
    """Why a write failed, without a word of the data: the system's name for the error, or the exception's class."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return errno.errorcode[number]
    return type(error).__name__


def counted(number: int, noun: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def report_problem(text: str) -> None:
    """discreet's own trouble goes to stderr as one line. `text` quotes no data; of names in it nothing is a command."""
    try:
        os.write(2, f"discreet: {escape(text)}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return  # no stderr: `health()` still knows
