"""The base of sinks whose lines go over a network: their settings, and what each of them has to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._delivery.export.exporter import Batching, Result, Unreachable
from discreet._delivery.export.runner import ExportRunner
from discreet._delivery.runner import OwnSink, runner_of
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


__all__ = ["ExportSink", "Result", "Unreachable"]

LONGEST = 86_400
"""Seconds that a line may wait for others, or one attempt may take, at most."""


class ExportSink(OwnSink):
    """A sink that is its own `Exporter`. Subclass it and write `encoder`, `send`, `disconnect` and `destination`.

    A log call only puts its line into the queue: it never waits and never raises. The keywords: how many lines and
    bytes a batch has at most, seconds that a line waits for others, seconds that one attempt may take, and how many
    lines and bytes the queue holds.
    """

    batch_count: int = 512
    batch_bytes: int = 1 << 20
    delay: float = 1.0
    timeout: float = 10.0
    queue_count: int = 16_384
    queue_bytes: int = 16 << 20

    def __init__(
        self,
        *,
        level: int | str | None = None,
        batch_count: int | None = None,
        batch_bytes: int | None = None,
        delay: float | None = None,
        timeout: float | None = None,
        queue_count: int | None = None,
        queue_bytes: int | None = None,
    ) -> None:
        super().__init__(level=level)
        given: dict[str, Any] = {
            "batch_count": batch_count,
            "batch_bytes": batch_bytes,
            "delay": delay,
            "timeout": timeout,
            "queue_count": queue_count,
            "queue_bytes": queue_bytes,
        }
        for name, value in given.items():
            if value is not None:
                if not value >= 0 or (value == 0 and name != "delay"):
                    raise ConfigurationError(name, value, "too small", "Give a number above 0")
                if name in ("delay", "timeout") and value > LONGEST:
                    raise ConfigurationError(name, value, "too large", f"Give at most {LONGEST:,} seconds")
                setattr(self, name, value)

    def make_runner(self) -> ExportRunner:
        """One with a queue and a worker."""
        return ExportRunner(self, self, self.batching, lambda: self.credentials)

    @property
    def batching(self) -> Batching:
        """The settings in one object."""
        return Batching(
            self.batch_count, self.batch_bytes, self.delay, self.timeout, self.queue_count, self.queue_bytes
        )

    def flush(self, timeout: float | None = None) -> bool:
        """Return when everything that was accepted is delivered, or after `timeout` seconds (None: however long)."""
        return runner_of(self).flush(timeout)

    def encoder(self, redactor: Redactor) -> Encoder:
        """What makes one line of one redacted record. It runs in the log call, and never raises for a bad value."""
        raise NotImplementedError

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt: see `Exporter`."""
        raise NotImplementedError

    def disconnect(self) -> None:
        """Drop the connection: see `Exporter`."""

    @property
    def destination(self) -> str:
        """Where lines go, without secrets: it is shown, and names the folder of the spool."""
        return self.name

    @property
    def credentials(self) -> Sequence[str]:
        """What it takes to be let in there: what waits on disk for one of them is not sent with another.

        Nothing of them is stored but a digest that is keyed with random bytes.
        """
        return ()
