"""Secrets under one layer of encoding, in SQL and in lists of arguments."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet.errors import ConfigurationError

from .samples import generated

_TOKEN = "gh" + "p_" + generated("alnum", 36)
_VALUE = "z9" + generated("alnum", 14)


def test_a_token_in_base64_is_masked_with_its_whole_run() -> None:
    encoded = base64.b64encode(f"user=bob {_TOKEN}".encode()).decode()
    assert Redactor().text(f"payload {encoded} received") == "payload [REDACTED:github-token] received"


def test_a_token_in_hexadecimal_is_masked_with_its_whole_run() -> None:
    assert Redactor().text(f"raw {_TOKEN.encode().hex()} end") == "raw [REDACTED:github-token] end"


def test_of_percent_encoded_text_only_the_secret_is_masked() -> None:
    url = quote(f"postgres://app:{_VALUE}@db.internal/main", safe="")
    expected = quote("postgres://app:\0@db.internal/main", safe="").replace("%00", "[REDACTED:url-password]")
    assert Redactor().text(f"/x?db={url}&n=1") == f"/x?db={expected}&n=1"


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"a plain message of no importance, and then some more").decode(),
        b"a plain message of no importance".hex(),
        generated("hex", 64),
        "/files/My%20Report%20%28final%29.pdf",
        "%E2%9C%93=%",
    ],
)
def test_encoded_text_without_a_secret_stays(text: str) -> None:
    assert Redactor().text(f"data {text} end") == f"data {text} end"


def test_values_of_an_insert_are_judged_by_their_columns_in_every_row() -> None:
    text = f"INSERT INTO users (id, password) VALUES (1, '{_VALUE}'), (2, '{_VALUE}x')"
    marker = "[REDACTED:password]"
    assert Redactor().text(text) == f"INSERT INTO users (id, password) VALUES (1, '{marker}'), (2, '{marker}')"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["mysql", "-uroot", f"-p{_VALUE}", "app"], ["mysql", "-uroot", "-p[REDACTED:password]", "app"]),
        (["curl", "-u", f"bob:{_VALUE}", "x"], ["curl", "-u", "bob:[REDACTED:password]", "x"]),
        (["sshpass", "-p", _VALUE, "ssh"], ["sshpass", "-p", "[REDACTED:password]", "ssh"]),
        (["ls", "-l", "a b"], ["ls", "-l", "a b"]),
        (["-x", 3], ["-x", 3]),
    ],
)
def test_a_list_of_arguments_is_judged_as_the_command_it_is(before: list[object], after: list[object]) -> None:
    assert Redactor().fields({"argv": before}) == {"argv": after}


def test_who_somebody_is_stays_beside_what_proves_it() -> None:
    fields = {"auth": {"user": "bob", "pass": _VALUE}, "credentials": {"email": "b@x.io", "value": _VALUE}}
    assert Redactor().fields(fields) == {
        "auth": {"user": "bob", "pass": "[REDACTED:authorization]"},
        "credentials": {"email": "b@x.io", "value": "[REDACTED:credentials]"},
    }


@pytest.mark.parametrize(
    ("kind", "text", "safe"),
    [
        ("email", "mail bob.b@mail.example.org now", "mail [REDACTED:email] now"),
        ("phone", "call +49 151 2345 6789 now", "call [REDACTED:phone] now"),
        ("phone", "call (555) 123-4567.", "call [REDACTED:phone]."),
        ("ip-address", "from 10.1.2.3:80", "from [REDACTED:ip-address]:80"),
        ("ip-address", "from fe80::1:2 ok", "from [REDACTED:ip-address] ok"),
    ],
)
def test_personal_data_is_masked_when_the_policy_asks_for_it_only(kind: str, text: str, safe: str) -> None:
    assert Redactor().text(text) == text
    assert Redactor(Redaction(personal=(kind,))).text(text) == safe


@pytest.mark.parametrize("personal", ["name", ("email", "shoe-size")])
def test_an_unknown_kind_of_personal_data_is_refused(personal: object) -> None:
    with pytest.raises(ConfigurationError, match="unknown kind"):
        Redaction(personal=personal)  # type: ignore[arg-type]


def test_versions_and_times_are_no_personal_data() -> None:
    redactor = Redactor(Redaction(personal=("email", "phone", "ip-address")))
    for text in ("v1.2.3.4-rc1", "at 12:34:56 ok", "2024-05-11 10:11:12", "a@b", "1714214400123", "Kind::Identifier"):
        assert redactor.text(text) == text
