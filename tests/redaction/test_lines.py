"""Lines that were met before are not judged anew, unless the lines around them can make a difference."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from discreet._redaction.engine.clean_texts import KnownLines
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import registry

_PASSWORD = "Xy7" + "pqR2mWq4"
_WRITTEN = [
    line.replace("«S»", _PASSWORD).replace("«H»", "a7" * 32).replace("␤", "\n")
    for name in ("look_alikes.txt", "spellings.txt")
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()
]
_HALVES = [
    "<password", "<pin", "x>4711</x>", "<module>", "password:", f"  {_PASSWORD}", "the key", "a7" * 16, "card", "42" + "2" * 11,
    "user,password", f"bob,{_PASSWORD}", "user  token", f"bob   {_PASSWORD}", "-----BEGIN PRIVATE KEY-----", "QUJD" * 16,
    "vault", "s." + "a1B2c3D4" * 3, "AKIA" + "QWERTYUIOPASDFGH", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12", "50%", "xgh" + "p_" + "a1B2c3" * 6,
    "https://bob:", "x@host/", "{", "token", "│ └ 'x'", "check(password)", "      └ 'hunter2'", "&quot;", "your new password is:", "value", "=",
    f'"{_PASSWORD}"', "    return self.dispatch(request, *args, **kwargs)", '  File "/srv/app/a_long_name_of_a_module.py", line 12, in <module>',
]  # fmt: skip
_FRAMES = [
    line
    for number in range(8)
    for line in (
        f'  File "/srv/app/part{number}.py", line {number}, in f',
        f"    result = step_{number}(order, retry=1)",
    )
]


def _fresh() -> Redactor:
    return Redactor(Redaction(environment=False))


def test_a_text_of_known_lines_is_judged_as_if_each_were_new() -> None:
    source = random.Random(11)
    used = _fresh()
    for _ in range(1500):
        lines = source.choices(_FRAMES, k=8) + source.choices(_HALVES, k=3) + source.choices(_WRITTEN, k=1)
        source.shuffle(lines)
        text = "\n".join(lines)
        assert used.text(text) == _fresh().text(text), text


@pytest.mark.parametrize("first", range(0, len(_HALVES), 4))
def test_two_lines_that_are_a_secret_together_are_seen_where_both_were_clean_apart(first: int) -> None:
    used = _fresh()
    for half in _HALVES:
        for _ in range(3):
            used.text("\n".join([*_FRAMES, half]))
    for before in _HALVES[first : first + 4]:
        for after in _HALVES:
            text = "\n".join([*_FRAMES[:8], before, after, *_FRAMES[8:]])
            assert used.text(text) == _fresh().text(text), text


def test_a_traceback_whose_lines_are_known_costs_no_judgement_but_of_its_message() -> None:
    judged: list[str] = []

    def judge(line: str) -> bool:
        judged.append(line)
        return False

    lines = KnownLines(lambda _: frozenset(), judge)
    for number in range(4):
        lines.keywords_in("\n".join([*_FRAMES, f"ValueError: order {number}"]))
    judged.clear()
    assert lines.keywords_in("\n".join([*_FRAMES, "ValueError: order 77"])) == frozenset()
    assert judged == ["ValueError: order 77"]


def test_a_program_with_endless_lines_does_not_fill_the_memory() -> None:
    lines = KnownLines(lambda _: frozenset(), lambda _: False)
    for number in range(3000):
        lines.keywords_in("\n".join(f"line {number} {part}" for part in range(4)))
    assert len(lines._known) <= 4096


def test_a_value_registered_later_is_masked_in_known_lines() -> None:
    used = _fresh()
    word = "velvet" + "harbour"
    text = "\n".join([*_FRAMES, f"ValueError: {word}"])
    for _ in range(3):
        assert used.text(text) == text
    registry.add(word)
    try:
        assert word not in used.text(text)
    finally:
        registry.forget()


def test_a_frame_met_before_is_judged_anew_once_its_value_was_registered() -> None:
    used = _fresh()
    word = "copper" + "lantern"
    frames = [{"file": "/srv/a.py", "line": 3, "function": word}]
    for _ in range(3):
        assert used.plain(list(frames)) == frames
    registry.add(word)
    try:
        assert word not in str(used.plain(list(frames)))
    finally:
        registry.forget()
