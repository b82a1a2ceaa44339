"""Step 3, redact: values that the application itself declares secret.

`Secret` holds a value that cannot be printed by accident. `register_secret` masks a value wherever it stands: as it is
and as programs spell it, that is percent-encoded, escaped for JSON and XML, in hexadecimal, and in base64 at each of
the three positions that it can have there.
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar, cast

from discreet._redaction.engine.secret_values import KindOf, Span, is_harmless
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORTEST = 8
"""Characters. Shorter values stand in too many harmless words: a password "a" would mask every a."""

KIND = "registered-secret"
IN_BASE64 = "in base64"
_LONGEST_WORD = 15  # a value of an environment variable of so few letters, and nothing else, is rather a word
_MOST = 10_000  # spellings; a program that registers without end must not make every record slow
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


class Registry:
    """The registered values of a process. Adding is rare, looking is not."""

    _spellings: dict[str, tuple[str, bool]]

    def __init__(self) -> None:
        self.forget()

    def add(self, value: str, kind: str = KIND) -> None:
        """Look for this value from now on; raises `ValueError` if it is so short that ordinary words would match."""
        if len(value.strip()) < SHORTEST:
            raise ValueError(f"a registered secret has at least {SHORTEST} characters")
        named = spellings(value).items()
        added = {spelling: (kind, name == IN_BASE64) for spelling, name in named if len(spelling) >= SHORTEST}
        if not added.keys() <= self._spellings.keys() and len(self._spellings) + len(added) <= _MOST:
            # Replaced, not changed: another thread may be looking.
            self._spellings = {**self._spellings, **added}
            self.epoch = object()

    def add_environment(self, environ: Mapping[str, str], kind_of: KindOf) -> None:
        """Register the values of variables whose names are sensitive, unless they look like words or paths."""
        for name, value in environ.items():
            kind = kind_of(name)
            if kind is not None and _is_likely_secret(value, kind):
                self.add(value, kind)

    @property
    def spellings(self) -> dict[str, tuple[str, bool]]:
        """All values as they are looked for: for `merge` in another process, and for nothing else."""
        return self._spellings

    def merge(self, spellings: Mapping[str, tuple[str, bool]]) -> None:
        """Look also for what another process looks for."""
        if spellings:
            self._spellings = {**spellings, **self._spellings}
            self.epoch = object()

    def forget(self) -> None:
        """Forget all values."""
        self._spellings = {}
        self.epoch = object()
        """Another object after each change: a text that was clean before may hold a registered value now."""

    def __bool__(self) -> bool:
        return bool(self._spellings)

    def holds(self, text: str) -> bool:
        """Whether any registered value stands in the text."""
        for spelling in self._spellings:  # noqa: SIM110 - asked for every new text; a generator costs three times as much
            if spelling in text:
                return True
        return False

    def find(self, text: str) -> list[Span]:
        """Where they stand: (start, end, kind), in order of the text; overlapping ones are left to the caller."""
        found: list[Span] = []
        for spelling, (kind, encoded) in self._spellings.items():
            start = text.find(spelling)
            while start >= 0:
                end = start + len(spelling)
                # On both sides of base64, a letter may hold bits of the value, mixed with those of its neighbours.
                first = start - (encoded and start > 0 and text[start - 1] in _BASE64)
                last = end + (encoded and text[end : end + 1] in _BASE64)
                found.append((first, last, kind))
                start = text.find(spelling, end)
        return sorted(found)


registry = Registry()
"""The registered values of this process."""


def spellings(value: str) -> dict[str, str]:
    """Each text as which programs write a value, and the name of that spelling."""
    import json  # here, because most processes register nothing: these four cost as much as `logging`
    from html import escape as xml_escape
    from urllib.parse import quote, quote_plus

    raw = value.encode("utf-8", "surrogatepass")
    found = {value: "in clear"}
    for name, texts in (
        ("JSON-escaped", (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])),
        ("as repr() shows it", (repr(value)[1:-1],)),
        ("HTML-escaped", (xml_escape(value),)),
        ("percent-encoded", (quote(raw, safe=""), quote(raw), quote_plus(raw))),
        ("in hexadecimal", (raw.hex(), raw.hex().upper())),
        (IN_BASE64, _base64(raw)),
    ):
        for text in texts:
            found.setdefault(text, name)
    return found


def _base64(raw: bytes) -> Iterator[str]:
    """The letters that depend on the value alone, at each of the three positions it can have in its encoding."""
    for shift in range(3):
        encoded = b2a_base64(b"\0" * shift + raw, newline=False).decode()
        first = (0, 2, 3)[shift]  # letters that hold bits of what stands before
        last = len(encoded) - (0, 3, 2)[(shift + len(raw)) % 3]  # padding, and the letter with bits of what follows
        core = encoded[first:last]
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _is_likely_secret(value: str, kind: str) -> bool:
    if len(value) < SHORTEST or "://" in value:
        return False  # of a URL the rules mask the password, and its host is nobody's secret
    if value.isalpha() and len(value) <= _LONGEST_WORD:
        return False
    if value.startswith(("/", "~/", "./")) and os.sep in value[1:]:
        return False  # a path, as PWD has it
    return not is_harmless(value, kind)


T = TypeVar("T")

MARKER = "[REDACTED:secret]"


class Secret(Generic[T]):
    """Holds `value` and shows `[REDACTED:secret]` wherever it is printed, formatted, logged or serialised.

    `reveal()` is the only way to the value, so that a search for it finds every use. Comparing two secrets takes
    the same time wherever they differ. Copies share the value; pickling raises `TypeError`, because a pickle would
    hold the value in the clear.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself, in the clear."""
        return self._value

    def __repr__(self) -> str:
        return MARKER

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return MARKER

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine: object = self._value
        theirs: object = cast("Secret[object]", other).reveal()
        mine_bytes, their_bytes = _as_bytes(mine), _as_bytes(theirs)
        if mine_bytes is None or their_bytes is None:
            return bool(mine == theirs)
        from hmac import compare_digest  # late: it loads OpenSSL, and few programs compare secrets

        return compare_digest(mine_bytes, their_bytes)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret[T]:
        return type(self)(self._value)

    def __deepcopy__(self, memo: dict[int, object]) -> Secret[T]:
        return type(self)(self._value)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a discreet.Secret does not pickle: the pickle would hold its value in clear. Pickle reveal() instead."
        )


def _as_bytes(value: object) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, (bytes, bytearray)) else None


def register_secret(value: str | bytes | Secret[str], *, kind: str = KIND) -> None:
    """Mask this value wherever it appears from now on, in this process.

    Also where it is percent-encoded, escaped for JSON or XML, in hexadecimal or inside base64. `kind` is what the
    marker says. Raises `ConfigurationError` (which does not show the value) if it has fewer than 8 characters: shorter
    ones stand in too many harmless words.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    try:
        registry.add(text, kind)
    except ValueError:
        raise ConfigurationError(
            "register_secret",
            "…",
            f"fewer than {SHORTEST} characters",
            "Register the whole secret, or use discreet.Secret",
        ) from None
