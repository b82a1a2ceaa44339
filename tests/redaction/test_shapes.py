"""A text that differs from clean ones in its digits alone is not judged anew, unless digits can matter."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

pytestmark = pytest.mark.version_sensitive

_LINES = [
    line
    for name in ("look_alikes.txt", "spellings.txt")
    for line in (Path(__file__).with_name(name)).read_text("utf-8").splitlines()
    if re.search(r"\d", line)
]


def _other_digits(text: str, source: random.Random) -> str:
    return re.sub(r"\d", lambda _: source.choice("0123456789"), text)


def test_with_other_digits_a_text_is_judged_as_if_it_were_the_first() -> None:
    used = Redactor(Redaction(environment=False))
    source = random.Random(7)
    for line in _LINES:
        for _ in range(3):  # the third is the first that may be answered from memory
            used.text(_other_digits(line, source))
        for _ in range(3):
            text = _other_digits(line, source)
            assert used.text(text) == Redactor(Redaction(environment=False)).text(text)


@pytest.mark.parametrize(
    ("harmless", "telling"),
    [
        ("paid with 4111 1111 1111 1112 in shop 7", "paid with 4111 1111 1111 1111 in shop 7"),
        ("seen 923-45-6789 there", "seen 123-45-6789 there"),
        ("db.internal:1234:shop:bob:Xy7!pqR2", "db.internal:5432:shop:bob:Xy7!pqR2"),
    ],
)
def test_digits_that_make_a_secret_are_seen_after_any_number_of_others(harmless: str, telling: str) -> None:
    used = Redactor()
    for _ in range(4):
        assert used.text(harmless) == harmless
        used = _without_texts(used)
    assert used.text(telling) == Redactor().text(telling)
    assert used.text(telling) != telling


def _without_texts(redactor: Redactor) -> Redactor:
    """It knows shapes, but no text as a whole."""
    redactor.clean.clear()
    return redactor


def test_a_key_of_the_users_own_that_ends_in_a_digit_is_told_from_others() -> None:
    used = Redactor(Redaction(extra_keys=("field7",)))
    for _ in range(4):
        assert used.text("field3=hello there") == "field3=hello there"
    assert used.text("field7=hello there") == "field7=[REDACTED:field] there"


def test_a_pattern_of_the_users_own_sees_every_digit() -> None:
    used = Redactor(Redaction(patterns={"room": "room 7[0-9]{2}"}))
    for number in range(4):
        assert used.text(f"in room {300 + number}") == f"in room {300 + number}"
    assert used.text("in room 712") == "in [REDACTED:room]"
