"""The work grows with the text and no faster, whatever the text: counted in calls, since clocks lie."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction

_WORST = [
    "=", ":", ":// ", "a://a:", '"', "'", "'\"", "\\", "eyJ", "1", "1 ", "4111 ", "4111-", "token", "password=", "password: ",
    'password="', "password=,a=", "password=)", "password: a(", "password='x',", "-----BEGIN", "-----BEGIN PRIVATE KEY-----", "AKIA",
    "gh" + "p_", "sk-", "bearer ", "basic ", "identified by ", "--password ", "-", "--a", "<password>", ">", "%3D", "password%3D",
    "cookie: a=b; ", "authorization: digest a=b,", "-u a:", "mysql ", "curl -u ", "DE89", "DE89 3704 ", "@", "AIoT", "JQQJ9",
    "[REDACTED:password]", "[REDACTED:", "password:[", "sig=", "aws4-hmac-sha256 ", "('token','", "SG.", "a.", "é", "mnemonic: abc ",
    "123-45-6789 ", "ops_eyJ", "name: 'password', value: ", "\n", "DE89 3704 0044 0532 0130 00 ",
]  # fmt: skip


def _calls(text: str) -> int:
    redactor = Redactor(Redaction(max_text=None))
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


def test_a_long_text_is_judged_to_its_end() -> None:
    secret = "gh" + "p_" + "a1B2c3" * 6
    for piece in ("=", "eyJ", "a://a:", "password "):
        text = piece * (250_000 // len(piece)) + f" {secret}"
        assert secret not in Redactor(Redaction(max_text=None)).text(text)


def test_by_default_only_so_much_of_a_text_is_read_that_the_cut_is_safe() -> None:
    safe = Redactor().text("word " * 2_000_000)
    assert len(safe) < 66_000
    assert safe.endswith("…[+9934464 characters]")
