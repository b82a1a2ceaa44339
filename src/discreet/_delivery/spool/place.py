"""Which folder on disk is a sink's, if any."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from discreet._delivery import locks
from discreet._delivery.folder import VARIABLE, place
from discreet._delivery.spool.spool import Spool
from discreet._health import complain
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from discreet._settings import Settings


def spool_for(settings: Settings, destination: str) -> Spool | None:
    """Where lines for a destination wait; None where there is no place, which is said unless it is always so.

    Raises `ConfigurationError` if a place was asked for and cannot be had.
    """
    asked = bool(os.environ.get(VARIABLE, "").strip()) or settings.why.get("spool", "default") != "default"
    if not locks.available and not asked:
        return None
    try:
        return Spool(place("spool", settings.service, destination))
    except (OSError, ConfigurationError) as error:
        if asked and isinstance(error, ConfigurationError):
            raise
        complain(f"no folder for records that wait for {destination}: they wait in memory only")
        return None
