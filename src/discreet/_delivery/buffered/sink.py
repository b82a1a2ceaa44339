"""A stream or a file behind a queue or a ring (`DISCREET_DELIVERY`): a call costs a copy, and a thread writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import counted, reason_of, report_problem
from discreet._delivery import locks
from discreet._delivery.buffered.account import Account
from discreet._delivery.buffered.ring import Ring
from discreet._delivery.buffered.store import folder_for, new_store
from discreet._delivery.buffered.writer import Writer
from discreet._delivery.file.sink import File
from discreet._delivery.sink import Sink, running
from discreet._delivery.stream import Stream
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from discreet._delivery.buffered.store import Store
    from discreet._delivery.setup import Setup
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor

_PATIENCE = 1.0  # seconds that a new configuration waits for what is on its way


def around(sinks: Sequence[Sink], delivery: str) -> tuple[Sink, ...]:
    """Put streams and files behind what is asked for; other sinks have ways of their own."""
    if delivery == "direct":
        return tuple(sinks)
    return tuple(Background(sink, delivery) if isinstance(sink, (Stream, File)) else sink for sink in sinks)


class Background(Sink):
    """A sink that writes to another one from a thread: `delivery` is "queued" (memory) or "ring" (survives a kill)."""

    ends_itself = True

    def __init__(self, inner: Sink, delivery: str) -> None:
        super().__init__(format=inner.format, level=inner.level)
        self.below = inner.below
        self.inner = inner
        self.delivery = delivery
        self._folder: Path | None = None
        self._about: dict[str, object] = {}
        self._renew()

    def _renew(self) -> None:
        self._store: Store | None = None
        self._writer: Writer | None = None
        self._account = Account(self)
        self._direct = False
        self._deadline: float | None = None
        """Of the process's end (`time.monotonic`): from then on nothing waits for a reader."""
        self._making = threads.lock()

    # --- setting up

    @property
    def name(self) -> str:
        """The name of what is written to."""
        return self.inner.name

    @property
    def is_held(self) -> bool:
        """As every sink's, or in the store."""
        store = self._store
        return super().is_held or (store is not None and store.is_held)

    def open(self) -> None:
        """Open what is written to."""
        if self.delivery == "ring" and not locks.available:
            raise ConfigurationError(
                "DISCREET_DELIVERY", "ring", "needs file locks, which this platform does not have", "Use queued"
            )
        self.inner.open()
        self.inner.retired = False
        self._write_apart(True)

    def prepare(self, setup: Setup) -> None:
        """Make the ring, and begin to deliver what dead processes of this service left in theirs."""
        self.inner.prepare(setup)
        if self.delivery == "ring" and self._store is None:
            is_file = isinstance(self.inner, File)
            target = os.path.abspath(self.inner.path) if isinstance(self.inner, File) else self.inner.name
            self._folder = folder_for(setup.service, target, setup.state_dir)
            self._about = {"service": setup.service, "target": target, "kind": "file" if is_file else "stream"}
            self._begin_store()

    def _write_apart(self, apart: bool) -> None:
        if isinstance(self.inner, Stream):
            self.inner.apart = apart

    def encoder(self, redactor: Redactor) -> Encoder | None:
        """As what is written to wants it."""
        return self.inner.encoder(redactor)

    def _begin_store(self) -> Store:
        with self._making:
            if self._store is None:
                account = Account(self)
                store = new_store(self.name, self._folder, self._about)
                writer = Writer(self.inner, store, account, self._folder)
                return self._begin_with(account, writer, store)
            return self._store

    def _begin_with(self, account: Account, writer: Writer, store: Store) -> Store:
        if self._store is not None:  # a signal handler's record made one meanwhile
            writer.halt()
            store.close()
            return self._store
        self._account, self._writer, self._store = account, writer, store
        return store

    # --- the way of a record

    def accept(self, line: bytes, level: int = 20) -> None:
        """Copy the line into the store; never raises, never waits."""
        try:
            store = self._store
            if store is None and not self._direct:
                store = self._begin_store()
            writer = self._writer
            if store is None or writer is None:
                self._write_directly(line, level)
            elif not store.put(line, level):
                self._refused(store, line, level)
            elif writer.asleep:
                writer.wake()
            elif store.is_half_full:
                writer.make_way()
        except Exception as error:  # the caller's work goes on
            self.drop(reason_of(error))

    def _refused(self, store: Store, line: bytes, level: int) -> None:
        if self._account.given_up:
            self.drop("exit")
        elif self._direct:  # closed meanwhile
            self._write_directly(line, level)
        else:
            self.drop(store.full)

    def _write_directly(self, line: bytes, level: int) -> None:
        inner = self.inner
        if self._deadline is not None and isinstance(inner, Stream):
            rest = max(0.0, self._deadline - time.monotonic())
            if not inner.takes_more(rest):
                self._keep(line, level)
                return
        with inner._lock:  # noqa: SLF001 - as its own `accept` does
            inner.write(line)
        with self._lock:
            self.statistics.emitted += 1
            self.statistics.delivered += 1

    def _keep(self, line: bytes, level: int) -> None:
        """The process ends, and a stream takes nothing: a ring waits for the next start, a queue would be lost."""
        if self._folder is not None:
            if self._store is None:
                report_problem(f"left on disk: records for {self.name} that are made after the end")
            store, writer = self._begin_store(), self._writer
            if writer is not None:
                writer.halt()
            if isinstance(store, Ring) and store.put(line, level):
                return
        self.drop("exit")

    def health(self) -> Mapping[str, object]:
        """The books; `waiting` is what the store holds."""
        store = self._store
        if store is not None:
            self._account.settle(store)
        return {**super().health(), "delivery": self.delivery}

    # --- ends

    def flush(self, timeout: float | None = None) -> bool:
        """Return when all that was accepted is written, or after `timeout` seconds (None: however long)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        store, writer = self._store, self._writer
        if store is not None and writer is not None:
            written = writer.flush(deadline, amid=self._is_amid(writer))
            self._account.settle(store)
            if not written:
                return False
        rest = None if deadline is None else max(0.0, deadline - time.monotonic())
        return self.inner.flush(rest) is not False and not self.statistics.lost_since_asked()

    def _is_amid(self, writer: Writer) -> bool:
        """Whether a signal handler asks, and this very thread holds what the writer needs."""
        return self.is_held or any(map(threads.holds, (self._making, self.inner._lock))) or writer.is_held  # noqa: SLF001

    def hurry(self) -> None:
        """Wake the thread."""
        writer = self._writer
        if writer is not None:
            writer.wake()

    def _finish(self, timeout: float) -> bool:
        """Take nothing more, write what waits, end the thread; whether nothing is left."""
        store, writer = self._store, self._writer
        self._direct = True
        if store is None or writer is None:
            return True
        store.shut()
        finished = writer.stop(time.monotonic() + timeout)
        self._account.settle(store)
        if finished:
            self._write_apart(self._inner_is_in_force())
            self._store = None
            store.close()
        return finished

    def retire(self) -> None:
        """Write what waits, and close. What a stalled reader does not take in a moment, the thread writes later."""
        self.retired = True
        try:
            writer = self._writer
            if not self._finish(_PATIENCE):
                if writer is not None:
                    writer.linger(running.draining, self)
                report_problem(f"{self.name} was not closed: records still wait to be written there")
            elif not self._inner_is_in_force():
                self.inner.retire()
        except Exception as error:  # must not stop the new configuration
            report_problem(f"{self.name} could not be closed: {type(error).__name__}")

    def _inner_is_in_force(self) -> bool:
        """Whether the new configuration writes to the same stream or file."""
        return any(self.inner in (sink, getattr(sink, "inner", None)) for sink in running.sinks)

    def end(self, timeout: float) -> None:
        """Write what waits. What is not written in time stays in the ring; a queue's is lost, and said to be."""
        self._deadline = deadline = time.monotonic() + timeout
        try:
            store, writer = self._store, self._writer
            if store is not None and writer is not None:
                written = writer.flush(deadline)
                if written:
                    writer.adopt()  # what children of this process left
                # Other threads may log on: what they add is written too, while there is time.
                if not written or not self._finish(max(0.0, deadline - time.monotonic())):
                    self._give_up(store, writer)
            else:
                self._direct = True
            self.inner.end(max(0.0, deadline - time.monotonic()))
        except Exception as error:  # at exit there is nobody left to raise to
            report_problem(f"{self.name} could not be ended: {type(error).__name__}")
        super().end(timeout)

    def _give_up(self, store: Store, writer: Writer) -> None:
        writer.halt()
        if isinstance(store, Ring):
            way = "the next start of this service delivers what is there, or `discreet recover`"
            report_problem(f"left on disk: {counted(store.waiting, 'record')} for {self.name}; {way}")
            return
        store.shut()
        count = self._account.give_up(store)
        report_problem(f"lost at exit: {counted(count, 'record')} for {self.name}, which did not take them in time")

    def before_fork(self) -> None:
        """Wait, not for long, until no thread writes."""
        super().before_fork()
        self.inner.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on writing."""
        self.inner.after_fork_in_parent()
        super().after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """A store and a thread of its own, from the first record on; what waits in the parent's is the parent's."""
        super().after_fork_in_child()
        self._renew()
        self.inner.after_fork_in_child()
