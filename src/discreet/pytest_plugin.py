"""The pytest plugin: the fixtures `discreet_records`, `plant_secret` and `no_secrets_logged`.

pytest finds it by itself. It imports and hooks nothing until a test asks for one of the fixtures.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from discreet._testing import Watch
    from discreet.testing import Captured


@pytest.fixture
def discreet_records() -> Generator[Captured]:
    """The records that the test logs through discreet, as `discreet.capture()` collects them."""
    from discreet.testing import capture

    with capture() as records:
        yield records


@pytest.fixture
def _discreet_watch(discreet_records: Captured) -> Generator[Watch]:
    from discreet._testing import Watch

    watch = Watch(discreet_records)
    root = logging.getLogger()
    root.addHandler(watch)
    yield watch
    root.removeHandler(watch)


@pytest.fixture
def plant_secret(_discreet_watch: Watch) -> Callable[..., str]:
    """Make up a secret: `plant_secret()` gives a password, `plant_secret("github-token")` a token of that form.

    The test fails if it logs or prints the secret.
    """
    return _discreet_watch.plant


@pytest.fixture
def no_secrets_logged(_discreet_watch: Watch) -> None:
    """The test fails if anything that it logs or prints is a secret by discreet's rules."""
    _discreet_watch.any_secret = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    """Keep the output that the test itself reads: pytest reports only the rest."""
    if "_discreet_watch" in getattr(item, "fixturenames", ()):
        from discreet._testing import keep_what_is_read

        keep_what_is_read(item)
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Fail the test if it logged or printed a secret."""
    outcome = yield
    if "_discreet_watch" in getattr(item, "fixturenames", ()):
        from discreet._testing import check

        check(item, outcome.get_result())
