"""Search anything that a test may have produced for secrets. A secret that was found is never shown."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from html import escape
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from urllib.parse import quote, quote_plus

from discreet._base.compression import decompressed
from discreet._config.settings import state
from discreet._logfiles.chunks import chunks
from discreet._logfiles.redactor import LogRedactor
from discreet._redaction import secrets
from discreet._redaction.walk import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHORTEST = 4
_SHORTEST_ENCODED = 8  # encoded forms of shorter texts occur by chance
_SHORTEST_GROUPED = 12  # digits, as of a card or an account
_OF_A_LOG_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Leak(NamedTuple):
    """A secret that was found: what it is, and where."""

    what: str
    place: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.what} in {self.place}, line {self.line}, column {self.column}"


def leaks(things: Mapping[str, object], planted: Mapping[str, object], *, any_secret: bool = True) -> Iterator[Leak]:
    """Every secret in `things`, whose keys say where they come from. `planted` names the secrets to look for.

    With `any_secret`, everything that the redactor would mask, by the policy in force, is a secret too.
    """
    redactor = LogRedactor(state.settings.redaction if state.settings is not None else None, findings_only=True)
    looked_for: list[tuple[str, str]] = []
    for what, secret in planted.items():
        text = revealed(secret)
        # Each line of a secret reveals a part of it, except the first and last line of a key, which are no secret.
        parts = [line for line in text.splitlines() if len(line) >= _SHORTEST_ENCODED and "-----" not in line]
        for part in parts if len(parts) > 1 else [text]:
            looked_for += [(f"{what} ({name})", spelling) for spelling, name in spellings(part).items()]
    for name, thing in things.items():
        for place, file in _files(name, thing):
            with file:
                yield from _in_file(place, file, looked_for, redactor, any_secret=any_secret)


def spellings(secret: str) -> dict[str, str]:
    """Each text that reveals a secret, and the name of that spelling: in clear, percent-encoded, in base64, ..."""
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
        lower = re.sub("%..", lambda escaped: escaped.group().lower(), percent)
        also("percent-encoded", percent, lower, quote(percent, safe=""))
    if secret.isdecimal() and len(secret) >= _SHORTEST_GROUPED:
        also("in groups of four", *(by.join(re.findall(".{1,4}", secret)) for by in " -"))
    if len(data) >= _SHORTEST_ENCODED:
        also("in hexadecimal", data.hex(), data.hex().upper())
        also("in base64", *(text for text, encoded in secrets.spellings(secret).items() if encoded))
    return found


def revealed(secret: object) -> str:
    """The text of a planted secret, given as a string, bytes, a `discreet.Secret` or a secret type of pydantic."""
    kind = type(secret)
    if is_secret(secret):
        secret = getattr(secret, "reveal", None) or getattr(secret, "get_secret_value", None)
        secret = secret() if callable(secret) else None
    if isinstance(secret, bytes):
        secret = secret.decode("utf-8", "surrogateescape")
    if not isinstance(secret, str):
        raise TypeError(f"a planted secret is a string or bytes, not {kind.__name__}")
    if len(secret) < _SHORTEST:
        raise ValueError(f"a planted secret needs at least {_SHORTEST} characters: shorter texts occur by chance")
    return secret


def _in_file(
    place: str, file: IO[bytes], looked_for: Iterable[tuple[str, str]], redactor: LogRedactor, *, any_secret: bool
) -> Iterator[Leak]:
    before = 0
    for chunk in chunks(decompressed(file), redactor.cut):
        text = chunk.decode("utf-8", "surrogateescape")
        known: set[tuple[str, int]] = set()
        for what, spelling in looked_for:
            start = text.find(spelling)
            while start >= 0:
                name = what.partition(" (")[0]
                if (name, start) not in known:  # several spellings may be the same text
                    known.add((name, start))
                    line = text.count("\n", 0, start)
                    yield Leak(what, place, before + line + 1, start - text.rfind("\n", 0, start))
                start = text.find(spelling, start + len(spelling))
        if any_secret and b"\0" not in chunk:
            found, _ = redactor.findings(chunk)
            for finding in found:
                yield Leak(finding.kind, place, before + finding.line, finding.column)
        before += chunk.count(b"\n")


def _files(place: str, thing: object) -> Iterator[tuple[str, IO[bytes]]]:
    """Everything in a thing, as files to read, each with its place."""
    if isinstance(thing, os.PathLike):
        path = os.fspath(cast("os.PathLike[str]", thing))
        inside = sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
        for file in filter(os.path.isfile, inside) if os.path.isdir(path) else [path]:
            yield file, open(file, "rb")  # noqa: SIM115 - the reader closes it
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for number, inner in enumerate(cast("Iterable[object]", thing), 1):
            yield from _files(f"{place}, item {number}", inner)
    elif thing is not None:
        yield place, io.BytesIO(_bytes(thing))


def _bytes(thing: object) -> bytes:
    if isinstance(thing, (bytes, bytearray)):
        return bytes(thing)
    if isinstance(thing, dict):
        pairs = cast("dict[object, object]", thing).items()
        thing = json.dumps({str(key): value for key, value in pairs}, default=repr, ensure_ascii=False, skipkeys=True)
    elif isinstance(thing, logging.LogRecord):  # with its `extra`, as a formatter that leaves nothing out writes it
        extra = {key: value for key, value in thing.__dict__.items() if key not in _OF_A_LOG_RECORD}
        text = logging.Formatter("%(message)s").format(thing)
        thing = text + ("\n" + json.dumps(extra, default=repr, ensure_ascii=False) if extra else "")
    elif isinstance(thing, BaseException):
        import traceback

        thing = "".join(traceback.format_exception(type(thing), thing, thing.__traceback__))
    elif isinstance(thing, (io.StringIO, io.BytesIO)):
        return _bytes(thing.getvalue())
    elif not isinstance(thing, str):
        thing = repr(thing)
    return thing.encode("utf-8", "surrogatepass")
