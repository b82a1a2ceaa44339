"""`flush()`, `health()` and `explain()`: what discreet says of itself. None of it holds a value of yours."""

from __future__ import annotations

from typing import Any

from discreet._base.engine import ENGINE
from discreet._base.levels import levels, severity_text
from discreet._base.statistics import process_statistics
from discreet._config import lifecycle
from discreet._config.state import state
from discreet._delivery.sink import running
from discreet._redaction.audit import audit
from discreet._redaction.redactor import Redactor

_COUNTS = ("emitted", "delivered", "waiting", "handed_over", "adopted")


def flush(timeout: float | None = 5.0) -> bool:
    """Return when every record written so far has reached its sinks, or after `timeout` seconds (None: however long).

    True: all of it was delivered, not merely stored on disk, and none was lost since the last `flush()`. Never raises.
    """
    return lifecycle.flush(timeout)


def health() -> dict[str, Any]:
    """The books of this process since its start (or its fork).

    They balance, for each sink and in all: emitted == delivered + waiting + sum(dropped) + handed_over. A record counts
    once for each sink that it goes to. `waiting` is in memory or on disk; `handed_over` was left on disk to another
    process, or to a later configuration of this one; `adopted` are those of `emitted` that such a one left to us.

    `emitted`, `delivered`, ... sum over all sinks so far, of which those in force stand in `sinks`; `emitted` and
    `dropped` also have the records that reached no sink. Sinks that send over a network say where to (`destination`),
    whether they are trying (`circuit`: closed, open or half-open), the last error, and how often they tried again
    (`retries`). `suppressed` are records held back by `once`, `every` or `sample`, and `redacted` the markers
    written, by kind, under the configuration in force.
    """
    sinks: list[dict[str, Any]] = [dict(sink.health()) for sink in running.sinks]
    in_force = [sink.statistics for sink in running.sinks]
    past = [books for books in process_statistics.past if not any(books is other for other in in_force)]
    all_books: list[dict[str, Any]] = [*sinks, *(books.shown(books.waiting) for books in past)]
    dropped: dict[str, int] = dict(process_statistics.lost)
    sums = {name: sum(books.get(name, 0) for books in all_books) for name in _COUNTS}  # a sink may tell less
    sums["emitted"] += sum(dropped.values())
    for books in all_books:
        for reason, count in books["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        **sums,
        "dropped": dropped,
        "suppressed": process_statistics.held,
        "redacted": dict(audit.by_kind),
        "redacted_by_logger": dict(audit.by_logger),
        "sinks": sinks,
        "engine": ENGINE,
    }


def explain() -> dict[str, Any]:
    """Each setting in force, and who said so. Empty before discreet is configured."""
    settings = state.settings
    if settings is None:
        return {}
    hosted = state.hosted
    values = {
        "service": settings.service,
        "version": settings.version,
        "environment": f"{settings.environment.name} (behaves as {settings.environment.profile})",
        "level": "the host's" if hosted else _levels_text(),
        "format": "the host's" if hosted else settings.format,
        "sinks": ", ".join(sink.name for sink in running.sinks) or "none",
        "locals": "on" if settings.with_locals else "off",
    }
    redactor = Redactor(settings.redaction)  # names and paths come from the environment, as secrets do

    def told(value: str | None) -> str | None:
        return None if value is None else redactor.text(value)

    why = dict(settings.why)
    if hosted:
        why.update(dict.fromkeys(("level", "format", "sinks"), "the host configured `logging` itself"))
    return {name: {"value": told(value), "why": told(why.get(name, ""))} for name, value in values.items()}


def _levels_text() -> str:
    parts = [severity_text(levels.default).lower()]
    if levels.elsewhere != levels.default:
        parts.append(f"{severity_text(levels.elsewhere).lower()} for the standard library's loggers")
    parts += [f"{name}={severity_text(level).lower()}" for name, level in sorted(levels.named.items())]
    return ", ".join(parts)
