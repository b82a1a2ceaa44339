"""For pytest: collect what a test logs and prints, and fail the test if it contains a secret."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from discreet._config.status import mask
from discreet._testing.leaks import leaks, spellings
from discreet._testing.made_up import made_up
from discreet.testing import failure_text

if TYPE_CHECKING:
    from collections.abc import Callable

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


def keep_what_is_read(item: Any) -> None:
    """Keep a copy of all output that the test reads through capsys or a similar fixture."""
    fixtures: dict[str, Any] = item.funcargs
    for name in _CAPTURES:
        if _FIXTURE in fixtures and name in fixtures:
            fixtures[name].readouterr = partial(_keep, fixtures[name].readouterr, fixtures[_FIXTURE].read)


def _keep(read: Callable[[], Any], kept: list[object]) -> Any:
    result = read()
    kept.extend((result.out, result.err))
    return result


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
    found = list(map(str, leaks(things, watch.planted, any_secret=watch.any_secret)))
    if not found:
        return
    watch.reported = True
    masks = {text: name for name, secret in watch.planted.items() for text in spellings(secret)}

    def masked(text: str) -> str:
        for secret in sorted(masks, key=len, reverse=True):
            text = text.replace(secret, f"[{masks[secret]}]")
        return mask(text)

    report.sections = [(title, masked(text)) for title, text in report.sections]
    if report.outcome == "failed":
        report.sections.append(("discreet", failure_text(found)))
    else:
        report.outcome, report.longrepr = "failed", failure_text(found)
