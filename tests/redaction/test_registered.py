"""Values that the application declared secret, wherever and however they are written."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._redaction.names import Keys
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import Registry, registry

VALUE = "Tr0ub4dor&3 " + 'says "hi" <ok>'


def masked(registry, text):
    for start, end, kind in reversed(registry.find(text)):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    "spell",
    [
        str, lambda v: quote(v, safe=""), quote, quote_plus, lambda v: json.dumps(v)[1:-1], escape, lambda v: v.encode().hex(),
        lambda v: v.encode().hex().upper(), lambda v: repr(v)[1:-1],
    ],
)  # fmt: skip
def test_a_registered_value_is_found_in_each_spelling(spell):
    registry = Registry()
    registry.add(VALUE)
    assert masked(registry, f"before {spell(VALUE)} after") == "before [registered-secret] after"


@given(value=st.text(min_size=12, max_size=40), before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_a_value_in_base64_is_found_at_every_position(value, before, after):
    registry = Registry()
    try:
        raw = value.encode()
    except UnicodeEncodeError:
        return
    if len(value.strip()) < 12:
        return
    registry.add(value)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + raw + after).decode()
        assert registry.holds(text)
        assert len(masked(registry, text)) < len(text) + len("[registered-secret]") - len(raw)


@pytest.mark.parametrize("value", ["", "a", "1234567", "       x       "])
def test_a_value_too_short_to_tell_from_words_is_refused(value):
    with pytest.raises(ValueError, match="at least 8 characters"):
        Registry().add(value)


def test_the_error_does_not_show_the_value():
    with pytest.raises(ValueError, match="characters") as caught:
        Registry().add("s3cr3t")
    assert "s3cr3t" not in str(caught.value)


def test_every_occurrence_is_found():
    registry = Registry()
    registry.add("correct-horse-9")
    assert masked(registry, "correct-horse-9correct-horse-9 correct-horse-9") == (
        "[registered-secret][registered-secret] [registered-secret]"
    )


def test_sensitive_variables_are_registered_and_words_paths_and_urls_are_not():
    registry = Registry()
    environ = {
        "DB_PASSWORD": "x7-k29-qq-81",
        "API_TOKEN": "abcdefgh1234",
        "ADMIN_PASSWORD": "postgres",  # a word: it would be masked in every message about the database
        "PASSWORD_FILE": "/run/secrets/a-password",
        "TLS_SECRET": "/etc/tls/secret/file",
        "SECRET_URL": "https://vault.internal/secret",
        "TOKEN": "${OTHER_TOKEN}",
        "HOME": "/home/someone-12345",
        "PIN": "1234",
    }
    registry.add_environment(environ, Keys().kind)
    assert registry.holds("x7-k29-qq-81")
    assert registry.holds("abcdefgh1234")
    for innocent in (
        "postgres is up",
        "/run/secrets/a-password",
        "/etc/tls/secret/file",
        "vault.internal/secret",
        "1234",
    ):
        assert not registry.holds(innocent)


def test_each_change_is_a_new_epoch_and_a_repetition_is_none():
    registry = Registry()
    first = registry.epoch
    registry.add("correct-horse-9")
    second = registry.epoch
    registry.add("correct-horse-9")
    assert first is not second
    assert registry.epoch is second
    registry.forget()
    assert not registry
    assert registry.epoch is not second


def test_a_program_that_registers_without_end_does_not_fill_the_memory():
    registry = Registry()
    for number in range(5000):
        registry.add(f"registered-{number:08d}")
    assert len(registry._spellings) <= 10_000


@pytest.mark.parametrize(
    "judge",
    [
        lambda redactor, text: redactor.text(text),
        lambda redactor, text: redactor.fields({"note": text})["note"],
        lambda redactor, text: redactor.fields({"note": [text, 1]})["note"][0],
        lambda redactor, text: next(iter(redactor.fields({text: 1}))),
        lambda redactor, text: next(iter(redactor.plain({text: 1}))),
    ],
)
def test_a_verdict_from_before_another_thread_registered_the_secret_is_not_remembered(judge, monkeypatch):
    redactor = Redactor()
    redactor.fields({"note": ["seen", 1]})  # the name is known: its values are judged together
    text = f"say {VALUE}"
    holds = Registry.holds

    def overtaken(self, judged):
        verdict = holds(self, judged)
        if VALUE in judged and not self:  # the other thread comes after this verdict, and before it is remembered
            self.add(VALUE)
            redactor.text("a text of the other thread")
        return verdict

    monkeypatch.setattr(Registry, "holds", overtaken)
    try:
        assert judge(redactor, text) == text
        assert judge(redactor, text) == "say [REDACTED:registered-secret]"
    finally:
        registry.forget()


def test_a_text_that_comes_while_the_redactor_forgets_is_judged_anew():
    text = f"say {VALUE}"
    meanwhile = []

    class Interleaved(Redactor):
        def __setattr__(self, name, value):
            if name == "clean" and registry and not meanwhile:
                meanwhile.append("")
                meanwhile[0] = self.text(text)  # as of another thread, just before the caches are replaced
            super().__setattr__(name, value)

    redactor = Interleaved()
    assert redactor.text(text) == text
    registry.add(VALUE)
    try:
        redactor.text("any")
        assert meanwhile == ["say [REDACTED:registered-secret]"]
    finally:
        registry.forget()


def test_the_context_is_judged_again_if_a_secret_was_registered_meanwhile(monkeypatch):
    fields = Redactor.fields

    def overtaken(self, mapping):
        safe = fields(self, mapping)
        if "note" in mapping:  # the fields of the context: another thread registers the secret after this verdict
            registry.add(VALUE)
        return safe

    monkeypatch.setattr(Redactor, "fields", overtaken)
    try:
        with discreet.capture() as records, discreet.context(note=f"say {VALUE}"):
            discreet.log.info("first")
            discreet.log.info("second")
        assert records[1]["note"] == "say [REDACTED:registered-secret]"
    finally:
        registry.forget()


def test_a_field_that_registers_a_secret_hides_it_in_the_fields_after_it():
    redactor = Redactor()
    text = f"say {VALUE}"
    redactor.fields({"connection": 1, "note": text})

    class Connection:
        def __repr__(self):
            registry.add(VALUE)
            return "Connection()"

    try:
        assert redactor.fields({"connection": Connection(), "note": text})["note"] == "say [REDACTED:registered-secret]"
    finally:
        registry.forget()
