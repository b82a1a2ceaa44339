"""`log.once`, `log.every(seconds)`, `log.sample(rate)`: write fewer records, and count those that were suppressed."""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Limit = Callable[[Hashable], "int | None"]
    """Takes a call site; returns None to suppress its record, else how many were suppressed since the last one."""

_MOST_SITES = 10_000  # call sites remembered; a service has hundreds, but a program may build messages without end
_lock = threading.RLock()  # re-entrant: a signal handler may log while its own thread is in here
_seen: dict[Hashable, None] = {}
_last: dict[Hashable, tuple[float, int]] = {}


def renew_lock() -> None:
    """Replace the lock in a forked child: the thread that may have held it does not exist there."""
    global _lock  # noqa: PLW0603 - the lock itself cannot be reset
    _lock = threading.RLock()


def forget() -> None:
    """Forget all call sites."""
    _seen.clear()
    _last.clear()


def once(site: Hashable) -> int | None:
    """Pass the first record of a call site."""
    with _lock:
        if site in _seen:
            return None
        if len(_seen) >= _MOST_SITES:
            del _seen[next(iter(_seen))]
        _seen[site] = None
    return 0


def every(seconds: float) -> Limit:
    """A limit that passes one record of a call site per `seconds`."""
    interval = float(seconds)

    def limit(site: Hashable) -> int | None:
        now = monotonic()
        key = (site, interval)
        with _lock:
            last, held = _last.get(key, (None, 0))
            if last is not None and now - last < interval:
                _last[key] = (last, held + 1)
                return None
            if last is None and len(_last) >= _MOST_SITES:
                del _last[next(iter(_last))]
            _last[key] = (now, 0)
        return held

    return limit


def sample(rate: float, trace_id: Callable[[], str | None]) -> Limit:
    """A limit that passes this share of records, from 0 to 1; inside a trace, all of its records or none."""
    share = min(1.0, max(0.0, float(rate)))

    def limit(_site: Hashable) -> int | None:
        trace = trace_id()
        # The trace id's last 14 digits are random by the recommendation; the same digits decide in every service.
        digits = os.urandom(7).hex() if trace is None else trace[-14:]
        draw = int(digits, 16) / 16**14
        return 0 if draw < share else None

    return limit
