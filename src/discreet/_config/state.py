"""What is in force in this process: the settings, the pipeline and its sinks. `configure()` writes it, others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._pipeline import Pipeline


class State:
    """Empty until somebody configures."""

    settings: Settings | None = None
    pipeline: Pipeline | None = None
    sinks: tuple[Sink, ...] = ()
    leaving: dict[int, Sink]
    """Sinks of an earlier configuration that still send what waits, by id."""
    took_over: bool = False
    hosted: bool = False
    """Whether records flow into a host's `logging`."""

    def __init__(self) -> None:
        self.leaving = {}


state = State()
