"""`discreet redact`: what becomes of a line: JSON stays JSON, and what is clean is not touched."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._logfiles.chunks import chunks
from discreet._logfiles.redactor import LogRedactor
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

PASSWORD = "hunter2" + "xyz"
KEY_BODY = "\n".join(["MII" + "EvQ9aZ" * 10] * 3)
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\n" + KEY_BODY + "\nab12==\n-----END RSA PRIVATE" + " KEY-----\n"
GITHUB = "gh" + "p_" + "aB3" * 12


def safe(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return LogRedactor().redacted(data)[0]


def test_a_line_of_json_keeps_every_byte_but_the_secret() -> None:
    line = '{"b" : 1.50, "a":1E5,  "big":12345678901234567890123,"password":"%s", "u":"\\u00e9\\/"}\n'
    assert safe(line % PASSWORD).decode() == line % "[REDACTED:password]"


def test_numbers_that_python_cannot_hold_and_those_that_are_no_json_stay_as_they_are() -> None:
    line = '{"a":1e400,"b":-0.0,"c":NaN,"d":[Infinity,0.1000000000000000055511151231257827],"z":1,"token":"%s","y":2}'
    assert safe(line % PASSWORD).decode() == line % "[REDACTED:token]"


def test_nested_values_lists_and_pairs_of_name_and_value_are_redacted_as_fields() -> None:
    given_line = {
        "user": {"apiKey": PASSWORD, "id": 7},
        "env": [{"name": "DB_PASSWORD", "value": PASSWORD}],
        "argv": ["login", "--password", PASSWORD],
        "note": f"password={PASSWORD} and on",
    }
    found = json.loads(safe(json.dumps(given_line)))
    assert PASSWORD not in json.dumps(found)
    assert found["user"]["id"] == 7
    assert found["argv"][:2] == ["login", "--password"]
    assert found["note"] == "password=[REDACTED:password] and on"


def test_a_name_that_is_a_secret_is_masked_and_a_name_that_comes_twice_is_redacted_twice() -> None:
    assert safe(f'{{"{GITHUB}": 1}}') == b'{"[REDACTED:github-token]": 1}'
    twice = f'{{"password": "{PASSWORD}", "password": "{PASSWORD}2", "a": 1, "a": 2}}'
    assert safe(twice) == b'{"password": "[REDACTED:password]", "password": "[REDACTED:password]", "a": 1, "a": 2}'


def test_what_is_nested_too_deep_to_be_redacted_does_not_leave() -> None:
    deep = '{"a":' * 100 + f'"{PASSWORD}"' + "}" * 100
    found = safe(deep)
    assert PASSWORD.encode() not in found
    json.loads(found)
    assert safe("[" * 100_000) == b"[" * 100_000


def test_json_behind_the_prefix_of_a_container_engine_stays_json() -> None:
    line = f'web-1  | {{"password": "{PASSWORD}", "n": 1}}\r\n'
    assert safe(line) == b'web-1  | {"password": "[REDACTED:password]", "n": 1}\r\n'
    assert safe(f'\ufeff  {{"password": "{PASSWORD}"}}') == '\ufeff  {"password": "[REDACTED:password]"}'.encode()


def test_a_line_that_is_one_value_stays_json() -> None:
    card = "4111" + "1111" * 3
    assert json.loads(safe(f'"password={PASSWORD}"')) == "password=[REDACTED:password]"
    assert json.loads(safe(card)) == "[REDACTED:payment-card]"
    assert json.loads(safe(f"[{card}]")) == ["[REDACTED:payment-card]"]


def test_text_keeps_line_ends_bytes_that_are_no_utf8_and_a_last_line_without_end() -> None:
    line = b"\xff\xfe \x85 password=%s;\r\nplain\x0b\x1c\r\n\n\xe9 password=%s"
    marker = b"[REDACTED:password]"
    secret = PASSWORD.encode()
    assert safe(line % (secret, secret)) == line % (marker, marker)


def test_a_value_with_bytes_that_are_no_utf8_keeps_them() -> None:
    line = b'{"m": "\xff\xe9 password=%s", "n": "\\udc80 password=%s"}'
    found = safe(line % (PASSWORD.encode(), PASSWORD.encode()))
    assert found == line % (b"[REDACTED:password]", b"[REDACTED:password]")


def test_a_private_key_of_many_lines_goes_whole() -> None:
    found = safe(f"before\n{PEM}after the key\n").decode()
    assert "EvQ9aZ" not in found
    assert "ab12" not in found
    assert found.startswith("before\n")
    assert found.endswith("\nafter the key\n")


def test_a_private_key_behind_a_prefix_on_each_line_goes_too() -> None:
    found = safe("".join(f"web-1 | {line}\n" for line in PEM.splitlines())).decode()
    assert "EvQ9aZ" not in found
    assert "ab12" not in found
    assert found.count("web-1") > 1


def test_a_private_key_that_was_cut_short_ends_where_it_stops_to_look_like_one() -> None:
    start = PEM[: PEM.index("ab12")]
    following = "2024-05-01 10:00:00 ERROR: the disk is full (95 %)\n"
    found = safe(start + following + "more\n").decode()
    assert "EvQ9aZ" not in found
    assert following in found


def test_a_value_on_the_line_after_its_name_is_masked() -> None:
    manifest = f"env:\n- name: DB_PASSWORD\n  value: {PASSWORD}\n- name: API_KEY\n  value: {PASSWORD}9\n- name: TIER\n  value: gold\n"
    found = safe(manifest).decode()
    assert PASSWORD not in found
    assert found.endswith("- name: TIER\n  value: gold\n")


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_where_the_stream_is_cut_changes_nothing(size: int) -> None:
    text = f"a\n{PEM}- name: DB_PASSWORD\n  value: {PASSWORD}\nb {GITHUB} c\n" * 3
    redactor = LogRedactor()
    pieces = [redactor.redacted(chunk)[0] for chunk in chunks(io.BytesIO(text.encode()), redactor.cut, size)]
    assert b"".join(pieces) == safe(text)


def test_a_line_longer_than_memory_should_hold_is_cut_between_words_and_in_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("discreet._logfiles.chunks.LONGEST", 200_000)
    text = f"password={PASSWORD} and then some words. " * 30_000
    redactor = LogRedactor()
    pieces = [redactor.redacted(chunk)[0] for chunk in chunks(io.BytesIO(text.encode()), redactor.cut)]
    assert len(pieces) > 3
    assert b"".join(pieces).decode() == text.replace(PASSWORD, "[REDACTED:password]")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["password", f"token={PASSWORD}", f"{GITHUB} and {GITHUB}"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["password", "token", "name", "value", GITHUB]), inner)
    ),
    max_leaves=20,
)


@given(values, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_valid_json_stays_valid_json_of_the_same_shape(
    value: Any, ascii_only: bool, separators: tuple[str, str] | None
) -> None:
    line = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
    found = safe(line.encode("utf-8", "surrogatepass"))
    after = json.loads(found.decode("utf-8", "surrogatepass"))
    assert (type(after) is type(value)) or isinstance(after, str)
    if isinstance(value, (list, dict)):
        assert len(after) == len(value)


@given(values)
def test_a_line_of_json_holds_afterwards_what_the_redactor_makes_of_its_value(value: Any) -> None:
    line = {"it": value}
    assert json.loads(safe(json.dumps(line))) == Redactor(Redaction(max_text=None)).plain(line)


@given(st.binary())
def test_any_bytes_go_through_and_what_is_clean_is_not_touched(data: bytes) -> None:
    redactor = LogRedactor()
    found, changed = redactor.redacted(data)
    assert (found == data) == (not changed)
    assert redactor.redacted(found)[0].count(b"\n") <= data.count(b"\n")


@given(
    st.lists(st.sampled_from(["all is well", '{"a": 1.0, "b" :[]}', "", "10:00:01 user 7 signed in\r"])), st.booleans()
)
def test_a_clean_log_comes_out_byte_for_byte(lines: list[str], ended: bool) -> None:
    data = ("\n".join(lines) + ("\n" if ended else "")).encode()
    assert safe(data) == data
