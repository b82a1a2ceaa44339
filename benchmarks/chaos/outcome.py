"""What became of the records of one experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaos.peers import Peer
    from chaos.scenarios import Scenario


@dataclass
class Outcome:
    """What became of the records."""

    scenario: Scenario
    peer: Peer
    emitted: int = 0
    """Calls that returned."""
    delivered: int = 0
    """Of those, how many arrived, each counted once."""
    later: int = 0
    """How many more arrived after the next start."""
    lost: int = 0
    """How many did not arrive at all."""
    returned: int = 0
    """Calls that returned, the next start's too."""
    missing: int = 0
    """How many of those did not arrive at all."""
    dropped: dict[str, int] = field(default_factory=dict)
    """How many of these the peer says that it lost, and why."""
    duplicates: int = 0
    torn: int = 0
    """Lines that arrived damaged."""
    longest: float = 0.0
    """Seconds of the longest call."""
    never_returned: bool = False
    exit: float | None = 0.0
    """Seconds; None: it had to be killed."""
    hung: int = 0
    """Forked children that had to be killed."""
    statistics: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""
    """What was written to stderr."""
    note: str = ""
    too_early: int = 0
    """Requests that came before the time that Retry-After gave."""

    @property
    def unaccounted(self) -> int:
        """Lost, and no count of the peer's says so."""
        return max(0, self.missing - sum(self.dropped.values()))
