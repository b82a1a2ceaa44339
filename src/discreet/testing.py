"""Test what your code logs: `with discreet.capture() as records: ...`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from discreet._call import active, unconfigured
from discreet._delivery.sink import Sink
from discreet._encoding.json import encode
from discreet._levels import levels
from discreet._pipeline import Output, Pipeline
from discreet._record import Identity
from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction
from discreet._state import state

if TYPE_CHECKING:
    from collections.abc import Generator


class Captured(list[dict[str, Any]]):
    """The records made so far, each as its JSON line says it: redacted, with every reserved key."""

    @property
    def messages(self) -> list[str]:
        """The messages, in order."""
        return [record["message"] for record in self]

    @property
    def text(self) -> str:
        """Every line as it would have been written: what to search for things that must not be there."""
        return "\n".join(json.dumps(record, ensure_ascii=False) for record in self)


class _Capture(Sink):
    def __init__(self, records: Captured) -> None:
        super().__init__()
        self.records = records

    def write(self, line: bytes) -> None:
        self.records.append(json.loads(line))


@contextmanager
def capture(level: int | str = "trace") -> Generator[Captured, None, None]:
    """Collect every record made inside, from this level up, instead of delivering it.

    The configuration in force comes back at the end; its redaction policy applies meanwhile, or the default one.
    """
    from discreet._levels import parse_level

    records = Captured()
    policy = state.settings.redaction if state.settings is not None else Redaction()
    pipeline = Pipeline(Redactor(policy), (Output(0, encode, _Capture(records)),), Identity("test"))
    before = (active.emitter, state.pipeline, levels.default, levels.elsewhere, dict(levels.named))
    active.emitter = state.pipeline = pipeline
    number = parse_level(level)
    levels.replace(number, number, {})
    try:
        yield records
    finally:
        active.emitter, state.pipeline = before[0], before[1]
        levels.replace(*before[2:])


def reset() -> None:
    """Forget the configuration, as if the process had just started: sinks are closed, hooks taken out."""
    from discreet import _hooks, _limits, _stdlib_bridge
    from discreet._context import clear_context
    from discreet._health import ledger
    from discreet.propagation import threads

    for sink in state.sinks:
        sink.flush()
        sink.close()
    state.settings, state.pipeline, state.sinks = None, None, ()
    active.emitter = unconfigured
    _stdlib_bridge.give_back()
    _hooks.uninstall()
    threads.uninstrument()
    _limits.forget()
    ledger.forget()
    levels.replace(0, 0, {})
    clear_context()
