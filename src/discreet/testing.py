"""Test what your code logs: `with discreet.capture() as records: ...`, then `assert_no_secrets(records)`."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from discreet._base.levels import levels, parse_level
from discreet._call.logger import active
from discreet._config.settings import state
from discreet._delivery.runner import runner_of
from discreet._delivery.sink import Sink
from discreet._encoding.json import encode
from discreet._pipeline import Output, Pipeline
from discreet._record import Identity
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence


class Captured(list[dict[str, Any]]):
    """The captured records, each as the object of its JSON line: redacted, with every reserved key."""

    @property
    def messages(self) -> list[str]:
        """The messages, in order."""
        return [record["message"] for record in self]

    @property
    def text(self) -> str:
        """All records as JSON lines, to search for text that must not be logged."""
        return "\n".join(json.dumps(record, ensure_ascii=False) for record in self)


class _Keep(Sink):
    def __init__(self, records: Captured) -> None:
        super().__init__()
        self.records = records

    def write(self, line: bytes) -> None:
        self.records.append(json.loads(line))


class _Capture:
    """One open capture, and the configuration that was in force when it began."""

    def __init__(self, records: Captured, level: int) -> None:
        policy = state.settings.redaction if state.settings is not None else Redaction()
        key = state.settings.pseudonym_key if state.settings is not None else None
        output = Output(0, encode, runner_of(_Keep(records)))
        self.pipeline = Pipeline(Redactor(policy, key), (output,), Identity("test"))
        self.before = active.emitter
        self.levels = (levels.default, levels.elsewhere, levels.named)
        self.temporary, self.chosen = levels.temporary, levels.chosen
        active.emitter = self.pipeline
        levels.replace(level, level, {})

    def end(self) -> None:
        """Restore the configuration, unless a later capture or `configure()` is still in force."""
        if active.emitter is self.pipeline:
            active.emitter = self.before
            levels.replace(*self.levels, chosen=self.chosen)
            levels.temporary = self.temporary
            levels.refresh()
        for other in _open:
            if other.before is self.pipeline:
                other.before, other.levels, other.temporary = self.before, self.levels, self.temporary


_open: list[_Capture] = []
_lock = threading.RLock()


@contextmanager
def capture(level: int | str = "trace") -> Generator[Captured, None, None]:
    """Collect every record that is logged inside, from this level up, instead of delivering it.

    It collects from the whole process: if two captures are open in two threads, the later one gets the records. The
    redaction policy of `configure()` applies, or the default one. The configuration is restored at the end.
    """
    records = Captured()
    number = parse_level(level)
    with _lock:
        opened = _Capture(records, number)
        _open.append(opened)
    try:
        yield records
    finally:
        with _lock:
            _open.remove(opened)
            opened.end()


def assert_no_secrets(*things: object, secrets: Iterable[object] = ()) -> None:
    """Fail if anything in `things` is a secret: whatever the redactor would mask, and each of `secrets`.

    A thing is a text, bytes, a path (`pathlib.Path`) of a file or folder, captured records, a record of `logging`, an
    exception, or a list of these; of anything else, its `repr` is searched. Files may be compressed.

    `secrets` are values that the test has planted: strings or bytes of at least 4 characters, or `discreet.Secret`. A
    single one needs no list. They are also found percent-encoded, in base64 (also inside a longer text), in
    hexadecimal, as digits in groups of four, and escaped as in JSON.

    Raises AssertionError with the kind and the place of each secret, never its value.
    """
    __tracebackhide__ = True  # pytest would show the arguments, which may be secrets
    from discreet._testing import failure_text, leaks

    given = (secrets,) if isinstance(secrets, (str, bytes)) else tuple(secrets)
    found = list(map(str, leaks(_numbered("argument", things), _numbered("planted secret", given))))
    if found:
        raise AssertionError(failure_text(found))


def _numbered(name: str, things: Sequence[object]) -> dict[str, object]:
    if len(things) == 1:
        return {f"the {name}": things[0]}
    return {f"{name} {number}": thing for number, thing in enumerate(things, 1)}


def reset() -> None:
    """Forget the configuration, as if the process had just started: sinks are closed and hooks removed."""
    from discreet._base.statistics import process_statistics
    from discreet._call import limits
    from discreet._config.shutdown import undo
    from discreet._context.ambient import EMPTY, current
    from discreet._redaction.audit import audit
    from discreet._redaction.secrets import registry

    undo()
    limits.forget()
    process_statistics.reset()
    audit.forget()
    registry.forget()
    current.set(EMPTY)
