"""The worker's task for receivers on a network: send pending lines in batches, and leave a failing receiver alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import reason_of, report_problem
from discreet._delivery.export.exporter import Result, Unreachable
from discreet._delivery.export.retry import Circuit
from discreet._delivery.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._delivery.export.exporter import Exporter
    from discreet._delivery.export.pending import Batch, Pending

_LONG = 2.0  # seconds of waiting that are worth a place on disk
_SPOOL_INTERVAL = 60.0  # seconds between checks of what other processes left there
_BREATH = 0.05  # seconds between checks of the queue, at least
_SHORTEST = 0.05  # seconds: an attempt that begins gets at least so many

sending: set[int] = set()
"""The threads that are sending now. Records that they make are about the sending, and are not sent."""


class Sender(Worker):
    """Sends the pending lines of one sink."""

    def __init__(
        self,
        name: str,
        exporter: Exporter,
        pending: Pending,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name, pending.queue, clock)
        self.circuit = Circuit()
        self.retries = 0
        """How many attempts followed one that failed."""
        self.last_error: str | None = None
        self.has_parents_connection = False
        """Whether this is a forked child, which must not use the connection that it has."""
        self._exporter = exporter
        self._pending = pending
        self._failed = 0  # how many attempts brought nothing through
        self._was_answered = False  # whether the last of these got an answer, which a new attempt would get again
        self._until: float | None = None  # when the process has to be gone
        self._due = 0.0  # when the queue makes a batch
        self._check_spool_at = 0.0  # when to check the spool
        self._refuses_all = False  # the receiver refused one batch in all its parts, and has accepted nothing since
        self._at_once = 0  # lines up to this number do not wait for others

    def is_through(self, number: int) -> bool:
        """Whether none of the lines up to this number is pending."""
        with self.buffer.lock:
            return not self._pending.on_disk and self.buffer.oldest > number

    @property
    def is_held(self) -> bool:
        """Whether this very thread holds a lock that a step needs."""
        return threads.holds(self.buffer.lock) or threads.holds(self._pending.disk)

    # --- one thing at a time

    def step(self) -> float | None:
        """Send one batch, or store it; seconds until there may be more to do (None: until woken)."""
        pending = self._pending
        pending.report_drops()
        now = self._clock()
        wait = self.circuit.wait(now)
        if wait > 0:
            return self._rest(wait)
        if pending.batch is None:
            self._check_spool(now)
        if pending.batch is None:
            due = self._due_in(now)
            if due is None or due > 0:
                return due
            pending.take_from_queue()
        if pending.batch is not None:
            self._due = 0.0
            if not self._send(pending.batch) and self.circuit.is_open:
                pending.put_back()
                self._check_spool_at = 0.0
        return 0.0

    def _rest(self, wait: float) -> float | None:
        """The receiver is left alone; lines that come meanwhile go to disk now and then."""
        pending, exporter = self._pending, self._exporter
        spooling = pending.spool is not None
        if spooling and (self.circuit.is_away or wait > _LONG or pending.queue.is_half_full):
            spooling = pending.store()
            self._check_spool_at = 0.0
        with self.buffer.lock:
            if not pending.count:
                self.sleep_until(0)
                return None
            if not spooling:
                return wait
            self.sleep_until(exporter.queue_count // 2, exporter.queue_bytes // 2)
        return min(wait, max(exporter.delay, _BREATH))

    def _check_spool(self, now: float) -> None:
        """Lines on disk are older, and go first."""
        pending = self._pending
        if pending.spool is None or (now < self._check_spool_at and pending.batches is None):
            return
        if pending.take_from_spool():
            self._check_spool_at = 0.0
        else:  # nothing is there, or another process empties the spool: then see whether it took our lines too
            self._check_spool_at = now + (max(self._exporter.delay, _BREATH) if pending.on_disk else _SPOOL_INTERVAL)

    def _due_in(self, now: float) -> float | None:
        """Seconds until the lines in the queue make a batch: when they are enough, or old enough."""
        pending, queue, exporter = self._pending, self._pending.queue, self._exporter
        with self.buffer.lock:
            if not queue.count:
                self._due = 0.0
                self.sleep_until(0)
                return max(_BREATH, self._check_spool_at - now) if pending.on_disk else None
            if self.is_over or queue.oldest <= self._at_once:
                return 0.0
            if queue.count >= exporter.batch_count or queue.size >= exporter.batch_bytes:
                return 0.0
            if not self._due:
                self._due = now + exporter.delay
            self.sleep_until(exporter.batch_count, exporter.batch_bytes)
            return self._due - now

    # --- one attempt

    def _send(self, batch: Batch) -> bool:
        """Send the first part of the batch; False if nothing came through."""
        thread = threads.ident()
        sending.add(thread)
        try:
            part = batch.parts[0]
            return self._judge(batch, part, self._attempt(part))
        finally:
            sending.discard(thread)

    def _attempt(self, part: list[bytes]) -> Result:
        if self.has_parents_connection:
            self.has_parents_connection = False
            self.disconnect()
        self.retries += self.circuit.failures > 0
        timeout = self._exporter.timeout
        if self._until is not None:
            timeout = min(timeout, max(_SHORTEST, self._until - self._clock()))
        self._was_answered = True
        try:
            return Result(*self._exporter.send(part, timeout))
        except (OSError, EOFError) as error:
            reason = error.reason if isinstance(error, Unreachable) else reason_of(error)
            self._was_answered = reason == "ECONNREFUSED"
            self.disconnect()
            return Result(0, retry=part, reason=reason)
        except Exception as error:  # one line that the exporter cannot handle must not cost the others
            self.disconnect()
            return Result(0, reason=reason_of(error), split=True)

    def _judge(self, batch: Batch, part: list[bytes], result: Result) -> bool:
        now = self._clock()
        reason = result.reason or "not accepted"
        delivered, rejected, retry = _checked(result, len(part))
        rest = [retry] if retry else []
        if result.split:
            delivered, rejected, retry = 0, {}, []
            if len(part) > 1 and self._is_worth_halving(batch, result):
                rest = [part[: len(part) // 2], part[len(part) // 2 :]]
            else:
                rest, rejected = [], {reason: len(part)}
        elif delivered:
            batch.in_vain = 0
            self._refuses_all = False
        if retry or rejected or result.split:
            self.last_error = reason
        is_answer = len(part) > len(retry)  # also a refusal: the receiver is there
        if is_answer:
            self.circuit.succeeded(now, result.after)
            if retry and not result.after:
                self.circuit.pause(now)
        else:
            self._failed += 1
            self.circuit.failed(now, result.after)
        self._pending.acknowledge(batch, delivered, rejected, rest)
        return is_answer

    def _is_worth_halving(self, batch: Batch, result: Result) -> bool:
        """Whether a line to blame is still looked for; else the refused part is dropped as it is.

        To find one takes two attempts per step. A receiver that refuses everything, and a batch of which a large part
        is bad, must not cost an attempt per line.
        """
        batch.refusals += result.is_content
        batch.in_vain += 1
        if batch.in_vain > 2 * batch.steps:
            self._refuses_all = True
        if self._refuses_all and batch.in_vain > 1:
            return False
        return batch.refusals <= 4 * batch.steps

    def disconnect(self) -> None:
        """Drop the connection. Never raises."""
        try:
            self._exporter.disconnect()
        except Exception as error:  # a connection that is broken anyway
            report_problem(f"{self.name} could not disconnect: {type(error).__name__}")

    # --- what others do

    def deliver_now(self) -> None:
        """Lines that are pending now wait for nothing but the receiver, and for that only if it asked."""
        self._at_once = self.buffer.newest
        self._check_spool_at = 0.0
        self.circuit.retry_now()

    def send_pending(self, deadline: float | None, *, is_last: bool = False, until: float | None = None) -> bool:
        """Return when all that is pending now is delivered, or cannot be in time; whether it is.

        With `is_last`, after a failure, lines on disk count as taken care of. `until` is when attempts have to end.
        """
        if threads.ident() in sending:  # an exporter that flushes while it sends
            return False
        failed = self._failed

        def next_attempt() -> float | None:
            failures = self._failed - failed
            if is_last and failures:
                again = failures == 1 and not self._was_answered  # a connection that was cut may have been an old one
                if self.circuit.is_open or (self._pending.spool is not None and not again):
                    return None
                if again:
                    self.circuit.retry_now()
            return self.circuit.wait(self._clock())

        if is_last:
            self._until = until or deadline
        self.deliver_now()
        try:
            return self.flush(deadline, next_attempt)
        finally:
            if is_last:
                self._until = None
            self._pending.refresh()


def _checked(result: Result, count: int) -> tuple[int, Mapping[str, int], list[bytes]]:
    """Delivered, rejected and retry, corrected so that they add up to `count`, whatever the exporter returned."""
    retry = list(result.retry)[:count]
    left = count - len(retry)
    rejected: dict[str, int] = {}
    for reason, number in result.rejected.items():
        taken = max(0, min(number, left))
        left -= taken
        if taken:
            rejected[reason] = taken
    delivered = max(0, min(result.delivered, left))
    if delivered < left:
        rejected["not answered for"] = left - delivered
    return delivered, rejected, retry
