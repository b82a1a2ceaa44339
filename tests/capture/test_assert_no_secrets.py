"""`discreet.testing.assert_no_secrets`: it fails for every secret, says where, and never what."""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import subprocess
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet.testing import assert_no_secrets

PLANTED = "kT7 pa&q" + "/Z9=x"
GITHUB = "gh" + "p_" + "aB3" * 12


def message(*things: object, **options: object) -> str:
    with pytest.raises(AssertionError) as failed:
        assert_no_secrets(*things, **options)
    return str(failed.value)


def test_what_is_clean_passes():
    assert_no_secrets("all is well", b"bytes too", {"user": 7}, ["and", {"lists": None}], None, 3.5, secrets=[PLANTED])
    assert_no_secrets()


def test_whatever_the_redactor_finds_fails_with_its_kind_and_place_and_not_its_value():
    said = message("fine", f"fine\n\ttoken {GITHUB}")
    assert "1 secret in clear" in said
    assert "github-token in argument 2, line 2, column 8" in said
    assert GITHUB not in said


@pytest.mark.parametrize(
    ("spelling", "written"),
    [
        ("in clear", PLANTED),
        ("percent-encoded", quote(PLANTED)),
        ("percent-encoded", quote(PLANTED, safe="")),
        ("percent-encoded", quote_plus(PLANTED)),
        ("percent-encoded", quote(PLANTED, safe="").lower().replace("kt7", "kT7").replace("z9", "Z9")),
        ("in base64", base64.b64encode(PLANTED.encode()).decode()),
        ("in base64", base64.b64encode(b"x" + PLANTED.encode()).decode()),
        ("in base64", base64.urlsafe_b64encode(b"user: " + PLANTED.encode() + b" more").decode()),
        ("in base64", base64.b64encode(b"no" + PLANTED.encode() + b"?").decode()),
        ("in hexadecimal", PLANTED.encode().hex()),
        ("in hexadecimal", PLANTED.encode().hex().upper()),
        ("HTML-escaped", PLANTED.replace("&", "&amp;")),
    ],
)
def test_a_planted_secret_is_found_however_it_is_spelled(spelling, written):
    said = message(f"some {written} here", secrets=[PLANTED])
    assert f"the planted secret ({spelling}) in the argument, line 1, column" in said
    assert PLANTED not in said
    assert written not in said


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=8).filter(lambda text: len(set(text)) > 6),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
def test_any_secret_is_found_in_json_and_in_base64_wherever_it_stands(secret, before, after):
    if "\n" in secret or "\r" in secret:
        secret = "".join(secret.split()) + "12345678"
    message(json.dumps({"note": json.dumps(["x" + secret])}), secrets=[secret])
    message(base64.b64encode(before + secret.encode() + after), secrets=[secret])


def test_a_secret_of_several_lines_is_found_by_each_of_them():
    body = ["MII" + "EvQ9aZ" * 10, "zzZ" + "Q8vE1a" * 10]
    key = "-----BEGIN PRIVATE" + " KEY-----\n" + "\n".join(body) + "\n-----END PRIVATE" + " KEY-----\n"
    assert "the planted secret" in message(f"line two: {body[1]}", secrets=[key])
    assert_no_secrets("-----END PRIVATE" + " KEY-----", secrets=[key])


def test_captured_records_are_searched_whole():
    log = discreet.get_logger("shop")
    with discreet.capture() as records:
        log.info("signed in", user="bob", nested={"deep": [PLANTED]})
        log.info("signed in", password=PLANTED)
    said = message(records, secrets=PLANTED)
    assert "the argument, item 1, line 1" in said
    assert "item 2" not in said


def test_records_of_logging_are_searched_with_their_extra_and_their_traceback(caplog):
    def fail():
        raise ValueError(PLANTED)

    logger = logging.getLogger("shop")
    logger.warning("one %s", "two", extra={"password": PLANTED})
    try:
        fail()
    except ValueError:
        logger.exception("three")
    said = message(caplog.records, secrets=[PLANTED])
    assert "the argument, item 1" in said
    assert "the argument, item 2" in said


def test_exceptions_streams_results_of_processes_and_other_objects_are_searched():
    done = subprocess.CompletedProcess([], 0, stdout=f"password={PLANTED}", stderr=None)
    for thing in (ValueError(PLANTED), io.StringIO(PLANTED), io.BytesIO(PLANTED.encode()), done, {1: {2: PLANTED}}):
        message(thing, secrets=[PLANTED])


def test_files_and_folders_are_searched_also_compressed_and_binary_ones(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "app.log").write_text(f"fine\n{PLANTED}\n")
    (tmp_path / "deep" / "app.log.gz").write_bytes(gzip.compress(f'{{"password": "{GITHUB}"}}'.encode()))
    (tmp_path / "deep" / "core").write_bytes(b"\0\1" + PLANTED.encode())
    said = message(tmp_path, secrets=[PLANTED])
    assert "3 secrets" in said
    assert f"the planted secret (in clear) in {tmp_path / 'app.log'}, line 2, column 1" in said
    assert f"password in {tmp_path / 'deep' / 'app.log.gz'}, line 1, column 15" in said
    assert str(tmp_path / "deep" / "core") in said
    with pytest.raises(FileNotFoundError):
        assert_no_secrets(tmp_path / "missing")


def test_secrets_may_be_bytes_or_secret_objects():
    message(PLANTED, secrets=[PLANTED.encode()])
    message(PLANTED, secrets=[discreet.Secret(PLANTED)])
    assert "planted secret 2" in message(PLANTED, secrets=["other-one", PLANTED])


@pytest.mark.parametrize(("secret", "error"), [("abc", ValueError), ("", ValueError), (12345678, TypeError)])
def test_what_cannot_be_looked_for_is_refused(secret, error):
    with pytest.raises(error):
        assert_no_secrets("text", secrets=[secret])


def test_many_secrets_are_counted_and_twenty_are_told():
    said = message("\n".join(f"password=hunter{number}x" for number in range(50)))
    assert said.startswith("50 secrets in clear:")
    assert said.endswith("and 30 more")
    assert said.count("\n") == 21


def test_the_policy_in_force_applies(memory_sink):
    discreet.configure(
        sinks=[memory_sink(format="json")],
        environment="prod",
        service="s",
        take_over=False,
        redaction=discreet.Redaction(patterns={"customer-id": r"CUST-\d{6}"}, strategies={"customer-id": "drop"}),
    )
    assert "customer-id in the argument" in message("for CUST-123456")
