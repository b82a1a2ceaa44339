"""`discreet doctor`: the checks of hooks, sinks, delivery and redaction, in this process after `configure()`.

A receiver of a remote sink gets one record as a test. No check shows a secret.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pkgutil
import random
import shutil
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from discreet._base.diagnostics import reason_of
from discreet._base.levels import DEBUG
from discreet._config import lifecycle
from discreet._config.outputs import format_of
from discreet._context.ambient import context, current
from discreet._context.capture import collect
from discreet._delivery import locks
from discreet._delivery.buffered.ring import dead_rings
from discreet._delivery.export.sink import ExportSink, Result, Unreachable
from discreet._delivery.file.sink import File
from discreet._delivery.folder import state_folder
from discreet._delivery.runner import runner_of
from discreet._delivery.sink import Sink
from discreet._delivery.spool.segment import survey
from discreet._delivery.stream import Stream
from discreet._pipeline import Output, Pipeline
from discreet._redaction.engine.detectors import detectors
from discreet._redaction.names import load_rules
from discreet._takeover import libraries, standard_library, uncaught
from discreet._testing import card_number, generated
from discreet.cli.recover import subfolders
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from discreet._config.settings import Settings
    from discreet._record import Encoder, Redacted
    from discreet._redaction.engine.detectors import Detector
    from discreet._redaction.redactor import Redactor

_MODES = {
    "direct": "a call returns when its line is written",
    "queued": "lines wait in memory; a kill loses them",
    "ring": "lines wait in a file that survives a kill",
}

_ELSEWHERE = "Set DISCREET_STATE_DIR to a folder of this user on a disk with room"
_LEAST = 16_000_000  # bytes: enough for a ring and a small spool

MESSAGE = "discreet doctor tested this connection"

_LONGEST = 10.0  # seconds, even if the timeout of the sink itself is longer
_LATE = 1.0  # seconds more, for steps that have no time limit, such as the look-up of a host name
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TOO_LATE = "no answer in time. Check the address, this network's DNS, firewalls, and HTTPS_PROXY"
_UNKNOWN = f"it cannot be reached. Check {_ENDPOINT}, the firewall and HTTPS_PROXY"
_ROWS = json.loads(pkgutil.get_data("discreet.cli.doctor", "remedies.json") or b"")["rows"]
_REMEDIES: dict[str, str] = {reason: row["remedy"] for row in _ROWS for reason in row["reasons"]}


class Check(NamedTuple):
    """What was checked, whether it is as it should be, a short note, and what to do if it is not. Holds no secret."""

    name: str
    ok: bool
    note: str = ""
    remedy: str = ""


_LOGGING = "records of every logger; other handlers get them redacted, but a real traceback leads to its variables"


def hooks() -> list[Check]:
    """Whether discreet's hooks are in place."""
    sigterm = signal.getsignal(signal.SIGTERM)
    with context(looked_for="here"), ThreadPoolExecutor(1) as pool:
        follows = pool.submit(lambda: "looked_for" in current.get().fields).result()
    return [
        Check("logging", logging.Logger.callHandlers is standard_library.call_handlers, _LOGGING),
        Check("warnings", warnings.showwarning is uncaught.showwarning, "warnings.warn"),
        Check("uncaught exceptions", sys.excepthook is uncaught.excepthook, "sys.excepthook"),
        Check("in threads", threading.excepthook is uncaught.thread_excepthook, "threading.excepthook"),
        Check("in finalizers", sys.unraisablehook is uncaught.unraisablehook, "sys.unraisablehook"),
        Check("thread pools", follows, "work in a pool keeps the context of its caller"),
        Check("SIGTERM", sigterm is lifecycle.on_sigterm, "writes what is pending, then ends the process"),
        *_other_libraries(),
    ]


def _other_libraries() -> Iterator[Check]:
    """The logging libraries of others that are installed here, and whether their records come in."""
    for library in libraries.LOADED_LATER:
        if find_spec(library) is not None:
            with contextlib.suppress(Exception):  # then it is broken by itself
                import_module(library)
            remedy = f"This version of {library} is not known to discreet. Its records leave as they are"
            yield Check(library, library in libraries.taken(), f"{version(library)}: its records come in", remedy)
    for library in libraries.CANNOT_BE_TAKEN:
        if find_spec(library.partition(".")[0]) is not None:
            yield Check(library, True, "installed: where it is used, its records do not come in and leave unredacted")


def sinks(settings: Settings, pipeline: Pipeline, *, offline: bool) -> list[Check]:
    """The format of each sink, and whether it can be written to now, or whether its receiver takes a record."""
    if not settings.sinks:
        return [Check("none", ok=False, note="every record is lost", remedy="Set DISCREET_STREAM or DISCREET_FILE")]
    remote = [] if offline else [sink for sink in settings.sinks if isinstance(sink, ExportSink)]
    tests = {id(sink): _test_connection(sink, pipeline) for sink in remote}  # all start now
    return [
        _remote(sink, tests.get(id(sink))) if isinstance(sink, ExportSink) else _sink(sink, settings)
        for sink in settings.sinks
    ]


def _remote(sink: ExportSink, result: Callable[[], list[str] | None] | None) -> Check:
    if result is None:
        return Check(sink.name, ok=True, note="not tested (--offline)")
    found = result()
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


class Pending(NamedTuple):
    """Records on disk: in the rings of dead processes, or in a spool."""

    where: str
    records: int
    remedy: str


def delivery(settings: Settings) -> list[Check]:
    """The delivery mode, and the folder for records that wait, if one is needed."""
    why = settings.why
    found = [Check(settings.delivery, ok=True, note=f"{_MODES[settings.delivery]} ({why['delivery']})")]
    remote = any(isinstance(sink, ExportSink) for sink in settings.sinks)
    if remote or settings.delivery != "direct":
        found.append(Check("exit", ok=True, note=f"takes at most {settings.exit_timeout:g} s to deliver what waits"))
    if remote:
        note = "what a receiver does not take waits on disk" if settings.spool else "off: it waits in memory only"
        found.append(Check("spool", ok=True, note=f"{note} ({why['spool']})"))
    if settings.delivery == "ring" or (remote and settings.spool):
        found.append(_folder(settings.state_dir))
    return found


def _folder(state_dir: str | None) -> Check:
    try:
        folder = state_folder(state_dir or "")
    except ConfigurationError as error:
        return Check("state folder", ok=False, note=str(error).removesuffix(f". {error.remedy}"), remedy=error.remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(str(folder), ok=False, note="cannot be written to", remedy=_ELSEWHERE)
    if not locks.available:
        return Check(str(folder), ok=True, note="writable, but files cannot be locked here: lines wait in memory")
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return Check(str(folder), ok=True, note="writable")
    note = f"writable, {free // 1_000_000:,} MB free"
    return Check(str(folder), ok=free >= _LEAST, note=note, remedy="" if free >= _LEAST else _ELSEWHERE)


def pending(settings: Settings) -> list[Pending]:
    """Records in the rings of dead processes and in spools, of every service of this user. Nothing is changed."""
    found: list[Pending] = []
    try:
        folder = state_folder(settings.state_dir or "")
        for place in subfolders(folder / "ring"):
            records = sum(len(ring.lines) for ring in dead_rings(place))
            found.append(Pending(f"ring {place.name}", records, "the next start of its service, or discreet recover"))
        found += [
            Pending(f"spool {place.name}", survey(place)[0], "its service, once the receiver is back")
            for place in subfolders(folder / "spool")
        ]
    except (OSError, ConfigurationError):
        pass  # another check reports whether the folder can be used
    return [each for each in found if each.records]


def redaction(redactor: Redactor) -> list[Check]:
    """Redact a made-up secret of every kind that the detectors and key words know, and look for it in the result."""
    results: dict[str, bool] = {}
    for detector in detectors():
        for example in detector.examples:
            results[detector.kind] = results.get(detector.kind, True) and _masked(redactor, detector, example)
    words = load_rules("names.json")
    names = {kind: known[0] for group in ("exact", "last", "strong") for kind, known in words[group].items()}
    for kind, name in sorted(names.items()):
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


def _repeatable(alphabet: str, length: int) -> str:
    """Always the same characters, so that a failure can be repeated."""
    return generated(alphabet, length, random.Random(f"{alphabet} {length}").choice)  # noqa: S311 - no secret


def _test_connection(sink: ExportSink, pipeline: Pipeline) -> Callable[[], list[str] | None]:
    """Begin to look for problems of a sink, in a thread of its own, because a step of it may hang.

    The function that is returned waits for the result, and returns a timeout when the time is over.
    """
    results: list[list[str] | None] = [[f"timeout: {_TOO_LATE}"]]
    deadline = time.monotonic() + min(sink.timeout, _LONGEST) + _LATE
    thread = threading.Thread(target=lambda: results.append(_problems(sink, pipeline)), daemon=True)
    thread.start()

    def result() -> list[str] | None:
        thread.join(max(0.0, deadline - time.monotonic()))
        return results[-1]

    return result


def _problems(sink: ExportSink, pipeline: Pipeline) -> list[str] | None:
    """Why records do not arrive, each with a remedy; empty if a record was taken, None if there is no test for it."""
    if _is(sink, "discreet.otel.sink", "OTLP"):
        return [f"{reason}: {remedy}" for reason, remedy in _otlp(sink, pipeline)]
    if any(_is(sink, f"discreet.azure.{name}", kind) for name, kind in _AZURE):
        found: list[str] = import_module("discreet.azure").check(sink, timeout=min(sink.timeout, _LONGEST))
        return [problem.removeprefix(f"{sink.name} ") for problem in found]
    return None


_AZURE = (("ingestion", "ApplicationInsights"), ("logs_ingestion", "LogsIngestion"))


def _is(sink: Sink, module: str, name: str) -> bool:
    """Whether it is an instance of a class of an extra, which is not imported if nobody uses it."""
    kind: object = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(sink, kind)


def _otlp(sink: ExportSink, pipeline: Pipeline) -> list[tuple[str, str]]:
    try:
        lines = _record(sink, pipeline)
        result = Result(*sink.send(lines, min(sink.timeout, _LONGEST)))
    except (OSError, EOFError) as error:
        reason = error.reason if isinstance(error, Unreachable) else reason_of(error)
        return [(reason, _REMEDIES.get(reason, _UNKNOWN))]
    except Exception as error:  # a broken test must not break the report
        return [(type(error).__name__, 'the connection could not be tested. Try pip install -U "discreet[otel]"')]
    finally:
        sink.disconnect()
    if result.delivered:
        return []
    reason = result.reason or "not accepted"
    refused = f"it refused a record. Look into its logs, and check {_ENDPOINT}"
    return [(reason, _REMEDIES.get(reason) or _REMEDIES.get(reason[:6], refused))]


class _Kept(Sink):
    """Takes the record that another sink would send, and encodes it as that one does."""

    def __init__(self, encode: Encoder) -> None:
        super().__init__()
        self.lines: list[bytes] = []
        self._encode = encode

    def write_record(self, record: Redacted) -> None:
        self.lines.append(self._encode(record))


def _record(sink: ExportSink, pipeline: Pipeline) -> list[bytes]:
    """A record as the sink would send it: through the same steps, but not through its queue and spool."""
    kept = _Kept(sink.encoder(pipeline.redactor))
    record, context = collect("discreet.doctor", DEBUG, MESSAGE, {}, None)
    output = Output(0, None, runner_of(kept))
    Pipeline(pipeline.redactor, (output,), pipeline.identity).process(record, context)
    return kept.lines
