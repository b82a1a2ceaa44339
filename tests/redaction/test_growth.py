"""The work grows with the text and no faster, whatever the text: counted in calls, since clocks lie."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

_WORST = [
    "=", ":", ":// ", "a://a:", '"', "'", "'\"", "\\", "eyJ", "1", "1 ", "4111 ", "4111-", "token", "password=", "password: ",
    'password="', "password=,a=", "password=)", "password: a(", "password='x',", "-----BEGIN", "-----BEGIN PRIVATE KEY-----", "AKIA",
    "gh" + "p_", "sk-", "bearer ", "basic ", "identified by ", "--password ", "-", "--a", "<password>", ">", "%3D", "password%3D",
    "cookie: a=b; ", "authorization: digest a=b,", "-u a:", "mysql ", "curl -u ", "DE89", "DE89 3704 ", "@", "AIoT", "JQQJ9",
    "[REDACTED:password]", "[REDACTED:", "password:[", "sig=", "aws4-hmac-sha256 ", "('token','", "SG.", "a.", "é", "mnemonic: abc ",
    "123-45-6789 ", "ops_eyJ", "name: 'password', value: ", "\n", "DE89 3704 0044 0532 0130 00 ",
    "%41", "%3D%", "a%20", "QUJD", "QUJDREVG ", "4142", "| password | ", "|", "insert into t (password) values ('a'), ", "insert into t (",
    "<key>password</key><string>", '<entry key="password">', "echo a | sudo ", "password;x1;", "code ", "otp ", "cvv ", "AUTH ", "curl -b a=", "snmp -A ",
    "the password for ", "password is a1 ", "password: \n", "user,password\na,b\n", "user  password\n", "| a | token |\n", "\ttoken\tb\n", "@a:1",
    "a:b@tcp(", "-----BEGIN PRIVATE KEY-----\na | ", "&quot;password&quot;:&quot;", '{""password"":""', "\u201cpassword\u201d:", "%253D",
    "insert into t (password) values (?) ", "insert into t (a, password) values (%s, %s) ('", "update t set password=? ", "select a where token=? [", "└ a\n",
    's:8:"password";s:1:"', "<td>password</td><td>", "password=a|b|", ";password=a b ", "config set password ", '"name":"password","old":"', "key: AAAA", "get token\n",
]  # fmt: skip


def _calls(text: str, policy: Redaction | None = None) -> int:
    redactor = Redactor(policy or Redaction(max_text=None))
    redactor.text(text[:2000])  # what is loaded and compiled on first use does not count
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        redactor.text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", _WORST)
def test_four_times_the_text_is_at_most_five_times_the_work(piece: str) -> None:
    small = piece * (4_000 // len(piece))
    assert _calls(small * 4) <= 5 * _calls(small) + 500


@pytest.mark.parametrize("piece", ["aaaa@", "a.b@c.d", "1.2.3.", "12 34 56 ", "+1 ", "CUST-1", "fe80:"])
def test_patterns_of_a_policy_grow_no_faster(piece: str) -> None:
    policy = Redaction(
        max_text=None, personal=("email", "phone", "ip-address"), patterns={"customer": r"CUST-\d{1,9}x"}
    )
    texts = [piece * (size // len(piece)) for size in (4_000, 16_000)]
    small, large = (_calls(text, policy) for text in texts)
    assert large <= 5 * small + 500


def test_a_long_text_is_judged_to_its_end() -> None:
    secret = "gh" + "p_" + "a1B2c3" * 6
    for piece in ("=", "eyJ", "a://a:", "password "):
        text = piece * (250_000 // len(piece)) + f" {secret}"
        assert secret not in Redactor(Redaction(max_text=None)).text(text)


def test_by_default_only_so_much_of_a_text_is_read_that_the_cut_is_safe() -> None:
    safe = Redactor().text("word " * 2_000_000)
    assert len(safe) < 66_000
    assert safe.endswith("…[+9934464 characters]")
