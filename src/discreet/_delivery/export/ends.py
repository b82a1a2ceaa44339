"""The ends of a remote sink: the process ends, or a new configuration does not name it any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import counted, report_problem
from discreet._delivery.export.said import Said
from discreet._delivery.sink import running

if TYPE_CHECKING:
    from discreet._delivery.export.depot import Depot
    from discreet._delivery.export.sender import Sender
    from discreet._delivery.export.sink import Remote

_PATIENCE = 1.0  # seconds that a new configuration waits for what is on its way
_MOMENT = 0.1  # seconds that a thread gets to end, beside


class Ends:
    """What becomes of the lines that wait when nobody will send them any more."""

    def __init__(self, sink: Remote, depot: Depot, sender: Sender) -> None:
        self._sink = sink
        self._depot = depot
        self._sender = sender
        self.came = False
        """Whether the process ends, as far as this sink is concerned."""
        self.hurried = 0.0
        """When it was told that its end is near."""
        self._deadline = 0.0
        self._said = Said()
        self._closing = threads.lock()
        self._leaving: object = None

    # --- of the process

    def end(self, timeout: float) -> None:
        """Send what can be sent within so many seconds; what cannot goes to disk, or is lost."""
        if self.came:
            return
        self._deadline = time.monotonic() + timeout
        self._sender.flush(self._deadline, leaving=True)
        self._sender.stop(min(0.5, max(0.0, self._deadline - time.monotonic())))
        self.came = True
        self._give_up("exit")

    def last_words(self) -> None:
        """A record that is made after the end, by another `atexit` function, a `__del__` or a thread that goes on."""
        if self._deadline > time.monotonic() and not self._sender.circuit.is_open:
            self._sender.flush(self._deadline, leaving=True)
        before = self._depot.memory
        lost = self._depot.give_up("exit")
        if lost:
            self._say_once("are lost")
        elif before:
            self._say_once("wait on disk for the next start")
        self._depot.speak()

    def _say_once(self, fate: str) -> None:
        text = f"records for {self._sink.name} that are made after the end {fate}; this is said once"
        self._said.once(fate, text)

    def _give_up(self, when: str) -> None:
        lost = self._depot.give_up(when)
        stored = self._depot.spooled
        if lost:
            why = self._sender.attempts.last_error or "no time was left"
            report_problem(
                f"lost at {when}: {counted(lost, 'record')} for {self._sink.name} ({why}), with no place on disk"
            )
        elif stored:
            report_problem(f"left on disk for the next start: {counted(stored, 'record')} for {self._sink.name}")

    # --- of the configuration

    def retire(self, timeout: float) -> None:
        """Close, after a moment for what waits; without a place on disk, that goes on for so many seconds."""
        now = time.monotonic()
        deadline = now + timeout
        told = self.hurried if now - self.hurried < _PATIENCE else now  # several sinks share the moment
        soon = min(deadline, told + _PATIENCE)
        through = self._sender.flush(soon, leaving=True, until=deadline)
        if through or self._depot.spool is not None or soon == deadline or not self._leave(deadline):
            self._close(max(_MOMENT, soon - time.monotonic()))

    def _leave(self, deadline: float) -> bool:
        """Go on in a thread; False where none can be started. An exit meanwhile waits for this sink too."""
        token = self._leaving = object()

        def leave() -> None:
            try:
                self._sender.flush(deadline, leaving=True)
                with self._closing:
                    if self._leaving is token:
                        self._close(_MOMENT)
            except Exception as error:  # nobody is there to raise to
                report_problem(f"{self._sink.name} could not be closed: {type(error).__name__}")
            finally:
                if self._leaving is token:
                    running.draining.pop(id(self._sink), None)

        running.draining[id(self._sink)] = self._sink
        if threads.start(leave):
            return True
        running.draining.pop(id(self._sink), None)
        return False

    def begin_again(self) -> None:
        """A configuration names the sink, which may be on its way out."""
        with self._closing:
            self._leaving = None
        running.draining.pop(id(self._sink), None)
        self._sender.go_on()

    def _close(self, timeout: float) -> None:
        self._sender.stop(timeout)
        if not self._sender.runs:
            self._sink.disconnect()
        self._give_up("close")
        self._depot.hand_over()
        self._sink.close()
