"""What a receiver says of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Unreachable(ConnectionError):  # noqa: N818 - it says what is the matter, as ConnectionRefusedError's parents do not
    """The receiver did not answer. `reason` says why, and names no data: it is shown by `health()`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Receipt(NamedTuple):
    """What the receiver said of one batch: len(batch) == delivered + sum(rejected) + len(retry), unless `split`."""

    delivered: int
    rejected: Mapping[str, int] = {}
    """Lines that will never be taken, by reason; they are counted as dropped."""
    retry: Sequence[bytes] = ()
    """Lines to send again, in their order."""
    after: float | None = None
    """Seconds that the receiver asked to be left in peace (Retry-After)."""
    reason: str = ""
    """Why not all of it was taken: "HTTP 503"."""
    split: bool = False
    """Refused as a whole, while parts may pass: it is halved, down to one line, which is dropped with the reason."""
