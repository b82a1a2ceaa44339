"""`flush()`, `health()` and `explain()`: what discreet says of itself. None of it holds a value of yours."""

from __future__ import annotations

from typing import Any

from discreet import _lifecycle
from discreet._engine import ENGINE
from discreet._health import ledger
from discreet._levels import levels, severity_text
from discreet._state import state


def flush() -> None:
    """Return when every record written so far has reached its sinks; never raises."""
    _lifecycle.drain()


def health() -> dict[str, Any]:
    """The books of this process since its start (or its fork).

    `delivered` and `dropped` (by reason) sum over the sinks, each of which also stands in `sinks`; `lost` counts
    records that reached no sink, `suppressed` those held back by `once`, `every` or `sample`, and `redacted`
    the markers written, by kind.
    """
    sinks: list[dict[str, Any]] = [dict(sink.health()) for sink in state.sinks]
    dropped: dict[str, int] = dict(ledger.lost)
    for sink in sinks:
        for reason, count in sink["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        "delivered": sum(sink["delivered"] for sink in sinks),
        "dropped": dropped,
        "suppressed": ledger.held,
        "redacted": dict(state.pipeline.redactor.counts) if state.pipeline else {},
        "sinks": sinks,
        "engine": ENGINE,
    }


def explain() -> dict[str, Any]:
    """Each setting in force, and who said so. Empty before discreet is configured."""
    settings = state.settings
    if settings is None:
        return {}
    values = {
        "service": settings.service,
        "version": settings.version,
        "environment": f"{settings.environment.name} (behaves as {settings.environment.profile})",
        "level": _levels_text(),
        "format": settings.format,
        "sinks": ", ".join(sink.name for sink in settings.sinks) or "none",
        "locals": "on" if settings.with_locals else "off",
    }
    return {name: {"value": value, "why": settings.why.get(name, "")} for name, value in values.items()}


def _levels_text() -> str:
    parts = [severity_text(levels.default).lower()]
    if levels.elsewhere != levels.default:
        parts.append(f"{severity_text(levels.elsewhere).lower()} for the standard library's loggers")
    parts += [f"{name}={severity_text(level).lower()}" for name, level in sorted(levels.named.items())]
    return ", ".join(parts)
