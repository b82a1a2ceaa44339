"""When to try again: random times that grow, the time that the receiver asks for, and a circuit that opens."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = 0.5
LONGEST_WAIT = 86_400
"""Seconds that a line may wait for others, or one attempt may take, at most."""
LONGEST = 30.0
LONGEST_ASKED = 900.0
"""Seconds that a receiver may ask for at most: a wrong clock there must not stop delivery for a day."""
IN_A_ROW = 5
REST = (5.0, 60.0)
"""Seconds that an open circuit rests: at first, and at most."""


def backoff(failures: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many failures in a row: full jitter, so that clients do not come back in step."""
    return draw() * min(LONGEST, FIRST * 2.0 ** min(failures, 30))


def parse_retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date (RFC 9110, section 10.2.3); None if it is neither."""
    text = (value or "").strip()
    if not text:
        return None
    try:
        if text.isascii() and text.replace(".", "", 1).isdigit():
            seconds = float(text)
        else:
            seconds = parsedate_to_datetime(text).timestamp() - (time.time() if now is None else now)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, min(seconds, LONGEST_ASKED))


class Circuit:
    """Whether to try a receiver. Closed: yes. Open, after failures in a row: not for a while, then with one batch.

    Times are seconds of a monotonic clock.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self.failures = 0
        self._was_asked = False
        self._draw = draw
        self._until = 0.0
        self._asked = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the receiver counts as down."""
        return self.failures >= IN_A_ROW

    @property
    def is_away(self) -> bool:
        """Whether the last attempt brought nothing through, and not because the receiver asked us to wait."""
        return self.is_open or (self.failures > 0 and not self._was_asked)

    def state(self, now: float) -> str:
        """closed, open, or half-open: about to be tried with one batch."""
        if not self.is_open:
            return "closed"
        return "open" if self.wait(now) > 0 else "half-open"

    def wait(self, now: float) -> float:
        """Seconds until the next attempt is due; 0 if it is."""
        return max(0.0, self._until - now)

    def failed(self, now: float, after: float | None = None) -> None:
        """An attempt brought nothing through. `after`: seconds that the receiver asked for."""
        self.failures += 1
        if self.is_open:
            first, longest = REST
            rest = min(longest, first * 2.0 ** min(self.failures - IN_A_ROW, 10))
            wait = rest * (0.5 + self._draw() / 2)
        else:
            wait = backoff(self.failures, self._draw)
        self._was_asked = after is not None
        self._until = now + max(wait, after or 0.0)
        self._asked = now + (after or 0.0)

    def succeeded(self, now: float, after: float | None = None) -> None:
        """Something came through. The receiver may ask us to wait all the same."""
        self.failures = 0
        self._asked = self._until = now + (after or 0.0)

    def pause(self, now: float) -> None:
        """Some of a batch came through; the rest is to be sent again, but not at once."""
        self._until = now + backoff(1, self._draw)

    def retry_now(self) -> None:
        """Try at once, unless the receiver asked not to."""
        self._until = self._asked
