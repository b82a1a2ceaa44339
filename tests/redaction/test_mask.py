"""`discreet.mask(text)`: the redactor for a text of one's own."""

from __future__ import annotations

import discreet

PLANTED = "hunter2-" + "very-secret"


def test_a_secret_is_masked_before_anybody_configured():
    assert PLANTED not in discreet.mask(f"password={PLANTED}")


def test_the_policy_in_force_applies(memory_sink):
    discreet.configure(
        sinks=[memory_sink()], service="s", take_over=False,
        redaction=discreet.Redaction(extra_keys=("nickname",), patterns={"badge": "B-[0-9]{4}"}),
    )  # fmt: skip
    assert discreet.mask("nickname=jonathan-k B-1234") == "nickname=[REDACTED:nickname] [REDACTED:badge]" or (
        "jonathan-k" not in discreet.mask("nickname=jonathan-k B-1234") and "B-1234" not in discreet.mask("x B-1234")
    )


def test_a_long_text_is_not_shortened():
    text = "all is well. " * 20_000
    assert discreet.mask(text) == text
