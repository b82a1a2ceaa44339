"""Fields: names and values, at any depth, and never an exception."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import Secret

_VALUE = "Xq7" + "vB2mZr9tK4"
_TOKEN = "gh" + "p_" + "a1B2c3" * 6


def test_a_value_under_a_sensitive_name_is_masked_whatever_its_type() -> None:
    fields = {"password": _VALUE, "api_key": b"abc12345", "pin": 4821, "ssn": 536221234}
    assert Redactor().fields(fields) == {
        "password": "[REDACTED:password]",
        "api_key": "[REDACTED:api-key]",
        "pin": "[REDACTED:pin]",
        "ssn": "[REDACTED:ssn]",
    }


@pytest.mark.parametrize(
    "value", [None, True, False, "", "***", "${PASSWORD}", "[REDACTED:secret]", "<hidden>", "null", "expired"]
)
def test_a_value_that_is_no_secret_stays_under_a_sensitive_name(value: object) -> None:
    assert Redactor().fields({"password": value}) == {"password": value}


def test_numbers_under_a_token_name_are_counts() -> None:
    assert Redactor().fields({"token": 7, "api_key": 3.5}) == {"token": 7, "api_key": 3.5}


def test_clean_fields_pass_unchanged_and_in_order() -> None:
    fields = {"b": "text", "a": 1, "c": 1.5, "d": None, "e": True, "f": [1, "x", {"y": None}]}
    redactor = Redactor()
    for _ in range(2):
        safe = redactor.fields(fields)
        assert safe == fields
        assert list(safe) == list(fields)


def test_strings_are_judged_under_every_name() -> None:
    redactor = Redactor()
    for _ in range(2):
        safe = redactor.fields({"a": "fine", "note": f"use {_TOKEN} now", "z": "fine too"})
        assert safe == {"a": "fine", "note": "use [REDACTED:github-token] now", "z": "fine too"}


def test_nested_values_are_judged_by_name_and_by_value() -> None:
    fields = {"user": {"name": "bob", "password": _VALUE, "notes": [_TOKEN, {"secret": [_VALUE, 1, None]}]}}
    assert Redactor().fields(fields) == {
        "user": {
            "name": "bob",
            "password": "[REDACTED:password]",
            "notes": ["[REDACTED:github-token]", {"secret": ["[REDACTED:secret]", "[REDACTED:secret]", None]}],
        }
    }


def test_name_and_value_pairs_are_judged_by_the_name_they_carry() -> None:
    fields = {
        "env": [{"name": "DB_PASSWORD", "value": _VALUE}, {"name": "MODE", "value": "fast"}],
        "headers": [("authorization", f"Bearer {_VALUE}"), ("accept", "text/html")],
        "argv": ["app", "--password", _VALUE, "-v"],
    }
    assert Redactor().fields(fields) == {
        "env": [{"name": "DB_PASSWORD", "value": "[REDACTED:password]"}, {"name": "MODE", "value": "fast"}],
        "headers": [["authorization", "Bearer [REDACTED:bearer-token]"], ["accept", "text/html"]],
        "argv": ["app", "--password", "[REDACTED:password]", "-v"],
    }


def test_headers_and_connection_strings_keep_what_is_no_secret() -> None:
    fields = {
        "Authorization": f"Basic {_VALUE}",
        "cookie": f"sid={_VALUE}; Path=/",
        "connection_string": f"Server=x;Password={_VALUE};Encrypt=True",
        "dsn": f"postgres://app:{_VALUE}@db/main",
    }
    assert Redactor().fields(fields) == {
        "Authorization": "Basic [REDACTED:basic-credentials]",
        "cookie": "sid=[REDACTED:cookie]; Path=/",
        "connection_string": "Server=x;Password=[REDACTED:password];Encrypt=True",
        "dsn": "postgres://app:[REDACTED:url-password]@db/main",
    }


def test_a_name_that_is_a_secret_is_masked_and_no_value_is_lost() -> None:
    other = "gh" + "p_" + "z9Y8x7" * 6
    safe = Redactor().fields({_TOKEN: 1, "nested": {_TOKEN: 2, other: 3}})
    assert safe["[REDACTED:github-token]"] == 1
    assert isinstance(safe["nested"], dict)
    assert sorted(safe["nested"].values()) == [2, 3]  # type: ignore[type-var]
    assert _TOKEN not in repr(safe)
    assert other not in repr(safe)


def test_two_secret_names_at_the_top_keep_both_values() -> None:
    other = "gh" + "p_" + "z9Y8x7" * 6
    assert sorted(Redactor().fields({_TOKEN: 1, other: 2}).values()) == [1, 2]  # type: ignore[type-var]


def test_payment_cards_as_numbers_are_masked_and_other_large_numbers_are_not() -> None:
    safe = Redactor().fields(
        {"a": 4111111111111111, "b": 1714214400123, "c": 2**70, "d": -4111111111111111, "e": 10**5000}
    )
    assert safe["a"] == "[REDACTED:payment-card]"
    assert safe["b"] == 1714214400123
    assert safe["c"] == 2**70
    assert isinstance(safe["e"], str)


def test_secret_types_are_masked_without_being_asked() -> None:
    class SecretStr:
        def get_secret_value(self) -> str:
            return _VALUE

    class SecretBytes(SecretStr):
        def __repr__(self) -> str:
            return _VALUE

    fields = {"a": Secret(_VALUE), "b": SecretStr(), "c": SecretBytes()}
    assert set(Redactor().fields(fields).values()) == {"[REDACTED:secret]"}


def test_redactions_are_counted_by_kind() -> None:
    redactor = Redactor()
    redactor.fields({"password": _VALUE, "note": f"{_TOKEN} and {_TOKEN}"})
    assert redactor.counts == {"password": 1, "github-token": 2}


def test_text_is_shortened_only_after_it_was_judged() -> None:
    redactor = Redactor(Redaction(max_text=100))
    assert redactor.text("ab " * 100) == ("ab " * 100)[:100] + "…[+200 characters]"
    cut = "x" * 90 + " " + _TOKEN + " tail"
    safe = redactor.text(cut)
    assert "[REDACTED:github-token]…[+" in safe
    assert "ghp_" not in safe
    assert Redactor(Redaction(max_text=None)).text("a b" * 50_000) == "a b" * 50_000


def test_what_cannot_be_judged_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[object]:
        raise ValueError(_VALUE)

    monkeypatch.setattr("discreet._redaction.redactor.find_secrets", broken)
    redactor = Redactor()
    assert redactor.text(f"password={_VALUE}") == "[REDACTED:unjudged]"
    assert redactor.fields({"a": f"password={_VALUE}", "b": "fine"}) == {"a": "[REDACTED:unjudged]", "b": "fine"}
    assert redactor.counts["unjudged"] >= 2


def test_a_broken_prefilter_costs_no_field(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise ValueError

    redactor = Redactor()
    redactor.fields({"a": "x", "b": "y"})
    monkeypatch.setattr(redactor._prefilter, "may_hold_secret", broken)
    assert redactor.fields({"a": "one", "b": "two"}) == {"a": "[REDACTED:unjudged]", "b": "[REDACTED:unjudged]"}


def test_nesting_beyond_the_bound_is_not_judged_and_does_not_leave() -> None:
    nested: object = _VALUE
    for _ in range(80):
        nested = [nested]
    assert _VALUE not in repr(Redactor().plain(nested))  # type: ignore[arg-type]
    assert "[REDACTED:unjudged]" in repr(Redactor().plain(nested))  # type: ignore[arg-type]


def test_plain_values_are_judged_under_the_name_they_are_given() -> None:
    redactor = Redactor()
    assert redactor.plain(_VALUE, "password") == "[REDACTED:password]"
    assert redactor.plain({"message": f"token={_VALUE}", "lines": [1, 2]}) == {
        "message": "token=[REDACTED:token]",
        "lines": [1, 2],
    }
    assert redactor.plain(4111111111111111) == "[REDACTED:payment-card]"


def test_a_callback_sees_every_string_and_its_failure_masks_the_value() -> None:
    redactor = Redactor(Redaction(callback=lambda text: text.replace("bob", "[REDACTED:name]")))
    assert redactor.fields({"a": "hello bob", "b": "hello"}) == {"a": "hello [REDACTED:name]", "b": "hello"}

    def broken(text: str) -> str:
        raise RuntimeError(text)

    assert Redactor(Redaction(callback=broken)).text("hello") == "[REDACTED:unjudged]"
    assert Redactor(Redaction(callback=lambda text: 1)).text("hello") == "[REDACTED:unjudged]"  # type: ignore[arg-type,return-value]


def test_extra_keys_safe_keys_and_patterns_of_the_policy_are_applied() -> None:
    policy = Redaction(extra_keys=("tax_number",), safe_keys=("token",), patterns={"customer-id": r"CUST-(\d{6})"})
    redactor = Redactor(policy)
    safe = redactor.fields({"taxNumber": "12-34", "token": "visible7", "note": "for CUST-123456 ok"})
    assert safe == {
        "taxNumber": "[REDACTED:tax-number]",
        "token": "visible7",
        "note": "for CUST-[REDACTED:customer-id] ok",
    }


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


class _HostileMapping(Mapping[str, object]):
    def __getitem__(self, key: str) -> object:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        return 1


def test_hostile_objects_raise_nothing() -> None:
    safe = Redactor().fields({"a": _Hostile(), "password": _Hostile(), "b": [_Hostile()], "c": "fine"})
    assert safe["c"] == "fine"
    assert set(safe) == {"a", "password", "b", "c"}
    assert Redactor().fields(_HostileMapping()) == {"fields": "[REDACTED:unjudged]"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _json, max_size=5))
def test_any_fields_are_judged_without_raising_and_twice_is_once(fields: dict[str, object]) -> None:
    redactor = Redactor()
    safe = redactor.fields(fields)
    assert len(safe) == len(fields)
    assert repr(redactor.fields(safe)) == repr(safe)


@given(_json, st.text(max_size=10))
def test_a_secret_at_any_place_never_leaves(around: object, name: str) -> None:
    fields = {"a": around, name + "x": {"list": [around, f"see {_TOKEN}", {"password": _VALUE}]}}
    safe = repr(Redactor().fields(fields))
    assert _TOKEN not in safe
    assert _VALUE not in safe


def test_a_secret_prints_as_its_marker_only() -> None:
    secret = Secret(_VALUE)
    assert {repr(secret), str(secret), f"{secret}", f"{secret:>40}", "%s" % secret} == {"[REDACTED:secret]"}  # noqa: UP031 - the form under test
    assert secret.reveal() == _VALUE
    assert not hasattr(secret, "__dict__")


def test_secrets_compare_and_hash_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("é") == Secret("é")
    assert Secret(b"a") == Secret(b"a")
    assert Secret(3) == Secret(3)
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))


def test_a_secret_is_copied_and_refuses_to_be_pickled() -> None:
    secret = Secret([1])
    assert copy.copy(secret).reveal() == [1]
    assert copy.deepcopy(secret).reveal() == [1]
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(secret)
