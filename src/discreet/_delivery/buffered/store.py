"""What a background sink asks of the place where its lines wait, and which place it gets."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from discreet._base.diagnostics import reason_of, report_problem
from discreet._delivery.buffered.ring import Ring
from discreet._delivery.buffered.waiting import Waiting
from discreet._delivery.folder import VARIABLE, place
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Store(Protocol):
    """Where lines wait, in the order they came."""

    full: str
    """Why a line found no room."""

    def put(self, line: bytes, level: int, /) -> bool:
        """Let a line wait; False if there is no room for it. Never blocks."""
        ...

    def peek(self) -> Sequence[bytes]:
        """The oldest lines, some of them; none if there are none. They stay until `passed` or `taken`."""
        ...

    def passed(self, count: int) -> None:
        """The next `count` lines of what `peek` gave are delivered, or counted as lost: they do not come again."""

    def taken(self) -> None:
        """All that `peek` gave last is."""

    def shut(self) -> None:
        """Take nothing more."""

    def close(self) -> None:
        """Let go of it."""

    @property
    def accepted(self) -> int:
        """How many lines came in so far."""
        ...

    @property
    def seen(self) -> int:
        """As `accepted`, but waits for nobody, and may come short of it for a moment."""
        ...

    @property
    def lost(self) -> Mapping[str, int]:
        """How many of them were lost here, by reason."""
        ...

    @property
    def waiting(self) -> int:
        """How many are still here."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether this thread is amid a `put`, which a signal handler interrupted."""
        ...

    @property
    def is_half_full(self) -> bool:
        """Whether it is time to hurry."""
        ...


def folder_for(service: str, target: str, state_dir: str | None = None) -> Path | None:
    """Where the ring lies; None, and said, where nobody named a folder and none of the usual ones can be had."""
    try:
        return place("ring", service, target, state_dir=state_dir)
    except ConfigurationError as error:
        if os.environ.get(VARIABLE, "").strip() if state_dir is None else state_dir:
            raise
        report_problem(f"no folder for a ring ({error.problem}): records wait in memory until they are written")
        return None


def new_store(name: str, folder: Path | None, about: Mapping[str, object]) -> Store:
    """A ring in the folder for what goes to `name`; a queue in memory where there is none, or no room for it."""
    if folder is not None:
        try:
            return Ring(folder, {**about, "pid": os.getpid(), "started": time.time()})
        except OSError as error:
            report_problem(f"{name} has no ring ({reason_of(error)}): records wait in memory until they are written")
    return Waiting()
