"""`discreet doctor`: the checks of hooks, sinks and redaction, in this process after `configure()`."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from discreet._config import lifecycle
from discreet._config.configure import format_of
from discreet._context.ambient import context, current
from discreet._delivery.export.sink import ExportSink
from discreet._delivery.file.sink import File
from discreet._delivery.runner import runner_of
from discreet._delivery.stream import Stream
from discreet._redaction import rules
from discreet._redaction.engine.detectors import detectors
from discreet._takeover import standard_library, uncaught
from discreet._testing.made_up import card_number, generated
from discreet.cli.doctor import connection

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._pipeline import Pipeline
    from discreet._redaction.engine.detectors import Detector
    from discreet._redaction.redactor import Redactor


class Check(NamedTuple):
    """What was checked, whether it is as it should be, a short note, and what to do if it is not. Holds no secret."""

    name: str
    ok: bool
    note: str = ""
    remedy: str = ""


def hooks() -> list[Check]:
    """Whether discreet's hooks are in place."""
    sigterm = signal.getsignal(signal.SIGTERM)
    return [
        Check("logging", logging.Logger.callHandlers is standard_library.call_handlers, "records of every logger"),
        Check("warnings", warnings.showwarning is uncaught.showwarning, "warnings.warn"),
        Check("uncaught exceptions", sys.excepthook is uncaught.excepthook, "sys.excepthook"),
        Check("in threads", threading.excepthook is uncaught.thread_excepthook, "threading.excepthook"),
        Check("in finalizers", sys.unraisablehook is uncaught.unraisablehook, "sys.unraisablehook"),
        Check("thread pools", _context_follows(), "work in a pool keeps the context of its caller"),
        Check("SIGTERM", sigterm is lifecycle.on_sigterm, "writes what is pending, then ends the process"),
    ]


def _context_follows() -> bool:
    with context(looked_for="here"), ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: "looked_for" in current.get().fields).result()


def sinks(settings: Settings, pipeline: Pipeline, *, offline: bool) -> list[Check]:
    """The format of each sink, and whether it can be written to now, or whether its receiver takes a record."""
    if not settings.sinks:
        return [Check("none", ok=False, note="every record is lost", remedy="Set DISCREET_STREAM or DISCREET_FILE")]
    remote = [] if offline else [sink for sink in settings.sinks if isinstance(sink, ExportSink)]
    tests = {id(sink): connection.Test(sink, pipeline) for sink in remote}  # all start now
    return [
        _remote(sink, tests.get(id(sink))) if isinstance(sink, ExportSink) else _sink(sink, settings)
        for sink in settings.sinks
    ]


def _remote(sink: ExportSink, test: connection.Test | None) -> Check:
    if test is None:
        return Check(sink.name, ok=True, note="not tested (--offline)")
    found = test.problems()
    if found is None:
        return Check(sink.name, ok=True, note="not tested: it has no test")
    if not found:
        return Check(sink.name, ok=True, note="took a record just now")
    parts = [problem.partition(". ") for problem in found]
    note = "; ".join(what for what, _, _ in parts)
    return Check(sink.name, ok=False, note=note, remedy=". ".join(remedy for _, _, remedy in parts if remedy))


def _sink(sink: Sink, settings: Settings) -> Check:
    usable = True
    if isinstance(sink, File):
        usable = os.access(sink.path, os.W_OK)
    elif isinstance(sink, Stream):
        stream = sink.stream()
        usable = stream is not None and not stream.closed
    name = runner_of(sink).name
    if usable:
        return Check(name, ok=True, note=f"{format_of(sink, settings)} format")
    remedy = "Give this user the right to write there, or name another place"
    return Check(name, ok=False, note="cannot be written to", remedy=remedy)


def harmless(sink: Sink) -> Sink:
    """A file sink without rotation and retention, which would remove and compress old files as soon as it is opened."""
    return File(sink.path, format=sink.format, level=sink.level) if isinstance(sink, File) else sink


@contextlib.contextmanager
def leaving_no_files(chosen: Sequence[Sink]) -> Generator[None]:
    """Remove the empty files and folders that opening file sinks has created."""
    wanted = [sink.path.absolute() for sink in chosen if isinstance(sink, File)]
    new = [path for file in wanted for path in (file, *file.parents) if not path.exists()]
    try:
        yield
    finally:
        for path in new:
            with contextlib.suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                elif path.stat().st_size == 0:
                    path.unlink()


def redaction(redactor: Redactor) -> list[Check]:
    """Redact a made-up secret of every kind that the detectors and key words know, and look for it in the result."""
    results: dict[str, bool] = {}
    for detector in detectors():
        for example in detector.examples:
            results[detector.kind] = results.get(detector.kind, True) and _masked(redactor, detector, example)
    for kind, name in sorted(_key_names().items()):
        planted = _repeatable("digits", 12) if kind == "pin" else _repeatable("alnum", 44)
        left = json.dumps(redactor.fields({name: planted, "nested": [{name: planted}]}), default=str)
        results[f"key: {kind}"] = planted not in left
    card = card_number(random.Random(1).choice)  # noqa: S311 - no secret, only made to look like one
    left = json.dumps([redactor.text(f"paid with {card}"), redactor.fields({"note": int(card)})])
    results["card-number"] = card not in left
    return [Check(kind, ok) for kind, ok in results.items()]


def _masked(redactor: Redactor, detector: Detector, example: list[str | list[str | int]]) -> bool:
    parts = [part if isinstance(part, str) else _repeatable(str(part[0]), int(part[1])) for part in example]
    planted = [made for part, made in zip(example, parts, strict=True) if not isinstance(part, str)]
    text = "".join(parts)
    left = redactor.text(f"seen\n{text}\nhere")
    return "[REDACTED:" in left and not any(len(secret) >= 6 and secret in left for secret in planted)


def _key_names() -> dict[str, str]:
    """One field name for each kind of secret that is recognised by the name of its field."""
    words = json.loads(Path(rules.__file__).with_name("names.json").read_text("utf-8"))
    return {kind: names[0] for group in ("exact", "last", "strong") for kind, names in words[group].items()}


def _repeatable(alphabet: str, length: int) -> str:
    """Always the same characters, so that a failure can be repeated."""
    return generated(alphabet, length, random.Random(f"{alphabet} {length}").choice)  # noqa: S311 - no secret
