"""A name is judged by its words."""

from __future__ import annotations

import pytest

from discreet._redaction.engine.secret_values import is_harmless
from discreet._redaction.names import Keys, name_rules, split


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("password", ["password"]),
        ("userPassword", ["user", "password"]),
        ("newAPIKey2", ["new", "api", "key"]),
        ("X-Api-Key", ["x", "api", "key"]),
        ("db.conn_string", ["db", "conn", "string"]),
        ("DB_PASSWORD", ["db", "password"]),
        ("--", []),
        ("contraseña", ["contraseña"]),
    ],
)
def test_a_name_is_split_at_case_changes_and_separators(name: str, words: list[str]) -> None:
    assert split(name) == words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "password"),
        ("DB_PASSWORD", "password"),
        ("userPassword2", "password"),
        ("smtp.pass", "password"),
        ("api-key", "api-key"),
        ("xApiKey", "api-key"),
        ("aws_secret_access_key", "access-key"),
        ("DJANGO_SECRET_KEY", "secret-key"),
        ("client_secret", "secret"),
        ("access_token", "token"),
        ("refreshToken", "token"),
        ("Authorization", "authorization"),
        ("http.request.header.set-cookie", "cookie"),
        ("credentials", "credentials"),
        ("cvv", "card-security-code"),
        ("card_number", "card-number"),
        ("ssn", "ssn"),
        ("pin", "pin"),
        ("otp", "otp"),
        ("connection_string", "connection-string"),
        ("private_key", "private-key"),
        ("signing_key", "secret-key"),
        ("mnemonic", "mnemonic"),
        ("_csrf", "csrf"),
    ],
)
def test_a_name_with_a_key_word_is_sensitive(name: str, kind: str) -> None:
    assert Keys().kind(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "author", "authors", "author_name", "monkey", "keyboard", "primary_key", "public_key", "partition_key",
        "token_count", "max_tokens", "prompt_tokens", "tokens", "tokenizer", "tokenization", "token_type", "next_page_token",
        "session_timeout", "session_count", "password_policy", "password_reset_url", "has_password",
        "is_secret", "withCredentials", "credentialsId", "secret_name", "LLM_SECRET_NAME", "secret_backend_command",
        "secret_refresh_interval", "passenger", "passed", "compass", "bypass", "opinion", "pinned", "ping", "shipping",
        "accessor", "bucket_key", "keyfile", "tokenfile", "cookie_policy", "postcode", "codebase", "auth_method", "auth_id",
        "access", "sidecar", "eos_token", "api_key_id", "", "-", "42",
    ],
)  # fmt: skip
def test_a_look_alike_is_not(name: str) -> None:
    assert Keys().kind(name) is None


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("session_id", "u" * 3 + "Q7" * 5 + "a9Z" * 4, True),
        ("browserSessionId", "9f1c2d3e-4b5a-6978-8c9d-0a1b2c3d4e5f", False),
        ("session_id", "4bf92f3577b34da6a3ce929d0e0e4736", False),
        ("sid", "user-session-2024-05-11-Worker-12", False),
        ("key", "users:42:profile", False),
        ("key", "ctrl+shift+down", False),
        ("key", "Qk3v" * 10 + "Zw8=", True),
        ("secret_id", "9f1c2d3e-4b5a-6978-8c9d-0a1b2c3d4e5f", True),
        ("secret_id", "prod/db", False),
        ("routing_key", "orders.created", False),
        ("routing_key", "6fa4e387" * 4, True),
        ("encrypt", "true", False),
    ],
)
def test_a_name_of_many_uses_is_decided_by_the_shape_of_its_value(name: str, value: str, masked: bool) -> None:
    kind = Keys().kind(name)
    assert kind in name_rules().shapes
    assert is_harmless(value, kind) is not masked


def test_extra_and_safe_keys_ignore_case_and_separators() -> None:
    keys = Keys(extra=("Tax-Number",), safe=("csrf_token",))
    assert keys.kind("taxNumber") == "tax-number"
    assert keys.kind("CSRF-Token") is None
    assert keys.kind("access_token") == "token"


def test_verdicts_are_cached_and_the_cache_is_bounded() -> None:
    keys = Keys()
    for number in range(10_000):
        keys.kind(f"field_{number}")
    keys.kind("password" * 100)
    assert 0 < len(keys.verdicts) <= 4096
    assert all(len(name) <= 160 for name in keys.verdicts)


def test_every_word_in_the_data_survives_splitting() -> None:
    rules = name_rules()
    for table in (rules.strong, rules.last, rules.exact):
        for word in table:
            assert Keys().kind(word) is not None, word
    for phrase in rules.pairs:
        assert Keys().kind(phrase) is not None, phrase
