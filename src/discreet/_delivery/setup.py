"""The settings that sinks need."""

from __future__ import annotations

from typing import NamedTuple


class Setup(NamedTuple):
    """What `configure()` gives to each sink's runner, so that no sink needs to know all settings."""

    service: str
    exit_timeout: float
    """Seconds that the exit of a process may take to deliver what is pending."""
    spool: bool
    """Whether lines wait on disk while their receiver is away."""
    spool_required: bool = False
    """Whether the user asked for that: then a folder that cannot be had is an error."""
    state_dir: str | None = None
    """The folder for rings and spools; empty: one of the usual ones. None: as `DISCREET_STATE_DIR` says."""
