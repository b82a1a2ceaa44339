"""Text: the secret goes, the rest of the sentence stays."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._redaction.engine.find_secrets import find_secrets
from discreet._redaction.names import Keys
from discreet._redaction.redactor import Redactor

from .samples import generated

_SECRET = "Xq7" + "vB2mZr9tK4"
_REDACTOR = Redactor()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password={}", "password=[REDACTED:password]"),
        ("login with password={} failed", "login with password=[REDACTED:password] failed"),
        ("db:\n  password: {}\n  host: x", "db:\n  password: [REDACTED:password]\n  host: x"),
        ("{{'user': 'bob', 'api_key': '{}', 'n': 3}}", "{{'user': 'bob', 'api_key': '[REDACTED:api-key]', 'n': 3}}"),
        ('{{"accessToken":"{}","n":3}}', '{{"accessToken":"[REDACTED:token]","n":3}}'),
        ('{{"body": "{{\\"secret\\": \\"{}\\", \\"n\\": 1}}"}}', '{{"body": "{{\\"secret\\": \\"[REDACTED:secret]\\", \\"n\\": 1}}"}}'),
        ("<password>{}</password>", "<password>[REDACTED:password]</password>"),
        ("[(b'x-api-key', b'{}'), (b'a', b'b')]", "[(b'x-api-key', b'[REDACTED:api-key]'), (b'a', b'b')]"),
        ('{{"name": "token", "value": "{}"}}', '{{"name": "token", "value": "[REDACTED:token]"}}'),
        ('<add key="password" value="{}"/>', '<add key="password" value="[REDACTED:password]"/>'),
        ("Config(user=bob, password={}, n=3)", "Config(user=bob, password=[REDACTED:password], n=3)"),
        ("GET /x?a=1&api_key={}&b=2 HTTP/1.1", "GET /x?a=1&api_key=[REDACTED:api-key]&b=2 HTTP/1.1"),
        ("app --password {} --verbose", "app --password [REDACTED:password] --verbose"),
        ("['app', '--token', '{}', 'x']", "['app', '--token', '[REDACTED:token]', 'x']"),
        ("config['password'] = '{}'", "config['password'] = '[REDACTED:password]'"),
        ("password: str = '{}'", "password: str = '[REDACTED:password]'"),
        ("next=%2Fx%3Ftoken%3D{}%26a%3D1", "next=%2Fx%3Ftoken%3D[REDACTED:token]%26a%3D1"),
        ("a=1\\npassword={}\\nb=2", "a=1\\npassword=[REDACTED:password]\\nb=2"),
        ("password -> {}", "password -> [REDACTED:password]"),
        ("java -Dpassword={} -jar x", "java -Dpassword=[REDACTED:password] -jar x"),
        ("api key: {}", "api key: [REDACTED:api-key]"),
        ("secrets: ['{}', \"{}\"]", "secrets: ['[REDACTED:secret]', \"[REDACTED:secret]\"]"),
        ("postgres://app:{}@db:5432/main", "postgres://app:[REDACTED:url-password]@db:5432/main"),
        ("redis://:{}@cache/0", "redis://:[REDACTED:url-password]@cache/0"),
        ("Server=x;User ID=sa;Password={};Encrypt=True", "Server=x;User ID=sa;Password=[REDACTED:password];Encrypt=True"),
        ("cache:6380,password={},ssl=True", "cache:6380,password=[REDACTED:password],ssl=True"),
        ("{{'Authorization': 'Bearer {}'}}", "{{'Authorization': 'Bearer [REDACTED:bearer-token]'}}"),
        ("authorization: token {}\r\nHost: x", "authorization: token [REDACTED:authorization]\r\nHost: x"),
        ("curl -H 'Authorization: Bearer {}' x", "curl -H 'Authorization: Bearer [REDACTED:bearer-token]' x"),
        ("Cookie: sid={}; a=b", "Cookie: sid=[REDACTED:cookie]; a=[REDACTED:cookie]"),
        ("Set-Cookie: sid={}; Path=/; HttpOnly", "Set-Cookie: sid=[REDACTED:cookie]; Path=/; HttpOnly"),
        ("curl -u bob:{} https://x", "curl -u bob:[REDACTED:password] https://x"),
        ("PGPASSWORD={} psql", "PGPASSWORD=[REDACTED:password] psql"),
        ("CREATE LOGIN x WITH PASSWORD = N'{}'", "CREATE LOGIN x WITH PASSWORD = N'[REDACTED:password]'"),
    ],
)  # fmt: skip
def test_only_the_secret_is_replaced(text: str, expected: str) -> None:
    safe = _REDACTOR.text(text.format(_SECRET, _SECRET))
    assert safe == expected.format()
    assert _REDACTOR.text(safe) == safe


def test_an_unterminated_quote_is_masked_to_the_end() -> None:
    assert _REDACTOR.text(f'password="{_SECRET} and more') == 'password="[REDACTED:password]'


def test_a_digest_header_keeps_its_harmless_parameters() -> None:
    header = f'Authorization: Digest username="bob", realm="x", response="{_SECRET}"'
    assert (
        _REDACTOR.text(header) == 'Authorization: Digest username="bob", realm="x", response="[REDACTED:authorization]"'
    )


def test_a_request_signature_keeps_its_scope() -> None:
    signature = generated("hex", 64)
    header = f"Authorization: AWS4-HMAC-SHA256 Credential=AK{'IA' + generated('base32', 16)}/20240101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature={signature}"
    safe = _REDACTOR.text(header)
    assert signature not in safe
    assert "/20240101/eu-west-1/s3/aws4_request, SignedHeaders=host" in safe


@pytest.mark.parametrize("text", ["card 4111 1111 1111 1111 ok", "378282246310005", "5555-5555-5555-4444"])
def test_payment_cards_are_masked(text: str) -> None:
    assert "[REDACTED:payment-card]" in _REDACTOR.text(text)


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "to GB82WEST12345698765432.", "NL91ABNA0417164300"])
def test_bank_accounts_are_masked(text: str) -> None:
    assert "[REDACTED:iban]" in _REDACTOR.text(text)


def test_social_security_numbers_are_masked() -> None:
    assert _REDACTOR.text("ssn is 536-22-1234.") == "ssn is [REDACTED:us-ssn]."


_pieces = st.sampled_from(
    [
        "password", "=", ":", " ", "'", '"', "\\", "token", "[REDACTED:password]", "[REDACTED:", "]", ",", "://", "@", "a",
        "Bearer ", "Basic ", "cookie: ", "sid=x1;", "eyJ", "4111 1111 1111 1111", "--", "&", "<", ">", "/", "%3D", "\n", "(", ")",
        "name", "value", "authorization: ", "digest ", "sk-", "123-45-6789", "-u ", "curl ", "hunter22", "{", "}", "é", "str = ",
    ]
)  # fmt: skip


@given(st.lists(_pieces, max_size=14).map("".join) | st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    safe = _REDACTOR.text(text)
    assert Redactor().text(safe) == safe


@given(st.lists(_pieces, max_size=14).map("".join) | st.text())
def test_the_prefilter_lets_through_whatever_would_be_found(text: str) -> None:
    if find_secrets(text, Keys().kind):
        assert _REDACTOR._prefilter.may_hold_secret(text)


_TOKENS = [
    lambda seed: "gh" + "p_" + generated("alnum", 36, seed),
    lambda seed: "AK" + "IA" + generated("base32", 16, seed),
    lambda seed: "sk" + "_live_" + generated("alnum", 24, seed),
    lambda seed: "glp" + "at-" + generated("word", 20, seed),
    lambda seed: "xox" + "b-" + generated("digits", 12, seed) + "-" + generated("alnum", 24, seed),
    lambda seed: "sk" + "-ant-api03-" + generated("word", 93, seed),
    lambda seed: "eyJhbGciOiJI" + "UzI1NiJ9." + generated("word", 30, seed) + "." + generated("word", 43, seed),
]


@given(st.sampled_from(_TOKENS), st.integers(0, 1000), st.text(), st.text())
def test_a_token_planted_in_any_text_never_survives(make: object, seed: int, before: str, after: str) -> None:
    token = make(seed)  # type: ignore[operator]  # the strategy yields the functions above
    assert token not in _REDACTOR.text(f"{before} {token} {after}")


@given(
    st.sampled_from(["password", "api_key", "clientSecret", "DB_PASSWORD", "access_token"]),
    st.integers(0, 1000),
    st.text(),
    st.text(),
)
def test_a_value_under_a_key_word_never_survives(name: str, seed: int, before: str, after: str) -> None:
    value = "z9" + generated("alnum", 14, seed)
    for pair in (f"{name}={value}", f"{name}: {value}", f"'{name}': '{value}'", f'"{name}":"{value}"'):
        assert value not in _REDACTOR.text(f"{before}\n{pair}\n{after}")


def test_look_alikes_stay_as_they_are() -> None:
    random.seed(1)
    for _ in range(200):
        sha = f"{random.getrandbits(160):040x}"
        uid = f"{random.getrandbits(128):032x}"
        dashed = f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}"
        for text in (
            f"commit {sha} by bob",
            f"trace_id={uid} ok",
            f"request {dashed} done",
            f"price {random.random():.12f}",
        ):
            assert _REDACTOR.text(text) == text


@pytest.mark.parametrize(
    "prefix", ["web_1  | ", "2024-05-01T10:00:00Z ", "    > ", "[worker-3] out: ", "app[12]: ", "key.pem:12: "]
)
@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
def test_a_private_key_with_a_prefix_on_each_line_loses_its_lines_and_keeps_the_prefixes(
    prefix: str, kind: str
) -> None:
    body = [generated("base64", 64, seed=line) for line in range(5)] + [generated("base64", 30) + "=="]
    edge = "-----{} " + kind + "-----"
    lines = [edge.format("BEGIN"), *body, edge.format("END"), "ready"]
    safe = _REDACTOR.text("\n".join(prefix + line for line in lines))
    assert all(line[:20] not in safe and line[-20:] not in safe for line in body)
    assert [line[: len(prefix)] for line in safe.split("\n")] == [prefix] * len(lines)
    assert safe.endswith(prefix + "ready")


@pytest.mark.parametrize(
    "text",
    [
        "the password for root is {}",
        "the password of the admin was changed to {}.",
        "new password for bob is {}, change it",
        'log {{"text": "the password for bob is {}"}}',
        "the password for bob is {} until Monday",
    ],
)
def test_a_password_of_letters_is_seen_where_the_sentence_says_whose_it_is_and_ends(text: str) -> None:
    word = "correct" + "horse"
    assert _REDACTOR.text(text.format(word)) == text.format("[REDACTED:password]").replace("{{", "{")


@pytest.mark.parametrize(
    "text", ['set passphrase to "{}" on vault 3', "the vault passphrase is '{}'.", 'password: "{}"']
)
def test_a_passphrase_of_several_words_is_masked_between_its_quotes(text: str) -> None:
    words = "lantern ripple pepper violin"
    assert _REDACTOR.text(text.format(words)) == text.format("[REDACTED:password]")


@pytest.mark.parametrize("verb", ["is", "was", "may be"])
@pytest.mark.parametrize("digits", ["835", "4711"])
def test_a_security_code_in_a_sentence_is_masked(verb: str, digits: str) -> None:
    expected = digits if verb == "may be" else "[REDACTED:card-security-code]"
    assert _REDACTOR.text(f"FYI the CVV {verb} {digits} before") == f"FYI the CVV {verb} {expected} before"


@pytest.mark.parametrize("line", Path(__file__).with_name("look_alikes.txt").read_text("utf-8").splitlines())
def test_a_look_alike_line_stays_as_it_is(line: str) -> None:
    assert Redactor().text(line) == line


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
@pytest.mark.parametrize(("word", "stays"), [("abcdefghij", False), ("authentication", True), ("required", True)])
def test_a_word_behind_a_scheme_is_a_token_unless_it_speaks_of_one(scheme: str, word: str, stays: bool) -> None:
    text = _REDACTOR.text(f"Authorization: {scheme} {word}")
    assert (text == f"Authorization: {scheme} {word}") == stays
    assert text.startswith(f"Authorization: {scheme} ")
