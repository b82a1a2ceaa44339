"""`discreet doctor`: the checks. Each looks at this process as discreet has just set it up, and holds no secret."""

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
from discreet._config.assembly import format_of
from discreet._context.ambient import context, current
from discreet._delivery.export.sink import Remote
from discreet._delivery.file.sink import File
from discreet._delivery.stream import Stream
from discreet._redaction import rules
from discreet._redaction.engine.detectors import detectors
from discreet._takeover import standard_library, uncaught
from discreet._testing.made_up import ALPHABETS
from discreet.cli.doctor import connection

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._pipeline import Pipeline
    from discreet._redaction.engine.detectors import Detector
    from discreet._redaction.redactor import Redactor


class Check(NamedTuple):
    """What was looked at, whether it is well, a word about it, and what to do where it is not."""

    name: str
    ok: bool
    note: str = ""
    remedy: str = ""


def hooks() -> list[Check]:
    """Everything that is taken over, and whether it is ours now."""
    sigterm = signal.getsignal(signal.SIGTERM)
    return [
        Check("logging", logging.Logger.callHandlers is standard_library.call_handlers, "records of every logger"),
        Check("warnings", warnings.showwarning is uncaught.showwarning, "warnings.warn"),
        Check("uncaught exceptions", sys.excepthook is uncaught.excepthook, "sys.excepthook"),
        Check("in threads", threading.excepthook is uncaught.thread_excepthook, "threading.excepthook"),
        Check("in finalizers", sys.unraisablehook is uncaught.unraisablehook, "sys.unraisablehook"),
        Check("thread pools", _context_follows(), "context goes where the work goes"),
        Check("SIGTERM", sigterm is lifecycle.on_sigterm, "drains the sinks, then ends the process"),
    ]


def _context_follows() -> bool:
    with context(looked_for="here"), ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: "looked_for" in current.get().fields).result()


def sinks(settings: Settings, pipeline: Pipeline, *, offline: bool) -> list[Check]:
    """Whether each sink can be written to now, and its format; of a remote one, whether its receiver answers."""
    if not settings.sinks:
        return [Check("none", ok=False, note="every record is lost", remedy="Set DISCREET_STREAM or DISCREET_FILE")]
    remote = [] if offline else [sink for sink in settings.sinks if isinstance(sink, Remote)]
    tests = {id(sink): connection.Test(sink, settings, pipeline) for sink in remote}  # all at once
    return [
        _remote(sink, tests.get(id(sink))) if isinstance(sink, Remote) else _sink(sink, settings)
        for sink in settings.sinks
    ]


def _remote(sink: Remote, test: connection.Test | None) -> Check:
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
    if usable:
        return Check(sink.name, ok=True, note=f"{format_of(sink, settings)} format")
    remedy = "Give this user the right to write there, or name another place"
    return Check(sink.name, ok=False, note="cannot be written to", remedy=remedy)


def harmless(sink: Sink) -> Sink:
    """The same file without its rotation and retention: to open those removes and compresses old files."""
    return File(sink.path, format=sink.format, level=sink.level) if isinstance(sink, File) else sink


@contextlib.contextmanager
def leaving_no_files(chosen: Sequence[Sink]) -> Generator[None]:
    """Opening a file sink creates the file and its folders; what was not there before goes again if it is empty."""
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
    """Plant a secret of every kind that the detectors and key words know, made up now, and look for it after."""
    results: dict[str, bool] = {}
    for detector in detectors():
        for example in detector.examples:
            results[detector.kind] = results.get(detector.kind, True) and _masked(redactor, detector, example)
    for kind, name in sorted(_key_names().items()):
        planted = _generated("digits", 12) if kind == "pin" else _generated("alnum", 44)
        left = json.dumps(redactor.fields({name: planted, "nested": [{name: planted}]}), default=str)
        results[f"key: {kind}"] = planted not in left
    card = _card_number()
    left = json.dumps([redactor.text(f"paid with {card}"), redactor.fields({"note": int(card)})])
    results["card-number"] = card not in left
    return [Check(kind, ok) for kind, ok in results.items()]


def _masked(redactor: Redactor, detector: Detector, example: list[str | list[str | int]]) -> bool:
    planted = [_generated(str(part[0]), int(part[1])) for part in example if not isinstance(part, str)]
    given = iter(planted)
    text = "".join(part if isinstance(part, str) else next(given) for part in example)
    left = redactor.text(f"seen\n{text}\nhere")
    return "[REDACTED:" in left and not any(len(secret) >= 6 and secret in left for secret in planted)


def _key_names() -> dict[str, str]:
    """One name for each kind of secret that is known by its name."""
    words = json.loads(Path(rules.__file__).with_name("names.json").read_text("utf-8"))
    return {kind: names[0] for group in ("exact", "last", "strong") for kind, names in words[group].items()}


def _generated(alphabet: str, length: int) -> str:
    """Characters that look like a key's, digits among them: always the same, so that a failure can be repeated."""
    source = random.Random(f"{alphabet} {length}")  # noqa: S311 - no secret, only made to look like one
    while True:
        made = "".join(source.choice(ALPHABETS[alphabet]) for _ in range(length))
        if length < 4 or any(character.isdecimal() for character in made) or alphabet.endswith("32"):
            return made


def _card_number() -> str:
    """A number that passes for a payment card's: 15 digits and the check digit by Luhn's rule (ISO/IEC 7812-1)."""
    digits = "4" + _generated("digits", 14)
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return digits + str(-sum(number - 9 if number > 9 else number for number in doubled) % 10)
