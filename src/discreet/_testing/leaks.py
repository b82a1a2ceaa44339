"""For tests: everything that a test may have produced, searched for secrets. A secret found is never shown."""

from __future__ import annotations

import io
import json
import logging
import os
from html import escape
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from urllib.parse import quote, quote_plus

from discreet._base.compression import decompressed
from discreet._logfiles.chunks import chunks
from discreet._logfiles.judge import Judge
from discreet._redaction import secrets
from discreet._redaction.walk import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from discreet._redaction.policy import Redaction

_SHORTEST = 4
_SHORTEST_ENCODED = 8  # the encoded form of less occurs by chance
_OF_A_LOG_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Leak(NamedTuple):
    """What was found, and where."""

    what: str
    place: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.what} in {self.place}, line {self.line}, column {self.column}"


def leaks(
    things: Mapping[str, object], planted: Mapping[str, object], policy: Redaction | None, *, judged: bool = True
) -> Iterator[Leak]:
    """Every secret in `things`, which are named by their places; `planted` are secrets that must not be there.

    With `judged` whatever the redactor would mask is a secret too.
    """
    judge = Judge(policy, findings_only=True)
    looked_for = [pair for what, secret in planted.items() for pair in _written(what, secret)]
    for name, thing in things.items():
        for place, file in _files(name, thing):
            with file:
                yield from _in_file(place, file, judge if judged else None, judge, looked_for)


def spellings(secret: str) -> dict[str, str]:
    """How a secret may be written: each text that gives it away, and what that spelling is called."""
    found = {secret: "in clear"}

    def also(name: str, *texts: str) -> None:
        for text in texts:
            found.setdefault(text, name)

    once = json.dumps(secret)[1:-1]
    also("JSON-escaped", once, json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(once)[1:-1])
    also("as repr() shows it", repr(secret)[1:-1])
    also("HTML-escaped", escape(secret), escape(secret, quote=False))
    data = secret.encode("utf-8", "surrogatepass")
    for percent in (quote(data, safe=""), quote(data), quote_plus(data), "".join(f"%{byte:02X}" for byte in data)):
        also("percent-encoded", percent, _lower_escapes(percent), quote(percent, safe=""))
    if len(data) >= _SHORTEST_ENCODED:
        also("in hexadecimal", data.hex(), data.hex().upper())
        also("in base64", *(text for text, encoded in secrets.spellings(secret).items() if encoded))
    return found


def revealed(secret: object) -> str:
    """The text of a planted secret: a string, bytes, a `discreet.Secret`, or one of pydantic's."""
    kind = type(secret)
    if is_secret(secret):
        secret = getattr(secret, "reveal", None) or getattr(secret, "get_secret_value", None)
        secret = secret() if callable(secret) else None
    if isinstance(secret, bytes):
        secret = secret.decode("utf-8", "surrogateescape")
    if not isinstance(secret, str):
        raise TypeError(f"a planted secret is a string or bytes, not {kind.__name__}")
    if len(secret) < _SHORTEST:
        raise ValueError(f"a planted secret needs at least {_SHORTEST} characters: less occurs by chance")
    return secret


def _written(what: str, secret: object) -> Iterator[tuple[str, str]]:
    text = revealed(secret)
    # Of several lines, each gives itself away; but not the first and the last of a key, which everybody knows.
    parts = [line for line in text.splitlines() if len(line) >= _SHORTEST_ENCODED and "-----" not in line]
    for part in parts if len(parts) > 1 else [text]:
        for spelling, name in spellings(part).items():
            yield f"{what} ({name})", spelling


def _lower_escapes(percent: str) -> str:
    first, *rest = percent.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _in_file(
    place: str, file: IO[bytes], judge: Judge | None, cutter: Judge, looked_for: Iterable[tuple[str, str]]
) -> Iterator[Leak]:
    before = 0
    for chunk in chunks(decompressed(file), cutter.cut):
        text = chunk.decode("utf-8", "surrogateescape")
        known: set[tuple[str, int]] = set()
        for what, spelling in looked_for:
            start = text.find(spelling)
            while start >= 0:
                name = what.partition(" (")[0]
                if (name, start) not in known:  # several spellings of a plain word are one
                    known.add((name, start))
                    line = text.count("\n", 0, start)
                    yield Leak(what, place, before + line + 1, start - text.rfind("\n", 0, start))
                start = text.find(spelling, start + len(spelling))
        if judge is not None and b"\0" not in chunk:
            found, _ = judge.findings(chunk)
            for finding in found:
                yield Leak(finding.kind, place, before + finding.line, finding.column)
        before += chunk.count(b"\n")


def _files(place: str, thing: object) -> Iterator[tuple[str, IO[bytes]]]:
    """Everything in a thing, as files to read."""
    if isinstance(thing, os.PathLike):
        yield from _on_disk(os.fspath(cast("os.PathLike[str]", thing)))
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for number, inner in enumerate(cast("Iterable[object]", thing), 1):
            yield from _files(f"{place}, item {number}", inner)
    elif thing is not None:
        yield place, io.BytesIO(_bytes(thing))


def _on_disk(path: str) -> Iterator[tuple[str, IO[bytes]]]:
    if not os.path.isdir(path):
        yield path, open(path, "rb")  # noqa: SIM115 - closed by who reads it
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            inner = os.path.join(folder, name)
            if os.path.isfile(inner):
                yield inner, open(inner, "rb")  # noqa: SIM115 - as above


def _bytes(thing: object) -> bytes:
    if isinstance(thing, (bytes, bytearray)):
        return bytes(thing)
    if isinstance(thing, dict):
        pairs = cast("dict[object, object]", thing).items()
        thing = json.dumps({str(key): value for key, value in pairs}, default=repr, ensure_ascii=False, skipkeys=True)
    elif isinstance(thing, logging.LogRecord):
        thing = _of_log_record(thing)
    elif isinstance(thing, BaseException):
        import traceback

        thing = "".join(traceback.format_exception(type(thing), thing, thing.__traceback__))
    elif isinstance(thing, (io.StringIO, io.BytesIO)):
        return _bytes(thing.getvalue())
    elif not isinstance(thing, str):
        thing = repr(thing)
    return thing.encode("utf-8", "surrogatepass")


def _of_log_record(record: logging.LogRecord) -> str:
    """A record of the standard library with its `extra`, as a formatter that leaves nothing out would write it."""
    extra = {key: value for key, value in record.__dict__.items() if key not in _OF_A_LOG_RECORD}
    text = logging.Formatter("%(message)s").format(record)
    return text + ("\n" + json.dumps(extra, default=repr, ensure_ascii=False) if extra else "")
