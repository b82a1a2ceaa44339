"""Bad rules are refused when they are set, with a remedy."""

from __future__ import annotations

import pickle

import pytest

from discreet._redaction.policy import Redaction, check_pattern, check_searched
from discreet.errors import ConfigurationError


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (r"(?<=id=)\d{4}", "look-around"),
        (r"(?<!x)a{2}", "look-around"),
        (r"a(?=b)", "look-around"),
        (r"a(?!b)", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"(?P<x>a)(?P=x)", "back-reference"),
        (r"(a)?(?(1)b|c)", "conditional"),
        (r"a++", "possessive"),
        (r"(?>a)", "atomic"),
        (r"(a+)+", "repetition inside"),
        (r"((a|b)*c)*", "repetition inside"),
        (r"(?:\w{1,}x){2,}", "repetition inside"),
        (r"(a", "invalid regular expression"),
        (r"[z-a]", "invalid regular expression"),
        (r"x*", "empty"),
        (r"\Zx", "one engine"),
    ],
)
def test_a_pattern_outside_the_shared_rules_is_refused_with_a_remedy(pattern: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Redaction(patterns={"customer-id": pattern})
    message = str(caught.value)
    assert problem in message
    assert "customer-id" in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    "pattern",
    [
        r"CUST-\d{6}",
        r"[(+*]{2}x+",
        r"(?:ab){1,4}c*d",
        r"\\1x",
        r"[\]a]{3,}",
        r"(?i)abc",
        r"(a{1,3}){1,3}",
        r"[^]x]y",
        r"a\+\+b",
        "a{,3}b",
        "{x}",
    ],
)
def test_a_pattern_of_the_shared_rules_compiles(pattern: str) -> None:
    assert check_pattern("customer-id", pattern).pattern == pattern


@pytest.mark.parametrize("kind", ["", "Customer", "a b", "x" * 41, "9a", 3])
def test_a_kind_is_a_short_lower_case_word(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="not a kind"):
        check_pattern(kind, "abc")


@pytest.mark.parametrize(
    "settings",
    [
        {"extra_keys": "password"},
        {"safe_keys": (1,)},
        {"extra_keys": ("",)},
        {"callback": "no"},
        {"max_text": 0},
        {"max_text": True},
        {"max_text": "9"},
        {"patterns": {"a": 1}},
    ],
)
def test_a_bad_setting_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Redaction(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pattern",
    [r"\w+@x", "(a|b)*c", ".*=x", r"x(?:\d+|y)z", "a{3,}b", "a+$", r"a+\b", "(?P<n>a*?)b", "a+(b)", "x|a+b", "[]a]+b"],
)
def test_a_searched_pattern_with_an_unbounded_repetition_before_its_end_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="an unbounded repetition that something follows"):
        check_searched("customer-id", pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"CUST-\d+", r"CUST-\d{1,9}x", "(ab|cd)+", "(?:x|y+)", "a+?", "a+|b", r"x\+y", "[+*]y", r"(?i:cust)-\w+", "a?b"],
)
def test_a_searched_pattern_may_end_with_an_unbounded_repetition(pattern: str) -> None:
    assert check_searched("customer-id", pattern).pattern == pattern


def test_a_policy_does_not_change_but_others_can_be_made_of_it():
    policy = Redaction(extra_keys=["badge"], max_text=100)
    with pytest.raises(AttributeError):
        policy.max_text = 5
    with pytest.raises(AttributeError):
        del policy.max_text
    assert policy.replace(max_text=100) == policy == pickle.loads(pickle.dumps(policy))
    assert policy.replace(max_text=5) != policy
    assert (policy.replace(max_text=5).max_text, policy.replace(max_text=5).extra_keys) == (5, ("badge",))
    with pytest.raises(ConfigurationError):
        policy.replace(max_text=0)
    assert repr(policy).startswith("Redaction(extra_keys=('badge',), safe_keys=(), patterns={}, ")
