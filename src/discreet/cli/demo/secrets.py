"""`discreet demo`: the secrets it plants, made up for each run, and the search for them in every byte written."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def make_up() -> dict[str, str]:
    """A new secret of each kind that the demo plants."""
    return {
        "bearer token": secrets.token_urlsafe(32),
        "password": secrets.token_urlsafe(12),
        "API key": secrets.token_hex(20),
        "card number": _card_number(),
        "database password": secrets.token_urlsafe(16),
    }


def _card_number() -> str:
    """16 digits that pass for a card's: the last one is the check digit by Luhn's rule (ISO/IEC 7812-1)."""
    digits = "4" + "".join(secrets.choice("0123456789") for _ in range(14))
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return digits + str(-sum(number - 9 if number > 9 else number for number in doubled) % 10)


def found(planted: Mapping[str, str], contents: Mapping[str, bytes]) -> list[str]:
    """Where which secret stands, in any of its spellings; what one hopes to be empty. Never the secret itself."""
    return [
        f"{name} in {file}"
        for name, secret in planted.items()
        for file, content in contents.items()
        if any(spelling in content for spelling in _spellings(secret))
    ]


def _spellings(secret: str) -> Iterator[bytes]:
    """As it is, percent-encoded, in hexadecimal, in groups of four, and in base64 wherever it may begin there."""
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield raw.hex().encode()
    yield " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)).encode()
    for shift in range(3):
        # Three bytes are four characters; those that the neighbours take part in are left out.
        encoded = base64.b64encode(b"\0" * shift + raw)
        inner = encoded[4 if shift else 0 : (len(raw) + shift) // 3 * 4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
