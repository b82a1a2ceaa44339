"""What `discreet.testing` and the pytest plugin use: made-up secrets, the search for secrets, and the watch of a test.

A made-up secret looks like a real one, but nobody ever issued it. A secret that was found is never shown.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import secrets
from difflib import get_close_matches
from functools import partial
from html import escape
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote

from discreet._base.compression import decompressed
from discreet._base.diagnostics import counted, shortened
from discreet._config.settings import state
from discreet._config.status import mask
from discreet._logfiles.chunks import chunks
from discreet._logfiles.redactor import LogRedactor
from discreet._redaction.engine.detectors import detectors
from discreet._redaction.engine.secret_values import luhn
from discreet._redaction.secrets import IN_BASE64
from discreet._redaction.secrets import spellings as as_programs_write
from discreet._redaction.walk import is_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHABETS = {
    "alnum": _LETTERS + "0123456789",
    "word": _LETTERS + "0123456789_-",
    "base64": _LETTERS + "0123456789+/",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "lower32": "abcdefghijklmnopqrstuvwxyz234567",
    "hex": "0123456789abcdef",
    "digits": "0123456789",
}
"""The characters that the examples in detectors.json name, by that name."""

_SHORTEST = 4
_SHORTEST_ENCODED = 8  # encoded forms of shorter texts occur by chance
_SHORTEST_GROUPED = 12  # digits, as of a card or an account
_OF_A_LOG_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

_CAPTURES = ("capsys", "capfd", "capsysbinary", "capfdbinary", "capteesys")
_FIXTURE = "_discreet_watch"
"""The fixture through which the hooks of pytest find the watch of a test."""


def made_up(kind: str) -> str:
    """A new random secret of this kind, which is a kind of marker; `ValueError` names those that can be made up."""
    if kind in _PLAIN:
        return _PLAIN[kind]()
    example = _examples().get(kind)
    if example is not None:
        return "".join(part if isinstance(part, str) else generated(str(part[0]), int(part[1])) for part in example)
    close = get_close_matches(kind, kinds(), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"no secret of the kind {kind!r} can be made up.{hint} Known kinds: {', '.join(kinds())}")


def kinds() -> list[str]:
    """The kinds that `made_up` knows."""
    return sorted(_examples().keys() | _PLAIN.keys())


def _examples() -> dict[str, list[str | list[str | int]]]:
    """The first example of each kind of secret that its form alone makes a secret."""
    rules = [rule for rule in detectors() if not rule.structure and rule.group == 0 and rule.examples]
    return {rule.kind: rule.examples[0] for rule in reversed(rules)}


def generated(alphabet: str, length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """Characters of an alphabet. At least an eighth of them are digits (one, of four to fifteen), as in most real keys.

    `choose` picks one character of a string: at random, or by a seed where the result must be repeatable.
    """
    while True:
        made = "".join(choose(_ALPHABETS[alphabet]) for _ in range(length))
        if length < 4 or sum(map(str.isdecimal, made)) >= max(1, length // 8):
            return made


def card_number(choose: Callable[[str], str] = secrets.choice) -> str:
    """16 digits that pass for a payment card's: the last one is the check digit of Luhn's rule (ISO/IEC 7812-1)."""
    start = "4" + generated("digits", 14, choose)
    return next(start + digit for digit in "0123456789" if luhn(start + digit))


def _jwt() -> str:
    parts: list[dict[str, object]] = [
        {"alg": "HS256", "typ": "JWT"},
        {"sub": generated("digits", 10), "iat": 1_700_000_000 + secrets.randbelow(100_000_000)},
    ]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*encoded, generated("word", 43)))


def _private_key() -> str:
    lines = [generated("base64", 64) for _ in range(4)]
    return "\n".join(("-----BEGIN " + "PRIVATE KEY-----", *lines, "-----END " + "PRIVATE KEY-----", ""))


_PLAIN: dict[str, Callable[[], str]] = {
    "api-key": lambda: generated("alnum", 32),
    "bearer-token": lambda: generated("word", 40),
    "jwt": _jwt,
    "password": lambda: f"{generated('alnum', 6)}-{generated('alnum', 6)}!{generated('digits', 2)}",
    "payment-card": card_number,
    "private-key": _private_key,
    "secret": lambda: generated("alnum", 24),
    "token": lambda: generated("word", 32),
}


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
    data = secret.encode("utf-8", "surrogatepass")
    found = as_programs_write(secret)
    if len(data) < _SHORTEST_ENCODED:
        found = {text: name for text, name in found.items() if name not in ("in hexadecimal", IN_BASE64)}

    def also(name: str, *texts: str) -> None:
        for text in texts:
            found.setdefault(text, name)

    also("JSON-escaped", json.dumps(json.dumps(secret)[1:-1])[1:-1])
    also("HTML-escaped", escape(secret, quote=False))
    also("percent-encoded", "".join(f"%{byte:02X}" for byte in data))
    for percent in [text for text, name in found.items() if name == "percent-encoded"]:
        lower = re.sub("%..", lambda escaped: escaped.group().lower(), percent)
        also("percent-encoded", lower, quote(percent, safe=""))
    if secret.isdecimal() and len(secret) >= _SHORTEST_GROUPED:
        also("in groups of four", *(by.join(re.findall(".{1,4}", secret)) for by in " -"))
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


class Watch(logging.Handler):
    """What one test logs and prints. A handler of the root logger, because records of `logging` are not redacted."""

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.records = records
        self.planted: dict[str, str] = {}
        self.any_secret = False
        self.reported = False
        self.logged: list[logging.LogRecord] = []
        self.read: list[object] = []

    def plant(self, kind: str = "password") -> str:
        """Make up a secret of this kind, which must not appear."""
        secret = made_up(kind)
        self.planted[f"planted {kind} {len(self.planted) + 1}"] = secret
        return secret

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record until the test is over."""
        self.logged.append(record)


def keep_what_is_read(item: Any) -> None:
    """Keep a copy of all output that the test reads through capsys or a similar fixture."""
    fixtures: dict[str, Any] = item.funcargs
    for name in _CAPTURES:
        if _FIXTURE in fixtures and name in fixtures:
            fixtures[name].readouterr = partial(_keep, fixtures[name].readouterr, fixtures[_FIXTURE].read)


def _keep(read: Callable[[], Any], kept: list[object]) -> Any:
    result = read()
    kept.extend((result.out, result.err))
    return result


def check(item: Any, report: Any) -> None:
    """Fail a test that revealed a secret, and mask the secret in the output that pytest shows."""
    watch: Watch | None = item.funcargs.get(_FIXTURE)
    if watch is None or watch.reported or report.when == "setup":
        return
    things: dict[str, object] = {f"record {number}": record for number, record in enumerate(watch.records, 1)}
    things.update(
        (f"record {number} of logging ({record.name})", record) for number, record in enumerate(watch.logged, 1)
    )
    things["the output that the test read"] = watch.read
    things.update((name[:1].lower() + name[1:], text) for name, text in report.sections)
    found = list(map(str, leaks(things, watch.planted, any_secret=watch.any_secret)))
    if not found:
        return
    watch.reported = True
    masks = {text: name for name, secret in watch.planted.items() for text in spellings(secret)}

    def masked(text: str) -> str:
        for secret in sorted(masks, key=len, reverse=True):
            text = text.replace(secret, f"[{masks[secret]}]")
        return mask(text)

    report.sections = [(title, masked(text)) for title, text in report.sections]
    if report.outcome == "failed":
        report.sections.append(("discreet", failure_text(found)))
    else:
        report.outcome, report.longrepr = "failed", failure_text(found)


def failure_text(found: list[str]) -> str:
    """The message of a failed test: how many secrets were found, and the first twenty."""
    return "\n  ".join([f"{counted(len(found), 'secret')} in clear:", *shortened(found)])
