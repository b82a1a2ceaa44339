"""A redaction policy as a JSON file, and the JSON Schema that is published for it."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._config.policy_file import check_document, read_policy
from discreet._redaction.masking import STRATEGIES
from discreet._redaction.policy import PERSONAL
from discreet.cli import main

SCHEMA = json.loads((Path(discreet.__file__).parent / "_config" / "redaction.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

EVERYTHING = {
    "$schema": "redaction.schema.json",
    "extra_keys": ["badge"],
    "safe_keys": ["csrf_token"],
    "patterns": {"customer-id": "C-[0-9]{6}"},
    "personal": ["email"],
    "strategies": {"email": "drop"},
    "safe_patterns": ["AKIA[A-Z0-9]{12}TEST"],
    "environment": False,
    "max_text": 1000,
    "loggers": {"billing": {"personal": ["phone"], "max_text": None}},
}


def write(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def is_accepted(document) -> bool:
    try:
        check_document(document)
    except (ValueError, TypeError):
        return False
    return True


def test_a_file_gives_the_policy_that_code_would_give(tmp_path):
    policy = read_policy(write(tmp_path / "policy.json", EVERYTHING))
    assert policy == discreet.Redaction(
        extra_keys=("badge",),
        safe_keys=("csrf_token",),
        patterns={"customer-id": "C-[0-9]{6}"},
        personal=("email",),
        strategies={"email": "drop"},
        safe_patterns=("AKIA[A-Z0-9]{12}TEST",),
        environment=False,
        max_text=1000,
        loggers={"billing": discreet.Redaction(personal=("phone",), max_text=None)},
    )


def test_every_option_of_a_policy_but_the_callback_can_stand_in_a_file():
    options = set(inspect.signature(discreet.Redaction).parameters) - {"callback"}
    assert set(SCHEMA["properties"]) - {"$schema"} == options
    assert set(EVERYTHING) - {"$schema"} == options


def test_the_schema_names_every_kind_of_personal_data_and_every_strategy():
    assert set(SCHEMA["$defs"]["personal"]["items"]["enum"]) == PERSONAL
    assert SCHEMA["$defs"]["strategies"]["additionalProperties"]["enum"] == list(STRATEGIES)


@pytest.mark.parametrize("way", ["variable", "code"])
def test_a_policy_is_named_by_variable_or_in_code(monkeypatch, tmp_path, memory_sink, way):
    path = write(tmp_path / "policy.json", {"extra_keys": ["badge"]})
    options = {} if way == "variable" else {"redaction": path}
    if way == "variable":
        monkeypatch.setenv("DISCREET_REDACTION", str(path))
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], service="s", environment="prod", take_over=False, **options)
    discreet.get_logger("x").info("seen", badge="1234-abcd")
    assert kept.last["badge"].startswith("[REDACTED")
    assert discreet.explain()["redaction"]["value"] == "the built-in rules, extra_keys"


@pytest.mark.parametrize(
    ("document", "key", "remedy"),
    [
        ({"extra_kyes": ["x"]}, "extra_kyes", "Did you mean extra_keys?"),
        ({"loggers": {"db": {"persnal": ["email"]}}}, "loggers['db'].persnal", "Did you mean personal?"),
        ({"loggers": {"db": {"loggers": {}}}}, "loggers['db'].loggers", "The keys are"),
        ({"quite": 1, "other": 2}, "quite", "The keys are"),
        ({"extra_keys": "badge"}, "extra_keys", 'Write ["name", "other_name"]'),
        ({"personal": ["shoe-size"]}, "personal", "Choose among email, ip-address, phone"),
        ({"strategies": {"email": "hide"}}, "strategies", "Write one of marker, partial, drop, pseudonym"),
        ({"patterns": {"Customer": "x"}}, "patterns", "lower-case letters"),
        ({"patterns": {"slow": "(a+)+b"}}, "patterns['slow']", "upper bounds"),
        ({"safe_patterns": ["a+b"]}, "safe-pattern", "upper bound"),
        ({"environment": "yes"}, "environment", "Write true or false"),
        ({"max_text": 0}, "max_text", "whole number above 0"),
        ({"loggers": []}, "loggers", "Write a policy for each"),
        ([], "the policy", "between braces"),
        ('{"extra_keys": [],}', "line 1", "Correct it there"),
        ('{"personal": ["email"], "personal": []}', "personal", "Leave one of the two"),
        ('{"max_text": NaN}', "NaN", "Write a number"),
        ("[" * 100_000, "nested", "docs/redaction.md"),
    ],
)
def test_a_wrong_file_raises_one_error_with_file_key_and_remedy(monkeypatch, tmp_path, document, key, remedy):
    path = write(tmp_path / "policy.json", document)
    monkeypatch.setenv("DISCREET_REDACTION", str(path))
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure()
    assert caught.value.setting == "DISCREET_REDACTION"
    text = str(caught.value)
    assert text.startswith(f"DISCREET_REDACTION='{path}': ")
    assert key in text
    assert remedy in text


def test_a_file_that_cannot_be_read_or_is_no_text_raises_the_same_error(tmp_path):
    (tmp_path / "latin").write_bytes(b'{"extra_keys": ["\xe9"]}')
    for name, problem in {"missing": "cannot be read", "latin": "UTF-8"}.items():
        with pytest.raises(discreet.ConfigurationError, match=problem) as caught:
            discreet.configure(redaction=tmp_path / name)
        assert caught.value.setting == "redaction"


WORDS = st.sampled_from(["email", "phone", "marker", "drop", "a-kind", "Kind", "", "x" * 41])
PLAIN = st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from([0.5, 1.0, 1e400]) | WORDS
VALUES = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(WORDS, PLAIN, max_size=2)
POLICIES = st.dictionaries(st.sampled_from([*EVERYTHING, "extra_key"]), VALUES, max_size=3)
DOCUMENTS = (
    VALUES | POLICIES | st.dictionaries(st.just("loggers"), st.dictionaries(WORDS, POLICIES | PLAIN, max_size=2))
)


@given(DOCUMENTS)
def test_the_published_schema_and_the_check_come_to_the_same_verdict(document):
    assert is_accepted(document) == VALIDATOR.is_valid(document)


@pytest.mark.parametrize("key", list(EVERYTHING))
@given(value=VALUES)
def test_they_agree_on_every_key(key, value):
    for document in ({key: value}, {"loggers": {"db": {key: value}}}):
        assert is_accepted(document) == VALIDATOR.is_valid(document)


def test_the_schema_is_a_schema_and_takes_what_the_docs_show():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    page = (Path(__file__).parents[2] / "docs" / "redaction.md").read_text("utf-8")
    shown = json.loads(page.partition("## As a file")[2].partition("```json\n")[2].partition("```")[0])
    VALIDATOR.validate(shown)
    check_document(shown)


def test_the_command_prints_the_schema_as_published(capsys):
    assert main(["schema", "--redaction"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{"extra_keys": ["badge"]}', "utf-8-sig")
    assert read_policy(path).extra_keys == ("badge",)


def test_what_is_no_regular_file_or_too_large_is_refused(tmp_path):
    large = write(tmp_path / "large.json", " " * (1 << 20) + "{}")
    for path in (tmp_path, large):
        with pytest.raises(ValueError, match="is not a file of at most 1 MiB"):
            read_policy(path)


def test_an_error_shows_no_secret_of_the_file(tmp_path):
    planted = "ghp_" + "a1B2" * 9
    for document in ({"loggers": {f"shop. {planted}": 5}}, {"patterns": {"a": f"(?P<a. {planted}>x)"}}):
        with pytest.raises(discreet.ConfigurationError) as caught:
            discreet.configure(redaction=write(tmp_path / "policy.json", document))
        assert planted not in str(caught.value)
