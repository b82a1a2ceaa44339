"""For pytest: collect what a test logs and prints, and fail the test if it contains a secret."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from discreet._config.settings import state
from discreet._testing.leaks import leaks, spellings
from discreet._testing.made_up import made_up
from discreet.testing import failure_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from discreet.testing import Captured

_CAPTURES = ("capsys", "capfd", "capsysbinary", "capfdbinary", "capteesys")
_FIXTURE = "_discreet_watch"
"""The fixture through which the hooks of pytest find the watch of a test."""


class Watch(logging.Handler):
    """What one test logs and prints. A handler of the root logger, because records of `logging` are not redacted."""

    def __init__(self, records: Captured) -> None:
        super().__init__()
        self.records = records
        self.planted: dict[str, str] = {}
        self.any_secret = False
        self.reported = False
        self.logged: list[logging.LogRecord] = []
        self.read: list[object] = []

    def plant(self, kind: str = "password") -> str:
        """Make up a secret of this kind, which must not appear."""
        secret = made_up(kind)
        self.planted[f"planted {kind} {len(self.planted) + 1}"] = secret
        return secret

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record until the test is over."""
        self.logged.append(record)


@contextmanager
def watching(records: Captured) -> Generator[Watch]:
    """Watch a test."""
    watch = Watch(records)
    root = logging.getLogger()
    root.addHandler(watch)
    try:
        yield watch
    finally:
        root.removeHandler(watch)


def keep_what_is_read(item: Any) -> None:
    """Keep a copy of all output that the test reads through capsys or a similar fixture."""
    fixtures: dict[str, Any] = item.funcargs
    for name in _CAPTURES:
        if _FIXTURE in fixtures and name in fixtures:
            fixtures[name].readouterr = _kept(fixtures[name].readouterr, fixtures[_FIXTURE].read)


def _kept(read: Callable[[], Any], into: list[object]) -> Callable[[], Any]:
    def readouterr() -> Any:
        result = read()
        into.extend((result.out, result.err))
        return result

    return readouterr


def check(item: Any, report: Any) -> None:
    """Fail a test that revealed a secret, and mask the secret in the output that pytest shows."""
    watch: Watch | None = item.funcargs.get(_FIXTURE)
    if watch is None or watch.reported or report.when == "setup":
        return
    things: dict[str, object] = {f"record {number}": record for number, record in enumerate(watch.records, 1)}
    things.update(
        (f"record {number} of logging ({record.name})", record) for number, record in enumerate(watch.logged, 1)
    )
    things["the output that the test read"] = watch.read
    things.update((name[:1].lower() + name[1:], text) for name, text in report.sections)
    policy = state.settings.redaction if state.settings is not None else None
    found = [str(leak) for leak in leaks(things, watch.planted, policy, any_secret=watch.any_secret)]
    if not found:
        return
    watch.reported = True
    masks = {text: name for name, secret in watch.planted.items() for text in spellings(secret)}
    report.sections = [(name, _masked(text, masks)) for name, text in report.sections]
    if report.outcome == "failed":
        report.sections.append(("discreet", failure_text(found)))
    else:
        report.outcome, report.longrepr = "failed", failure_text(found)


def _masked(text: str, masks: dict[str, str]) -> str:
    from discreet._config.status import mask

    for secret in sorted(masks, key=len, reverse=True):
        text = text.replace(secret, f"[{masks[secret]}]")
    return mask(text)
