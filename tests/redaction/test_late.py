"""The redactor judges as ever when the process can open no file and import no module any more."""

from __future__ import annotations

import json

import pytest

_PROGRAM = """
import sys
import discreet

discreet.configure(service="s", format="json", redaction=discreet.Redaction(strategies={"url-password": "pseudonym"}))
log = discreet.get_logger("a")
log.info("start")
token = "abcdefghijklmnop" + "1234567890"
password = "hunter2" * 2


def speak():
    log.info(
        "Authorization: Bearer " + token,
        innocent="key: none, a=b; c=d at https://host/x?y=1",
        newAPIKey=token,
        sql=f"INSERT INTO users (name, password) VALUES ('bob', '{password}')",
        command=["mysql", "-p" + password],
        card="4111 1111 " * 2,
        url=f"postgres://bob:{password}@host/db",
        sentence=f"the password for bob is {password}",
    )
    try:
        raise ValueError("key: " + token)
    except ValueError:
        log.exception("request failed for user=bob")

"""
_WITHOUT_FILES = """
def refuse(event, arguments):
    if event in ("open", "import"):
        raise OSError(24, "Too many open files")

sys.addaudithook(refuse)
speak()
"""
_AT_SHUTDOWN = """
class Late:
    def __del__(self):
        self.speak()

late = Late()
late.cycle, late.speak = late, speak
"""


@pytest.mark.parametrize("end", [_WITHOUT_FILES, _AT_SHUTDOWN], ids=["no file can be opened", "interpreter shutdown"])
def test_what_is_first_needed_when_nothing_can_be_loaded_is_judged_as_ever(end, python):
    key = "k1:" + "0123456789abcdef" * 2
    expected = python(_PROGRAM + "speak()", DISCREET_PSEUDONYM_KEY=key)
    done = python(_PROGRAM + end, DISCREET_PSEUDONYM_KEY=key)
    assert (expected.code, done.code, done.err) == (0, 0, b"")
    assert b"unjudged" not in expected.out
    assert b"hunter2" not in expected.out
    varying = {"timestamp", "process", "source", "exception", "stacktrace"}
    both = [
        [{key: value for key, value in json.loads(line).items() if key not in varying} for line in out.splitlines()]
        for out in (done.out, expected.out)
    ]
    assert len(both[0]) == 3
    assert both[0] == both[1]
    assert b"unjudged" not in done.out
