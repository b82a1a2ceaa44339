"""A buffer is where lines wait for a worker: a queue in memory, or a ring on disk. Both have the same methods.

Lines have numbers that grow. Any thread puts lines in, one takes them out: `take` gives the oldest, which stay pending
until they are acknowledged, all of them before it is called again. Whoever holds `lock` calls nothing and waits for
nothing. `accepted` counts the lines that came in, `dropped` those of them that were lost here, by reason.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of, report_problem
from discreet._delivery.buffered.queue import Queue
from discreet._delivery.buffered.ring import Ring
from discreet._delivery.folder import VARIABLE, place
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


Buffer = Queue | Ring


def ring_folder(service: str, target: str, state_dir: str | None = None) -> Path | None:
    """The folder for rings; None, and reported, if nobody named a folder and none of the usual ones can be had."""
    try:
        return place("ring", service, target, state_dir=state_dir)
    except (OSError, ConfigurationError) as error:
        was_named = bool(os.environ.get(VARIABLE, "").strip() if state_dir is None else state_dir)
        if isinstance(error, ConfigurationError) and was_named:
            raise
        why = error.problem if isinstance(error, ConfigurationError) else reason_of(error)
        report_problem(f"no folder for a ring ({why}): records wait in memory until they are written")
        return None


def new_buffer(name: str, folder: Path | None, description: Mapping[str, object]) -> Buffer:
    """A ring in the folder, for lines that go to `name`; a queue if there is no folder, or no room for a ring."""
    if folder is not None:
        try:
            return Ring(folder, {**description, "pid": os.getpid(), "started": time.time()})
        except OSError as error:
            report_problem(f"{name} has no ring ({reason_of(error)}): records wait in memory until they are written")
    return Queue()
