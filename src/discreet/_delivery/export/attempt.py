"""One attempt to send one batch, and what the receipt means for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import reason_of, report_problem
from discreet._delivery.export.receipt import Receipt, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._delivery.export.batch import Batch
    from discreet._delivery.export.depot import Depot
    from discreet._delivery.export.retry import Circuit
    from discreet._delivery.export.sink import Remote

_SHORTEST = 0.05  # seconds: an attempt that begins gets at least so many

senders: set[int] = set()
"""The threads that are sending at this moment. What is logged there is about the sending, and is not sent."""


class Attempts:
    """Sends the first part of the batch at hand, once per call."""

    def __init__(self, sink: Remote, depot: Depot, circuit: Circuit, clock: Callable[[], float]) -> None:
        self._sink = sink
        self._depot = depot
        self._circuit = circuit
        self._clock = clock
        self.failed = 0
        """How many brought nothing through."""
        self.was_told = False
        """Whether the last of these got an answer: to try again at once would get the same."""
        self.retries = 0
        """How many attempts followed one that failed."""
        self.last_error: str | None = None
        self.until: float | None = None
        """When the process has to be gone."""
        self.inherited = False
        """The connection was a parent process's."""

    def make(self) -> bool:
        """False if the receiver is not to be bothered again at once."""
        thread = threads.ident()
        senders.add(thread)
        try:
            return self._make()
        finally:
            senders.discard(thread)

    def _make(self) -> bool:
        batch = self._depot.batch
        if batch is None:
            return True
        if self.inherited:
            self.inherited = False
            self._disconnect()
        part = batch.parts[0]
        self.retries += self._circuit.failures > 0
        timeout = self._sink.timeout
        if self.until is not None:
            timeout = min(timeout, max(_SHORTEST, self.until - self._clock()))
        told = True
        try:
            receipt = Receipt(*self._sink.send(part, timeout))
        except (OSError, EOFError) as error:
            reason = error.reason if isinstance(error, Unreachable) else reason_of(error)
            receipt = Receipt(0, retry=part, reason=reason)
            told = reason == "ECONNREFUSED"
            self._disconnect()
        except Exception as error:  # one line that the sink stumbles over must not cost the others
            receipt = Receipt(0, reason=reason_of(error), split=True)
            self._disconnect()
        self.was_told = told
        return self._judge(batch, part, receipt)

    def _judge(self, batch: Batch, part: list[bytes], receipt: Receipt) -> bool:
        now = self._clock()
        reason = receipt.reason or "not accepted"
        delivered, rejected, retry = _sums(receipt, len(part))
        rest = [retry] if retry else []
        if receipt.split:
            delivered, rejected, retry = 0, {}, []
            if len(part) > 1:
                rest = [part[: len(part) // 2], part[len(part) // 2 :]]
            else:
                rest, rejected = [], {reason: 1}
        if retry or rejected or receipt.split:
            self.last_error = reason
        through = len(part) - len(retry)
        if through:  # also if it was refused: the receiver is there
            self._circuit.succeeded(now, receipt.after)
            if retry and not receipt.after:
                self._circuit.pause(now)
        else:
            self.failed += 1
            self._circuit.failed(now, receipt.after)
        self._depot.settle(batch, delivered, rejected, rest)
        return through > 0

    def _disconnect(self) -> None:
        try:
            self._sink.disconnect()
        except Exception as error:  # a connection that is broken anyway
            report_problem(f"{self._sink.name} could not disconnect: {type(error).__name__}")


def _sums(receipt: Receipt, count: int) -> tuple[int, Mapping[str, int], list[bytes]]:
    """The receipt, made to add up to what was sent: the books balance, whatever a sink or a receiver says."""
    retry = list(receipt.retry)[:count]
    left = count - len(retry)
    rejected: dict[str, int] = {}
    for reason, number in receipt.rejected.items():
        taken = max(0, min(number, left))
        left -= taken
        if taken:
            rejected[reason] = taken
    delivered = max(0, min(receipt.delivered, left))
    if delivered < left:
        rejected["not answered for"] = left - delivered
    return delivered, rejected, retry
