"""`discreet recover`: deliver what killed processes left in their rings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import IO, TYPE_CHECKING, Any

from discreet._base.diagnostics import counted
from discreet._delivery.buffered.leftovers import files, leftovers
from discreet._delivery.file.sink import File
from discreet._delivery.folder import state_folder
from discreet._delivery.spool.segment import survey
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from discreet._delivery.buffered.leftovers import Leftover

_DESCRIPTION = """\
Deliver what killed processes left in their rings (DISCREET_DELIVERY=ring): to the file that they wrote to, or to
standard output. The rings of living processes are left alone. Says what waits in spools, which the next start of
their service delivers.
"""
_EXAMPLES = """\
examples:
  discreet recover --dry-run                    what is there
  discreet recover                              where it belongs
  discreet recover --to - | discreet pretty     to look at, once: then it is gone

exit codes: 0 done (or nothing was there), 1 some could not be delivered and stays, 2 the command line was wrong
"""
_BATCH = 512  # records that come twice, at most, if this is killed


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "recover",
        help="deliver what killed processes left",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--state-dir", metavar="DIR", default="", help="default: DISCREET_STATE_DIR, else the user's")
    parser.add_argument("--to", metavar="FILE", help="append everything to a file, or - for standard output")
    parser.add_argument("--dry-run", action="store_true", help="only say what is there")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Deliver and report; 1 if something could not be delivered."""
    given: str = arguments.state_dir
    if given and not os.path.isdir(given):
        raise DiscreetError(f"{given}: no such folder")
    folder = state_folder(given or None)
    found, failed = 0, 0
    living = sum(len(files(place)) for place in _folders(folder / "ring"))
    for place in _folders(folder / "ring"):
        for left in leftovers(place):
            living -= 1
            if left.lines or left.torn:
                found += 1
                failed += not _recover(left, arguments.to, dry_run=arguments.dry_run)
            elif not arguments.dry_run:
                left.remove()
    if living:
        _say(f"left alone: {living} of living processes")
    waiting = [_spooled(place) for place in _folders(folder / "spool")]
    if not found and not any(waiting):
        _say(f"nothing waits in {folder}")
    return 1 if failed else 0


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder / entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _recover(left: Leftover, to: str | None, *, dry_run: bool) -> bool:
    about = left.description
    target = to if to is not None else str(about.get("target")) if about.get("kind") == "file" else "-"
    shown = "standard output" if target == "-" else target
    text = f"{counted(len(left.lines), 'record')} of {_who(about)}"
    if left.torn:
        text += f", and {left.torn} torn by its end"
    if dry_run:
        _say(f"{text} for {shown}")
        return True
    try:
        _deliver(left, _stdout() if target == "-" else _appending(target))
    except BrokenPipeError:
        raise
    except (OSError, DiscreetError) as error:
        _say(f"{text} stay: {error}")
        return False
    left.remove()
    _say(f"{text} delivered to {shown}")
    return True


def _deliver(left: Leftover, write: Callable[[bytes], object]) -> None:
    for at in range(0, len(left.lines), _BATCH):
        batch = left.lines[at : at + _BATCH]
        write(b"".join(batch))
        left.done(at + len(batch))


def _stdout() -> Callable[[bytes], object]:
    out: IO[bytes] = sys.stdout.buffer

    def write(data: bytes) -> None:
        out.write(data)
        out.flush()  # only what is out may be forgotten

    return write


def _appending(name: str) -> Callable[[bytes], object]:
    file = File(name)
    file.open()
    return file.write


def _spooled(folder: Path) -> int:
    records, size = survey(folder)
    if records:
        _say(f"{counted(records, 'record')} ({size:,} bytes) in the spool {folder.name}: its service delivers them")
    return records


def _who(about: dict[str, Any]) -> str:
    started = about.get("started")
    when = ""
    if isinstance(started, (int, float)):
        when = time.strftime(", started %Y-%m-%d %H:%M:%SZ", time.gmtime(started))
    return f"{about.get('service', 'an unknown service')} (process {about.get('pid', '?')}{when})"


def _say(text: str) -> None:
    print(f"discreet recover: {text}", file=sys.stderr)
