"""Made-up secrets: they look like real ones, but nobody ever issued them."""

from __future__ import annotations

import base64
import json
import secrets
from difflib import get_close_matches
from typing import TYPE_CHECKING

from discreet._redaction.engine.detectors import detectors
from discreet._redaction.engine.secret_values import luhn

if TYPE_CHECKING:
    from collections.abc import Callable

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
