"""A policy at work: registered secrets, strategies, exceptions from the rules, a policy for one logger."""

from __future__ import annotations

import base64
import logging

import pytest

import discreet

log = discreet.get_logger("shop")
OWN = "zebra-" + "quartz-lantern"  # nothing in it tells that it is a secret
CARD = "4111" + "1111" * 3
MAIL = "ada@" + "example.com"


@pytest.fixture
def policy(memory_sink):
    def configure(take_over=False, **options):
        kept = memory_sink(format="json")
        discreet.configure(
            sinks=[kept], environment="prod", service="s", take_over=take_over, redaction=discreet.Redaction(**options)
        )
        return kept

    return configure


def test_a_registered_secret_is_masked_wherever_it_stands(sink):
    discreet.register_secret(OWN)
    try:
        raise ValueError(f"rejected {OWN}")
    except ValueError:
        log.exception(f"with {OWN}", field=OWN, nested={"a": [OWN], OWN: 1}, raw=OWN.encode())
    with discreet.context(note=f"x{OWN}x"), discreet.span(OWN):
        log.info("%s", OWN)
    log.info("y", encoded=base64.b64encode(b"ab" + OWN.encode()).decode(), hexed=OWN.encode().hex())
    assert OWN not in sink.text
    assert OWN.encode().hex() not in sink.text
    assert "[REDACTED:registered-secret]" in sink.text


def test_what_was_judged_clean_before_is_judged_again_once_it_is_registered(sink):
    with discreet.context(note=OWN):
        log.info(OWN, field=OWN)
        discreet.register_secret(OWN, kind="house-key")
        log.info(OWN, field=OWN)
    before, after = sink.records
    assert (before["message"], before["field"], before["note"]) == (OWN, OWN, OWN)
    assert (after["message"], after["field"], after["note"]) == ("[REDACTED:house-key]",) * 3


@pytest.mark.parametrize("given", [OWN, OWN.encode(), discreet.Secret(OWN)])
def test_text_bytes_and_secrets_may_be_registered(sink, given):
    discreet.register_secret(given)
    log.info(f"x {OWN}")
    assert OWN not in sink.text


def test_a_secret_too_short_to_register_is_refused_without_being_shown():
    with pytest.raises(discreet.ConfigurationError, match="fewer than 8 characters") as caught:
        discreet.register_secret("s3cr3t")
    assert "s3cr3t" not in str(caught.value)


def test_values_of_sensitive_variables_are_masked_by_default(policy, monkeypatch):
    monkeypatch.setenv("SHOP_DB_PASSWORD", OWN)
    kept = policy()
    log.info(f"connecting with {OWN}")
    assert "connecting with [REDACTED:password]" in kept.text


def test_the_environment_may_be_left_alone(policy, monkeypatch):
    monkeypatch.setenv("SHOP_DB_PASSWORD", OWN)
    kept = policy(environment=False)
    log.info(f"connecting with {OWN}")
    assert OWN in kept.text


def test_the_last_four_of_a_card_may_be_kept(policy):
    kept = policy(strategies={"payment-card": "partial"})
    log.info(f"paid with {CARD}", card_text=f"{CARD} ok", number=int(CARD))
    assert kept.last["message"] == "paid with [REDACTED:payment-card:1111]"
    assert kept.last["number"] == "[REDACTED:payment-card:1111]"
    assert CARD not in kept.text


def test_a_secret_may_be_dropped(policy):
    kept = policy(strategies={"password": "drop"})
    log.info("x", password="hunter2-" + "secret")
    assert kept.last["password"] == ""


def test_one_user_can_be_followed_by_a_pseudonym_without_being_named(policy, monkeypatch):
    monkeypatch.setenv("DISCREET_PSEUDONYM_KEY", "k1:" + "x" * 32)
    kept = policy(personal=("email",), strategies={"email": "pseudonym"})
    log.info(f"{MAIL} came")
    log.info("went", who=MAIL)
    came, went = kept.records
    assert came["message"] == f"{went['who']} came"
    assert went["who"].startswith("[email:k1:")
    assert MAIL not in kept.text


def test_pseudonyms_without_a_key_are_markers_and_that_is_said_once(policy):
    kept = policy(personal=("email",), strategies={"email": "pseudonym"})
    log.info("came", who=MAIL)
    assert [record["severity"] for record in kept.records] == ["WARNING", "INFO"]
    assert "DISCREET_PSEUDONYM_KEY" in kept.records[0]["message"]
    assert kept.last["who"] == "[REDACTED:email]"


def test_a_bad_pseudonym_key_is_refused_at_configure(policy, monkeypatch):
    monkeypatch.setenv("DISCREET_PSEUDONYM_KEY", "short")
    with pytest.raises(discreet.ConfigurationError, match="DISCREET_PSEUDONYM_KEY"):
        policy()


def test_what_a_safe_pattern_matches_is_not_masked(policy):
    key = "AKIA" + "Q3EXAMPLE7ZZTEST"
    kept = policy(safe_patterns=("AKIA[A-Z0-9]{12}TEST",))
    log.info(f"documented {key} here", other="AKIA" + "Q3EXAMPLE7ZZ2345")
    assert key in kept.last["message"]
    assert "Q3EXAMPLE7ZZ2345" not in kept.text


def test_a_pattern_that_looks_at_the_edges_of_a_text_sees_every_field_on_its_own(policy):
    kept = policy(patterns={"voucher": r"^V\d{4}$"})
    for number in (1, 2):  # the second time the names are known, and the texts are new
        log.info("sold", first=f"left {number}", voucher_id=f"V100{number}", last=f"right {number}")
    assert [record["voucher_id"] for record in kept.records] == ["[REDACTED:voucher]"] * 2


def test_under_a_name_of_the_users_own_everything_is_masked(policy):
    kept = policy(extra_keys=("salary", "internal_id"))
    log.info("x", salary=5000, internalId="7", nested={"salary": [1, 2.5, "no", None, True]})
    assert kept.last["salary"] == "[REDACTED:salary]"
    assert kept.last["internalId"] == "[REDACTED:internal-id]"
    assert kept.last["nested"]["salary"] == ["[REDACTED:salary]"] * 3 + [None, True]


def test_a_logger_and_those_below_it_may_have_a_policy_of_their_own(policy):
    kept = policy(take_over=True, loggers={"bank": discreet.Redaction(personal=("email",))})
    for name in ("shop", "bank", "bank.transfers"):
        discreet.get_logger(name).info("x", who=MAIL)
    logging.getLogger("bank.old").info("for %s", MAIL)
    assert [MAIL in repr(record) for record in kept.records] == [True, False, False, False]


@pytest.mark.parametrize(
    "options",
    [
        {"strategies": {"email": "hash"}},
        {"safe_patterns": ("(?<=x)y",)},
        {"loggers": {"a": {"personal": ()}}},
        {"loggers": {"a": discreet.Redaction(loggers={"b": discreet.Redaction()})}},
    ],
)
def test_a_bad_policy_raises_one_clear_error(options):
    with pytest.raises(discreet.ConfigurationError):
        discreet.Redaction(**options)


@pytest.mark.parametrize("given", [OWN, 918273645546])
def test_a_field_that_only_its_template_calls_a_secret_is_masked_too(sink, given):
    log.info("token={t} for {user}", t=given, user="ada", other=3)
    assert str(given) not in sink.text
    assert sink.last["t"] == "[REDACTED:token]"
    assert (sink.last["user"], sink.last["other"]) == ("ada", 3)
