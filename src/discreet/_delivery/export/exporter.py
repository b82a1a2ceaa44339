"""What sends batches to a receiver, and what the receiver answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Unreachable(ConnectionError):  # noqa: N818 - the word is clear without "Error"
    """The receiver did not answer. `reason` says why, and quotes no data: `health()` shows it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Result(NamedTuple):
    """What became of one batch: len(batch) == delivered + sum(rejected) + len(retry), unless `split`."""

    delivered: int
    rejected: Mapping[str, int] = {}
    """Lines that the receiver will never accept, by reason; they are counted as dropped."""
    retry: Sequence[bytes] = ()
    """Lines to send again, in their order."""
    after: float | None = None
    """Seconds that the receiver asked us to wait (Retry-After)."""
    reason: str = ""
    """Why not all of the batch was accepted: "HTTP 503"."""
    split: bool = False
    """The batch was refused as a whole, while parts may pass: it is halved, down to one line, which is dropped."""
    is_content: bool = False
    """With `split`: it is for what the lines say, not for their size, so that a few of them should be to blame."""


class Exporter:
    """Sends batches to one receiver. One thread calls it, one call at a time."""

    batch_count: int = 512
    """How many lines a batch has at most."""
    batch_bytes: int = 1 << 20
    delay: float = 1.0
    """Seconds after which a batch is sent although it is not full."""
    timeout: float = 10.0
    """Seconds that one attempt may take."""
    queue_count: int = 16_384
    """How many lines may be in the queue."""
    queue_bytes: int = 16 << 20

    @property
    def destination(self) -> str:
        """Where lines go, without secrets: it is shown, and names the folder of the spool."""
        raise NotImplementedError

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt, within `timeout` seconds.

        An `OSError` means that the batch is sent again later. Any other exception means that something is wrong with
        a line: the batch is halved, down to that line, which is dropped.
        """
        raise NotImplementedError

    def disconnect(self) -> None:
        """Drop the connection: after an error, when the sink is closed, and in a forked child before the first batch.

        In a child the connection is the parent's: nothing may be sent on it.
        """
