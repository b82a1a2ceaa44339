from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from discreet._base.escape import escape_for_ci, neutralise_json
from discreet._encoding.ci import CiEncoder, azure_command, github_command

CIS = ("github", "azure", "gitlab", "other")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
COMMANDS = [
    "::add-mask::secret",
    "  ::stop-commands::token",
    "\u3000::error::x",
    "\ufe0f::error::x",
    "##[add-path]/tmp/evil",
    "text ##[ERROR]x",
    "##vso[task.setvariable variable=PATH]x",
    "###vso[task.complete result=Failed;]x",
    "##VSO[task.complete]",
    "#\ufe0f##vso[task.complete]",
    "##\ufe0fvso[task.complete]",
    "##teamcity[buildStop]",
    "section_start:1:name\r\x1b[0Kheader",
    "section_end:1:name\r\x1b[0K",
]


def is_command(line: str) -> bool:
    """Whether a runner would take a line for a command; they compare by culture, which skips ignorable characters."""
    seen = line.replace("\ufe0f", "")
    return bool(
        re.match(r"\s*::", seen) or re.search(r"##[a-zA-Z]*\[", seen) or re.search(r"section_(start|end):\d", seen)
    )


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("ci", CIS)
def test_no_command_from_data_survives(record, failure, bare, ci, text):
    described = {**failure, "message": text, "notes": [text], "type": text, "module": text}
    for level in (20, 30, 40):
        encode = CiEncoder(ci, color=True, services=True)
        item = record(text, level=level, logger=text, fields={text: text, "n": [{text: text}]}, exception=described)
        for line in ours_removed(encode(item).decode(), ci):
            assert not is_command(line), line
            assert not is_command(bare(line)), line


def ours_removed(block: str, ci: str) -> list[str]:
    """Lines without the commands that the encoder itself wrote."""
    if ci == "gitlab":
        block = re.sub(r"\x1b\[0Ksection_(start|end):\d+:discreet_\d+_\d+(\[collapsed=true\])?\r\x1b\[0K", "", block)
    if ci == "github":
        block = re.sub(r"\A::(error|warning)( [^:]*)?::", "", block)
    if ci == "azure":
        block = re.sub(r"\A##vso\[task\.logissue type=(error|warning);[^\]]*\]", "", block)
    return block.split("\n")


@given(st.text(), st.text(), st.text(), st.sampled_from(CIS), st.sampled_from([20, 30]))
def test_any_record_without_an_exception_is_one_line_and_no_command(record, bare, message, key, value, ci, level):
    item = record(message, fields={key: value, "n": [value]}, logger=key, level=level, trace_id=TRACE)
    block = CiEncoder(ci, color=True)(item).decode()
    assert block.count("\n") == 1
    text = bare(block[:-1])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
    assert not any(is_command(line) for line in ours_removed(text, ci))


@given(st.text(alphabet="#:[ vsoVSO\ufe0fabc"))
@example("\ufe0f::")
def test_text_made_of_what_commands_are_made_of_is_no_command(text):
    assert not is_command(escape_for_ci(text))
    assert not is_command(escape_for_ci(text) + "[x]")


def test_what_is_no_command_stays_as_it_is():
    for text in ("std::vector", "a ## heading", "#42", "C# [1]", "10:30", "http://[::1]/"):
        assert escape_for_ci(text) == text


def test_github_shows_a_warning_once_as_an_annotation(record, source):
    item = record("50% done, a: b", level=30, source=source, fields={"n": 1}, trace_id=TRACE)
    line = CiEncoder("github", workspace="/repo")(item).decode()
    assert re.fullmatch(
        r"::warning file=app/pay\.py,line=88,title=app\.orders::"
        r"\d\d:\d\d:\d\d\.207 WARNING app\.orders 50%25 done, a: b n=1 pay\.py:88 4bf92f35\n",
        line,
    )


def test_github_properties_are_escaped_as_the_toolkit_does():
    assert (
        github_command("error", "100%\r\n", {"title": "a:b,c%", "file": ""})
        == "::error title=a%3Ab%2Cc%25::100%25%0D%0A"
    )
    assert github_command("error", "x", {}) == "::error::x"


def test_azure_shows_an_error_once_as_an_issue(record, source):
    line = CiEncoder("azure", workspace="/repo")(record("50% done", level=40, source=source)).decode()
    assert re.fullmatch(
        r"##vso\[task\.logissue type=error;sourcepath=app/pay\.py;linenumber=88;\]"
        r"\d\d:\d\d:\d\d\.207 ERROR app\.orders 50%AZP25 done pay\.py:88\n",
        line,
    )


def test_azure_properties_are_escaped_as_the_agent_reads_them():
    assert azure_command("error", "a\nb;]", {"sourcepath": "a];b%"}) == (
        "##vso[task.logissue type=error;sourcepath=a%5D%3Bb%AZP25;]a%0Ab;]"
    )


@pytest.mark.parametrize("ci", ["github", "azure"])
def test_a_traceback_follows_its_annotation_as_ordinary_lines(record, failure, ci):
    first, *others = CiEncoder(ci)(record("failed", level=40, exception=failure)).decode().splitlines()
    assert "failed" in first
    assert "  │ app.orders.OrderError: could not charge" in others
    assert "failed" not in "".join(others)


def test_an_exception_is_annotated_where_it_was_raised_in_the_checkout(record, failure):
    encode = CiEncoder("github", workspace="/srv/app")
    assert encode(record("failed", level=40, exception=failure)).startswith(b"::error file=orders.py,line=88,")


def test_a_file_outside_the_checkout_is_not_annotated(record, source):
    encode = CiEncoder("github", workspace="/elsewhere")
    assert encode(record(level=30, source=source)).startswith(b"::warning title=app.orders::")
    outside = {"frames": [{"file": "/usr/lib/x.py", "line": 3}, 7]}
    assert encode(record(level=30, exception=outside)).startswith(b"::warning title=app.orders::")
    assert encode(record(level=30)).startswith(b"::warning title=app.orders::")


@pytest.mark.parametrize("ci", CIS)
def test_records_below_warning_are_plain_lines(record, ci):
    assert re.match(rb"\d\d:\d\d:\d\d\.207 INFO ", CiEncoder(ci)(record()))


def test_gitlab_folds_tracebacks_and_opens_errors(record, failure):
    encode = CiEncoder("gitlab")
    error = encode(record("failed", level=40, exception=failure)).decode()
    assert re.match(r"\x1b\[0Ksection_start:1790000000:discreet_\d+_1\r\x1b\[0K\d\d:\d\d:\d\d\.207 ERROR ", error)
    assert re.search(r"\n\x1b\[0Ksection_end:1790000000:discreet_\d+_1\r\x1b\[0K\n\Z", error)
    assert "_2[collapsed=true]\r" in encode(record("odd", level=30, exception=failure)).decode()
    assert b"section" not in encode(record("warned", level=30))


def test_other_cis_get_the_plain_line(record):
    assert b"::" not in CiEncoder("other")(record(level=40))


@given(st.text(alphabet=st.sampled_from('#[vso"\\\u00ad\ufe0f注a')) | st.text())
def test_a_json_line_keeps_its_meaning_and_holds_no_command(text):
    line = json.dumps({text: text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    safe = neutralise_json(line)
    assert b"##" not in safe
    assert not re.search(rb"#[\x80-\xff]+#", safe)
    assert json.loads(safe.decode("utf-8", "surrogatepass")) == {text: text}


def test_a_clean_json_line_is_the_same_object():
    line = b'{"a":1}'
    assert neutralise_json(line) is line
