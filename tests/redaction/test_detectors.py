"""The examples of the data file are the specification; here they are run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from discreet._redaction.engine.detectors import Detector, detectors
from discreet._redaction.policy import check_pattern
from discreet._redaction.redactor import Redactor

from .samples import assemble, generated_parts

pytestmark = pytest.mark.version_sensitive

_EXAMPLES = [(rule, parts) for rule in detectors() for parts in rule.examples]
_COUNTER_EXAMPLES = [(rule, parts) for rule in detectors() for parts in rule.counter_examples]
_SURROUNDINGS = [
    "{}",
    "token {} leaked",
    "({})",
    "see '{}', ok",
    "a={}&b=1",
    "<b>{}</b>",
    r"x\n{}\n",
    "{}.",
    "\u00e9{}\u00e9",
]


def _name(value: object) -> str:
    return value.kind if isinstance(value, Detector) else ""


@pytest.mark.parametrize(("rule", "parts"), _EXAMPLES, ids=_name)
def test_every_example_is_masked_with_a_typed_marker(rule: Detector, parts: list[Any]) -> None:
    for seed in range(5):
        text = assemble(parts, seed)
        safe = Redactor().text(text)
        assert "[REDACTED:" in safe
        for secret in generated_parts(parts, seed):
            assert len(secret) < 6 or secret not in safe


@pytest.mark.parametrize(("rule", "parts"), _COUNTER_EXAMPLES, ids=_name)
def test_every_counter_example_is_left_alone(rule: Detector, parts: list[Any]) -> None:
    text = assemble(parts)
    assert Redactor().text(text) == text


@pytest.mark.parametrize(("rule", "parts"), _EXAMPLES, ids=_name)
def test_redacting_a_redacted_example_changes_nothing(rule: Detector, parts: list[Any]) -> None:
    redactor = Redactor()
    safe = redactor.text(assemble(parts))
    assert redactor.text(safe) == safe


@pytest.mark.parametrize("surrounding", _SURROUNDINGS)
def test_tokens_are_found_in_any_surrounding(surrounding: str) -> None:
    redactor = Redactor()
    for rule, parts in _EXAMPLES:
        if not rule.structure:
            token = assemble(parts)
            assert token not in redactor.text(surrounding.format(token)), rule.kind


@pytest.mark.parametrize("rule", detectors(), ids=_name)
def test_every_detector_stays_in_the_shared_rule_language(rule: Detector) -> None:
    assert check_pattern("any", rule.source)
    assert rule.anchors
    assert rule.examples
    assert all(rule.anchors), "an empty anchor would look everywhere"
    if rule.fold:
        assert all(anchor == anchor.lower() for anchor in rule.anchors)


@pytest.mark.parametrize("rule", detectors(), ids=_name)
def test_every_kind_is_a_word_of_ours_and_every_anchor_is_used(rule: Detector) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,39}", rule.kind)
    assert rule.group == -1 or rule.group <= re.compile(rule.source).groups


def test_no_stored_example_is_a_whole_secret() -> None:
    redactor = Redactor()
    for rule, parts in _EXAMPLES:
        for part in parts:
            if isinstance(part, str):
                assert redactor.text(part) == part, rule.kind
