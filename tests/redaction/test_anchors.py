"""The index of anchors: it tells exactly which of them stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._redaction.engine.detectors import Anchors, Detector, detectors
from discreet._redaction.engine.secret_values import ascii_lower

_RULES = detectors()
_INDEX = Anchors(_RULES)
_EVERY = sorted({anchor for rule in _RULES for anchor in rule.anchors})


def _one_by_one(text: str) -> list[Detector]:
    low = ascii_lower(text)
    return [rule for rule in _RULES for anchor in rule.anchors if anchor in (low if rule.fold else text)]


@given(st.lists(st.sampled_from(_EVERY) | st.text(max_size=5), max_size=6).map("".join))
def test_it_finds_what_a_look_for_each_anchor_finds_in_the_order_of_the_rules(text: str) -> None:
    assert [rule for _, rule in _INDEX.found_in(text, ascii_lower(text))] == _one_by_one(text)


@pytest.mark.parametrize("before", ["", "x", "xy", "é", "ı"])
def test_an_anchor_is_found_wherever_it_begins_and_as_the_last_of_the_text(before: str) -> None:
    for anchor in _EVERY:
        text = before + anchor
        assert anchor in {found for found, _ in _INDEX.found_in(text, ascii_lower(text))}


@pytest.mark.parametrize("text", ["", " ", "a", "é"])
def test_a_text_too_short_for_any_has_none(text: str) -> None:
    assert _INDEX.found_in(text, text) == []
