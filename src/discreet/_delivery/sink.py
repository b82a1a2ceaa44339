"""What a sink is: a place that takes whole lines, with books of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from discreet._health import complain, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping


_FORK_PATIENCE = 1.0  # seconds


class Sink:
    """Where lines go. Subclass it and write `write`; the rest has sensible defaults.

    `format` is "auto", "console" or "json"; `level` the lowest level this sink takes (None: every record that
    was made). Both are plain attributes, so that a subclass may set them as it likes.
    """

    format: str = "auto"
    level: int | str | None = None

    def __init__(self, *, format: str = "auto", level: int | str | None = None) -> None:  # noqa: A002 - the setting's name
        self.format = format
        self.level = level
        self._begin()

    def _begin(self) -> None:
        # Re-entrant: a signal handler may log while its own thread is inside `write`.
        self._lock = threading.RLock()
        self._held_for_fork = False
        self.delivered = 0
        self.dropped: dict[str, int] = {}

    @property
    def name(self) -> str:
        """What `health()` and `discreet doctor` call this sink."""
        return type(self).__name__

    def open(self) -> None:
        """Called once by `configure()`; raise `ConfigurationError` if the sink can never work."""

    def write(self, line: bytes) -> None:
        """Deliver one whole line, newline included. May raise: the loss is then counted under the error's name."""
        raise NotImplementedError

    def flush(self) -> None:
        """Return when everything accepted so far is delivered."""

    def close(self) -> None:
        """Release what `open` took. Called once, after `flush`."""

    def accept(self, line: bytes) -> None:
        """Deliver or count; never raises. The pipeline calls this, not `write`."""
        try:
            with self._lock:
                self.write(line)
                self.delivered += 1
        except Exception as error:  # whatever a sink raises, the caller's work goes on
            self.drop(reason_of(error))

    def drop(self, reason: str) -> None:
        """Count one lost record, and say so once per reason on stderr."""
        with self._lock:
            first = reason not in self.dropped
            self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if first:
            complain(f"a record could not be written to {self.name}: {reason}; discreet.health() keeps count")

    def before_fork(self) -> None:
        """Wait until no thread is inside `write`, where it may hold locks (the stream's own) that a child never frees.

        Not for long: a write that is stuck must not stop the fork.
        """
        self._held_for_fork = self._lock.acquire(timeout=_FORK_PATIENCE)

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        if self._held_for_fork:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """A lock of its own, and books from zero: what the parent wrote is the parent's."""
        self._begin()

    def health(self) -> Mapping[str, object]:
        """This sink's books."""
        with self._lock:
            return {"sink": self.name, "delivered": self.delivered, "dropped": dict(self.dropped)}


class Discard(Sink):
    """Takes everything and keeps nothing."""

    def write(self, line: bytes) -> None:
        """Do nothing."""
