"""What stands in a secret's place."""

from __future__ import annotations

import pytest

import discreet
from discreet._redaction.masking import Replacement, check_key, check_strategies

KEY = "k" * 32
CARD = "4111" + "1111" * 3


def test_the_default_is_the_typed_marker():
    assert Replacement({})("password", "hunter2") == "[REDACTED:password]"


def test_partial_shows_the_last_four_of_a_long_value_only():
    replacement = Replacement({"payment-card": "partial"})
    assert replacement("payment-card", CARD) == "[REDACTED:payment-card:1111]"
    assert replacement("payment-card", "short1111") == "[REDACTED:payment-card]"
    assert replacement("payment-card", "x" * 20 + "]\n::") == "[REDACTED:payment-card]"


def test_drop_leaves_nothing():
    assert Replacement({"cookie": "drop"})("cookie", "a=b") == ""


def test_a_pseudonym_is_stable_and_differs_by_value_kind_and_key():
    ours = Replacement({"email": "pseudonym", "phone": "pseudonym"}, KEY)
    again = Replacement({"email": "pseudonym"}, KEY)
    theirs = Replacement({"email": "pseudonym"}, "j" * 32)
    one = ours("email", "ada@example.com")
    assert one == again("email", "ada@example.com")
    assert (
        len(
            {
                one,
                ours("email", "bob@example.com"),
                ours("phone", "ada@example.com"),
                theirs("email", "ada@example.com"),
            }
        )
        == 4
    )
    assert one.startswith("[email:")
    assert "ada" not in one


def test_a_named_key_stands_in_the_pseudonym():
    assert Replacement({"email": "pseudonym"}, f"k2:{KEY}")("email", "ada@example.com").startswith("[email:k2:")


def test_without_a_key_the_marker_stands_in():
    replacement = Replacement({"email": "pseudonym"})
    assert replacement.lacks_key
    assert replacement("email", "ada@example.com") == "[REDACTED:email]"
    assert not Replacement({}).lacks_key


def test_a_key_of_any_length_works():
    assert Replacement({"email": "pseudonym"}, "x" * 500)("email", "a@b.de") != Replacement(
        {"email": "pseudonym"}, "x" * 501
    )("email", "a@b.de")


@pytest.mark.parametrize("key", ["", "short", "id:short", "id with spaces:" + "k" * 32, "toolongid9:" + "k" * 32])
def test_a_bad_key_is_refused_without_being_shown(key):
    with pytest.raises(discreet.ConfigurationError, match="DISCREET_PSEUDONYM_KEY") as caught:
        check_key(key)
    if key:
        assert key not in str(caught.value)


def test_an_unknown_strategy_is_refused_with_the_remedy():
    with pytest.raises(discreet.ConfigurationError, match="Use marker, partial, drop or pseudonym"):
        check_strategies({"email": "hash"})
