"""What a background sink asks of the place where its lines wait, and the writer of whoever keeps the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Store(Protocol):
    """Where lines wait, in the order they came."""

    torn: int
    full: str

    def put(self, line: bytes, level: int, /) -> bool:
        """Let a line wait; False if there is no room for it. Never blocks."""
        ...

    def peek(self) -> Sequence[bytes]:
        """The oldest lines, some of them; none if there are none. They stay until `taken`."""
        ...

    def passed(self, count: int) -> None:
        """So many lines of what `peek` gave last are delivered, or counted as lost."""

    def taken(self) -> None:
        """What `peek` gave last is delivered."""

    def shut(self) -> None:
        """Take nothing more."""

    def close(self) -> None:
        """Let go of it."""

    @property
    def accepted(self) -> int:
        """How many lines came in so far."""
        ...

    @property
    def waiting(self) -> int:
        """How many are still here."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether this thread is amid a `put`, which a signal handler interrupted."""
        ...

    @property
    def is_half_full(self) -> bool:
        """Whether it is time to hurry."""
        ...


class Account(Protocol):
    """Who keeps the books."""

    def settle(self, store: Store) -> None:
        """Count what the store accepted."""

    def delivered(self, count: int) -> None:
        """Count accepted lines that were written."""

    def lost(self, reason: str) -> None:
        """Count an accepted line that could not be."""

    def adopted(self, delivered: int, torn: int = 0) -> None:
        """Count lines of dead processes."""
