"""The pytest plugin: a test that lets a planted secret out fails, whichever way the secret takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._testing import kinds, made_up, revealed

pytestmark = pytest.mark.version_sensitive

pytest_plugins = "pytester"


@pytest.fixture
def outcome(pytester: pytest.Pytester):
    """Run a test file as a user would; how it ended, and what was said."""

    def run(source: str, *options: str, **expected: int) -> str:
        pytester.makepyfile(source)
        result = pytester.runpytest(*options)
        result.assert_outcomes(**expected)
        return result.stdout.str()

    return run


def test_records_are_collected(outcome):
    outcome(
        """
        import discreet

        def test_it(discreet_records):
            discreet.get_logger("shop").info("paid", amount=3)
            assert discreet_records.messages == ["paid"]
            assert discreet_records[0]["amount"] == 3
        """,
        passed=1,
    )


def test_a_planted_secret_that_is_redacted_or_never_logged_passes(outcome):
    outcome(
        """
        import discreet

        def test_it(plant_secret, discreet_records):
            discreet.get_logger("shop").info("signed in", password=plant_secret(), token=plant_secret("github-token"))
            print("fine")
            assert len(discreet_records) == 1
        """,
        passed=1,
    )


WAYS = {
    "a record": "discreet.get_logger('shop').info('got {word}', word=secret)",
    "a print": "print('got', secret)",
    "standard error": "print('got', secret, file=sys.stderr)",
    "a child process": "subprocess.run([sys.executable, '-c', f'print({secret!r})'])",
    "logging": "logging.getLogger('lib').warning('got %s', secret)",
    "an extra field of logging": "logging.getLogger('lib').warning('got', extra={'word': secret})",
    "a traceback": "logging.getLogger('lib').warning('got', exc_info=ValueError(secret))",
    "base64": "print(base64.b64encode(b'x' + secret.encode()))",
    "percent-encoding": "print(''.join(f'%{byte:02x}' for byte in secret.encode()))",
    "output that the test reads": "print(secret); capsys.readouterr()",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_secret_that_gets_out_fails_the_test(outcome, way):
    said = outcome(
        f"""
        import base64, logging, subprocess, sys
        import discreet

        secret = None

        def test_it(plant_secret{", capsys" if "capsys" in WAYS[way] else ""}):
            global secret
            secret = plant_secret()
            {WAYS[way]}

        def test_told():
            with open("secret", "w") as file:
                file.write(secret)
        """,
        passed=1,
        failed=1,
    )
    assert "planted password 1" in said


def test_the_report_says_where_and_does_not_show_the_secret(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import pathlib

        def test_it(plant_secret):
            secret = plant_secret()
            pathlib.Path("secret").write_text(secret)
            print("one")
            print("and", secret)
        """
    )
    said = pytester.runpytest().stdout.str()
    assert "planted password 1 (in clear) in captured stdout call, line 2, column 5" in said
    assert (pytester.path / "secret").read_text() not in said
    assert "and [planted password 1]" in said


def test_what_is_printed_while_fixtures_end_counts_too(outcome):
    said = outcome(
        """
        import pytest

        @pytest.fixture
        def client(plant_secret):
            secret = plant_secret()
            yield
            print(secret)

        def test_it(client):
            pass
        """,
        passed=1,
        errors=1,
    )
    assert "planted password 1" in said


def test_a_test_that_fails_anyway_keeps_its_reason(outcome):
    said = outcome(
        """
        def test_it(plant_secret):
            print(plant_secret())
            assert 1 == 2
        """,
        failed=1,
    )
    assert "assert 1 == 2" in said
    assert "planted password 1" in said


def test_nobody_may_log_any_secret_where_the_fixture_is_used(outcome):
    said = outcome(
        f"""
        import logging
        import pytest

        pytestmark = pytest.mark.usefixtures("no_secrets_logged")

        def test_it():
            logging.getLogger("lib").warning("Authorization: Bearer " + "{"a1B2" * 8}")

        def test_clean():
            logging.getLogger("lib").warning("all is well")
            print("all is well")
        """,
        passed=1,
        failed=1,
    )
    assert "bearer-token in record 1 of logging (lib)" in said
    assert "a1B2" * 8 not in said.partition("Captured log call")[2]


def test_fixtures_work_for_unittest_and_together(outcome):
    outcome(
        """
        import unittest
        import pytest

        @pytest.mark.usefixtures("no_secrets_logged")
        class TestIt(unittest.TestCase):
            def test_it(self):
                print("password=hunter2" + "xyz")

        def test_both(plant_secret, no_secrets_logged):
            plant_secret("api-key")
        """,
        failed=1,
        passed=1,
    )


def test_an_unknown_kind_is_refused_with_the_nearest_one(outcome):
    said = outcome("def test_it(plant_secret): plant_secret('github-tokens')", failed=1)
    assert "Did you mean 'github-token'?" in said


def test_unused_it_imports_nothing_and_changes_nothing(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            print("hunter2" + "xyz")
            assert not [name for name in sys.modules if name.startswith(("discreet._redaction", "discreet.testing"))]
        """
    )
    done = subprocess.run([sys.executable, "-m", "pytest", "-q"], check=False, capture_output=True, cwd=pytester.path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", kinds())
def test_made_up_secrets_are_new_each_time_and_what_the_redactor_knows(kind):
    first, second = made_up(kind), made_up(kind)
    assert first != second
    assert revealed(first) == first
    found = Redactor(Redaction()).fields({kind: first, "text": f"password={first}"})
    assert first not in str(found)
