"""For tests: secrets that were never issued, and look as if they had been."""

from __future__ import annotations

import base64
import json
import secrets
from difflib import get_close_matches
from typing import TYPE_CHECKING

from discreet._redaction.engine.checks import luhn
from discreet._redaction.engine.detectors import detectors

if TYPE_CHECKING:
    from collections.abc import Callable

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABETS = {
    "alnum": _LETTERS + "0123456789",
    "word": _LETTERS + "0123456789_-",
    "base64": _LETTERS + "0123456789+/",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "lower32": "abcdefghijklmnopqrstuvwxyz234567",
    "hex": "0123456789abcdef",
    "digits": "0123456789",
}
"""The characters that the examples in detectors.json name, by that name."""


def made_up(kind: str) -> str:
    """A new secret of this kind, at random. Kinds are those of the markers; ValueError names them."""
    if kind in _PLAIN:
        return _PLAIN[kind]()
    for detector in detectors():
        if detector.kind == kind and not detector.structure and detector.group == 0 and detector.examples:
            return _assembled(detector.examples[0])
    close = get_close_matches(kind, kinds(), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"no secret of the kind {kind!r} can be made up.{hint} Known kinds: {', '.join(kinds())}")


def kinds() -> list[str]:
    """What `made_up` can make."""
    formed = {rule.kind for rule in detectors() if not rule.structure and rule.group == 0 and rule.examples}
    return sorted(formed | _PLAIN.keys())


def _assembled(parts: list[str | list[str | int]]) -> str:
    return "".join(part if isinstance(part, str) else _generated(str(part[0]), int(part[1])) for part in parts)


def _generated(alphabet: str, length: int) -> str:
    """Characters with a digit among them, where there is room for one: a real one hardly ever has none."""
    while True:
        made = "".join(secrets.choice(ALPHABETS[alphabet]) for _ in range(length))
        if length < 4 or any(character.isdecimal() for character in made):
            return made


def _password() -> str:
    return f"{_generated('alnum', 6)}-{_generated('alnum', 6)}!{_generated('digits', 2)}"


def _jwt() -> str:
    parts: list[dict[str, object]] = [
        {"alg": "HS256", "typ": "JWT"},
        {"sub": _generated("digits", 10), "iat": 1_700_000_000 + secrets.randbelow(100_000_000)},
    ]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*encoded, _generated("word", 43)))


def _private_key() -> str:
    lines = [_generated("base64", 64) for _ in range(4)]
    return "\n".join(("-----BEGIN " + "PRIVATE KEY-----", *lines, "-----END " + "PRIVATE KEY-----", ""))


def _payment_card() -> str:
    start = "4" + _generated("digits", 14)
    return next(start + digit for digit in "0123456789" if luhn(start + digit))


_PLAIN: dict[str, Callable[[], str]] = {
    "api-key": lambda: _generated("alnum", 32),
    "bearer-token": lambda: _generated("word", 40),
    "jwt": _jwt,
    "password": _password,
    "payment-card": _payment_card,
    "private-key": _private_key,
    "secret": lambda: _generated("alnum", 24),
    "token": lambda: _generated("word", 32),
}
