"""Assembles the examples of detectors.json: parts joined at run time, so that no file holds a secret-looking string."""

from __future__ import annotations

import random
from typing import Any

_ALPHABETS = {
    "alnum": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "word": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
    "base64": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "lower32": "abcdefghijklmnopqrstuvwxyz234567",
    "hex": "0123456789abcdef",
    "digits": "0123456789",
}


def assemble(parts: list[Any], seed: int = 7) -> str:
    """The example's text; `[alphabet, n]` becomes n characters, the same ones for the same seed."""
    return "".join(part if isinstance(part, str) else generated(*part, seed=seed) for part in parts)


def generated(alphabet: str, length: int, seed: int = 7) -> str:
    """`length` characters that look generated: the first is a letter, and digits are among them."""
    letters = _ALPHABETS[alphabet]
    source = random.Random(f"{alphabet} {length} {seed}")
    return "".join(source.choice(letters) for _ in range(length))


def generated_parts(parts: list[Any], seed: int = 7) -> list[str]:
    """Only the generated parts: what must not survive."""
    return [generated(*part, seed=seed) for part in parts if not isinstance(part, str)]
