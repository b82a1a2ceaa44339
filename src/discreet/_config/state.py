"""What is in force in this process beside the pipeline and its sinks. `configure()` writes it, others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discreet._config.settings import Settings


class State:
    """Empty until somebody configures."""

    settings: Settings | None = None
    took_over: bool = False
    hosted: bool = False
    """Whether records flow into a host's `logging`."""


state = State()
