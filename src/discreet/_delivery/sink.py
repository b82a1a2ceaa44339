"""What a sink is: a place that takes whole lines, with books of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from discreet._health import complain, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping


_PATIENCE = 1.0  # seconds that a fork or a new configuration waits for a write that is stuck


class Books:
    """What became of the lines one sink was given. They outlive the sink, for `health()`."""

    __slots__ = ("delivered", "dropped")

    def __init__(self) -> None:
        self.delivered = 0
        self.dropped: dict[str, int] = {}


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
        self._forking = 0
        self.books = Books()
        self.retired = False

    @property
    def name(self) -> str:
        """What `health()` and `discreet doctor` call this sink."""
        return type(self).__name__

    def open(self) -> None:
        """Called by each `configure()` that names the sink; raise `ConfigurationError` if it can never work."""

    def write(self, line: bytes) -> None:
        """Deliver one whole line, newline included. May raise: the loss is then counted under the error's name."""
        raise NotImplementedError

    def flush(self) -> None:
        """Return when everything accepted so far is delivered."""

    def close(self) -> None:
        """Release what `open` took. Called after `flush`, by the `configure()` that no longer names the sink."""

    def retire(self) -> None:
        """Flush and close, while no thread is inside `write`: its descriptor may soon be somebody else's file.

        Never raises. A sink whose write is stuck is left open, because a new configuration must not wait for it.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            complain(f"{self.name} was not closed: a write is stuck")
            return
        try:
            self.retired = True
            self.flush()
            self.close()
        except Exception as error:  # what a sink's own code raises must not stop the new configuration
            complain(f"{self.name} could not be closed: {type(error).__name__}")
        finally:
            self._lock.release()

    def accept(self, line: bytes) -> None:
        """Deliver or count; never raises. The pipeline calls this, not `write`."""
        try:
            with self._lock:
                self.write(line)
                self.books.delivered += 1
        except Exception as error:  # whatever a sink raises, the caller's work goes on
            self.drop(reason_of(error))

    def drop(self, reason: str) -> None:
        """Count one lost record, and say so once per reason on stderr."""
        with self._lock:
            dropped = self.books.dropped
            first = reason not in dropped
            dropped[reason] = dropped.get(reason, 0) + 1
        if first:
            complain(f"a record could not be written to {self.name}: {reason}; discreet.health() keeps count")

    def before_fork(self) -> None:
        """Wait until no thread is inside `write`, where it may hold locks (the stream's own) that a child never frees.

        Not for long: a write that is stuck must not stop the fork.
        """
        if self._lock.acquire(timeout=_PATIENCE):
            self._forking = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        if self._forking == threading.get_ident():  # only who holds the lock writes this
            self._forking = 0
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """A lock of its own, and books from zero: what the parent wrote is the parent's."""
        self._begin()

    def health(self) -> Mapping[str, object]:
        """This sink's books."""
        with self._lock:
            return {"sink": self.name, "delivered": self.books.delivered, "dropped": dict(self.books.dropped)}


class Discard(Sink):
    """Takes everything and keeps nothing."""

    def write(self, line: bytes) -> None:
        """Do nothing."""
