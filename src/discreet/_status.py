"""`flush()`, `health()` and `explain()`: what discreet says of itself. None of it holds a value of yours."""

from __future__ import annotations

from typing import Any

from discreet import _lifecycle
from discreet._engine import ENGINE
from discreet._health import ledger
from discreet._levels import levels, severity_text
from discreet._redaction.audit import audit
from discreet._redaction.engine import Redactor
from discreet._state import state


def flush() -> None:
    """Return when every record written so far has reached its sinks; never raises."""
    _lifecycle.drain()


def health() -> dict[str, Any]:
    """The books of this process since its start (or its fork).

    `delivered` and `dropped` (by reason) sum over all sinks so far, of which those in force stand in `sinks`;
    `dropped` also has the records that reached no sink. `suppressed` are those held back by `once`, `every` or
    `sample`, and `redacted` the markers written, by kind, under the configuration in force.
    """
    sinks: list[dict[str, Any]] = [dict(sink.health()) for sink in state.sinks]
    dropped: dict[str, int] = dict(ledger.lost)
    in_force = [sink.books for sink in state.sinks]
    past = [books for books in ledger.past if not any(books is other for other in in_force)]
    delivered = sum(sink["delivered"] for sink in sinks) + sum(books.delivered for books in past)
    for losses in (*(sink["dropped"] for sink in sinks), *(dict(books.dropped) for books in past)):
        for reason, count in losses.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        "delivered": delivered,
        "dropped": dropped,
        "suppressed": ledger.held,
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
        "sinks": ", ".join(sink.name for sink in state.sinks) or "none",
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
