"""`discreet doctor`: how lines get to their sinks, where they wait until then, and how many wait there now."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from discreet._delivery import locks
from discreet._delivery.buffered.recovery import dead_rings
from discreet._delivery.export.sink import ExportSink
from discreet._delivery.folder import state_folder
from discreet._delivery.spool.segment import survey
from discreet.cli.doctor.checks import Check
from discreet.cli.recover import subfolders
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from discreet._config.settings import Settings

_MODES = {
    "direct": "a call returns when its line is written",
    "queued": "lines wait in memory; a kill loses them",
    "ring": "lines wait in a file that survives a kill",
}

_ELSEWHERE = "Set DISCREET_STATE_DIR to a folder of this user on a disk with room"
_LEAST = 16_000_000  # bytes: enough for a ring and a small spool


class Pending(NamedTuple):
    """Records on disk: in the rings of dead processes, or in a spool."""

    where: str
    records: int
    remedy: str


def checks(settings: Settings) -> list[Check]:
    """The delivery mode, and the folder for records that wait, if one is needed."""
    why = settings.why
    found = [Check(settings.delivery, ok=True, note=f"{_MODES[settings.delivery]} ({why['delivery']})")]
    remote = any(isinstance(sink, ExportSink) for sink in settings.sinks)
    seconds = f"{settings.exit_timeout:g} s"
    if remote or settings.delivery != "direct":
        found.append(Check("exit", ok=True, note=f"takes at most {seconds} to deliver what waits"))
    if remote:
        note = "what a receiver does not take waits on disk" if settings.spool else "off: it waits in memory only"
        found.append(Check("spool", ok=True, note=f"{note} ({why['spool']})"))
    if settings.delivery == "ring" or (remote and settings.spool):
        found.append(_folder(settings.state_dir))
    return found


def _folder(state_dir: str | None) -> Check:
    try:
        folder = state_folder(state_dir or "")
    except ConfigurationError as error:
        return Check("state folder", ok=False, note=str(error).removesuffix(f". {error.remedy}"), remedy=error.remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(str(folder), ok=False, note="cannot be written to", remedy=_ELSEWHERE)
    if not locks.available:
        return Check(str(folder), ok=True, note="writable, but files cannot be locked here: lines wait in memory")
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return Check(str(folder), ok=True, note="writable")
    note = f"writable, {free // 1_000_000:,} MB free"
    return Check(str(folder), ok=free >= _LEAST, note=note, remedy="" if free >= _LEAST else _ELSEWHERE)


def pending(settings: Settings) -> list[Pending]:
    """Records in the rings of dead processes and in spools, of every service of this user. Nothing is changed."""
    found: list[Pending] = []
    try:
        folder = state_folder(settings.state_dir or "")
        for place in subfolders(folder / "ring"):
            records = sum(len(ring.lines) for ring in dead_rings(place))
            if records:
                found.append(
                    Pending(f"ring {place.name}", records, "the next start of its service, or discreet recover")
                )
        for place in subfolders(folder / "spool"):
            records = survey(place).records
            if records:
                found.append(Pending(f"spool {place.name}", records, "its service, once the receiver is back"))
    except (OSError, ConfigurationError):
        return found  # another check reports whether the folder can be used
    return found
