"""Ways to write a secret, one a line: it goes, and what surrounds it stays.

In `spellings.txt`, «S» stands for a password, «T» for a token, «H» for hexadecimal digits, «B» for base64, «U» for a
UUID and «D» for six digits, ␤ for a line break, ␉ for a tab, ␛ for escape; with a 2 behind it, for another one.
"""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

import pytest

from discreet._redaction.redactor import Redactor

_LINES = Path(__file__).with_name("spellings.txt").read_text("utf-8").splitlines()
_ALNUM = string.ascii_letters + string.digits
_PLACE = re.compile("«([STHBUD])2?»")


def _secret(kind: str, source: random.Random) -> str:
    def run(alphabet: str, length: int) -> str:
        return "".join(source.choice(alphabet) for _ in range(length))

    if kind == "U":
        return "-".join(run("0123456789abcdef", length) for length in (8, 4, 4, 4, 12))
    if kind == "D":
        return run("123456789", 6)
    if kind == "H":
        return "a7" + run("0123456789abcdef", 62)
    if kind == "B":
        return "Zq7" + run(_ALNUM, 40) + "="
    if kind == "T":
        return "k" + run(_ALNUM, 30) + "Q4x"
    return source.choice(["m", "Winter"]) + run(_ALNUM, 5) + source.choice(["!", "", "2024"]) + run(_ALNUM, 4) + "7z"


@pytest.mark.parametrize("line", _LINES)
def test_a_spelling_loses_its_secret_and_nothing_else(line: str) -> None:
    for seed in range(3):
        source = random.Random(f"{line} {seed}")
        parts = _PLACE.split(line.replace("␤", "\n").replace("␉", "\t").replace("␛", "\x1b"))
        secrets = [_secret(kind, source) for kind in parts[1::2]]
        around = parts[::2]
        text = around[0] + "".join(secret + rest for secret, rest in zip(secrets, around[1:], strict=True))
        safe = Redactor().text(text)
        marked = r"\[REDACTED:[a-z0-9-]+\]".join(map(re.escape, around))
        assert re.fullmatch(marked, safe), (text, safe)
