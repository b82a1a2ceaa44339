"""What a sink is told of the configuration that names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """Handed to each sink by `configure()`, so that no sink needs to know all settings."""

    service: str
    exit_timeout: float
    """Seconds that the exit of a process may take to deliver what waits."""
    spool: bool
    """Whether records wait on disk while their receiver is away."""
    spool_required: bool = False
    """Whether somebody asked for that: then a place that cannot be had is an error."""
    state_dir: str | None = None
    """The folder for what waits; empty: one of the usual places. None: as `DISCREET_STATE_DIR` says."""
