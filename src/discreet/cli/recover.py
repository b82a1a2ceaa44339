"""`discreet recover`: deliver the records that killed processes left in their rings."""

from __future__ import annotations

import os
import sys
import time
from itertools import chain
from typing import TYPE_CHECKING

from discreet._base.diagnostics import counted
from discreet._delivery.buffered.ring import dead_rings, ring_files
from discreet._delivery.file.sink import File
from discreet._delivery.folder import state_folder
from discreet._delivery.spool.segment import survey
from discreet.cli.terminal import say
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from discreet._delivery.buffered.ring import DeadRing

DESCRIPTION = """\
Deliver the records that killed processes left in their rings (DISCREET_DELIVERY=ring): to the file where they belong,
or to standard output. The rings of living processes are left alone. Records in spools are only counted: their service
delivers them at its next start.
"""
EPILOG = """\
examples:
  discreet recover --dry-run                    show what is there
  discreet recover                              deliver it where it belongs
  discreet recover --to - | discreet pretty     print it, and remove it from the ring

exit codes: 0 done (or nothing was there), 1 some records could not be delivered and stay, 2 the command line was wrong
"""
_BATCH = 512  # records that are delivered twice, at most, if this process is killed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which folder, and where to deliver."""
    parser.add_argument(
        "--state-dir", metavar="DIR", default="", help="the folder (default: DISCREET_STATE_DIR, else the user's)"
    )
    parser.add_argument("--to", metavar="FILE", help="append all records to this file; - is standard output")
    parser.add_argument("--dry-run", action="store_true", help="only show what is there")


def run(arguments: argparse.Namespace) -> int:
    """Deliver and report; 1 if something could not be delivered."""
    given: str = arguments.state_dir
    if given and not os.path.isdir(given):
        raise DiscreetError(f"{given}: no such folder")
    folder = state_folder(given or None)
    found, failed = 0, 0
    places = subfolders(folder / "ring")
    living = sum(len(ring_files(place)) for place in places)
    for ring in chain.from_iterable(map(dead_rings, places)):
        living -= 1
        if ring.lines or ring.torn:
            found += 1
            failed += not _recover(ring, arguments.to, dry_run=arguments.dry_run)
        elif not arguments.dry_run:
            ring.remove()
    if living:
        say(f"left alone: {living} of living processes")
    for place in subfolders(folder / "spool"):
        records, size = survey(place)
        if records:
            found += 1
            say(f"{counted(records, 'record')} ({size:,} bytes) in the spool {place.name}: its service delivers them")
    if not found:
        say(f"nothing waits in {folder}")
    return 1 if failed else 0


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, without links; none if it cannot be read."""
    try:
        return sorted(folder / entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _recover(ring: DeadRing, to: str | None, *, dry_run: bool) -> bool:
    about = ring.description
    target = to if to is not None else str(about.get("target")) if about.get("kind") == "file" else "-"
    shown = "standard output" if target == "-" else target
    started = about.get("started")
    when = ""
    if isinstance(started, (int, float)):
        when = time.strftime(", started %Y-%m-%d %H:%M:%SZ", time.gmtime(started))
    who = f"{about.get('service', 'an unknown service')} (process {about.get('pid', '?')}{when})"
    text = f"{counted(len(ring.lines), 'record')} of {who}"
    if ring.torn:
        text += f", and {ring.torn} torn by its end"
    if dry_run:
        say(f"{text} for {shown}")
        return True
    try:
        _deliver(ring, target)
    except BrokenPipeError:
        raise
    except (OSError, DiscreetError) as error:
        say(f"{text} stay: {error}")
        return False
    ring.remove()
    say(f"{text} delivered to {shown}")
    return True


def _deliver(ring: DeadRing, target: str) -> None:
    file = None if target == "-" else File(target)
    if file is not None:
        file.open()
    for at in range(0, len(ring.lines), _BATCH):
        batch = ring.lines[at : at + _BATCH]
        if file is not None:
            file.write(b"".join(batch))
        else:
            sys.stdout.buffer.write(b"".join(batch))
            sys.stdout.buffer.flush()  # a record may be removed only when it is written
        ring.acknowledge(at + len(batch))
