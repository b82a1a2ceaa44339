"""`discreet scan`: what was found, for people and as one JSON document. Each is written while the scan goes on."""

from __future__ import annotations

import json
from collections import Counter
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

from discreet import __version__
from discreet._base.diagnostics import counted
from discreet._base.escape import escape
from discreet._encoding.console.style import Palette, color_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._logfiles.judge import Finding
    from discreet.cli.scan.files import Skipped
    from discreet.errors import DiscreetError


class Located(NamedTuple):
    """A finding with its file. The fingerprint stays the same when the line moves, and does not hold the secret."""

    file: str
    finding: Finding
    fingerprint: str


class Totals(NamedTuple):
    """How the scan ended."""

    files: int
    lines: int
    size: int
    kinds: Counter[str]
    skipped: Sequence[Skipped]
    failed: Sequence[DiscreetError]


class Report(Protocol):
    """One form of output."""

    def found(self, located: Located) -> None:
        """One more; those of a file come together."""

    def end(self, totals: Totals) -> None:
        """There is no more."""


class Table:
    """A table per file: line and column, and the kind."""

    def __init__(self, out: IO[str], *, color: bool) -> None:
        self._out = out
        self._paint = Palette(color_count() if color else 0).paint
        self._file: str | None = None

    def found(self, located: Located) -> None:
        """One row, under the name of its file."""
        if located.file != self._file:
            self._out.write(f"{'' if self._file is None else chr(10)}{self._paint(escape(located.file), 'message')}\n")
            self._file = located.file
        finding = located.finding
        place = f"{finding.line}:{finding.column}"
        self._out.write(f"  {self._paint(f'{place:>10}', 'place')}  {self._paint(finding.kind, 'bad')}\n")

    def end(self, totals: Totals) -> None:
        """The sum."""
        total = sum(totals.kinds.values())
        where = f"{counted(totals.files, 'file')}, {counted(totals.lines, 'line')}"
        if self._file is not None:
            self._out.write("\n")
        if total:
            kinds = ", ".join(f"{count} {kind}" for kind, count in totals.kinds.most_common())
            self._out.write(f"{counted(total, 'secret')} in {where}: {kinds}\n")
        else:
            self._out.write(f"no secrets in {where}\n")
        reasons = Counter(skipped.reason for skipped in totals.skipped)
        if totals.failed:
            reasons["unreadable"] = len(totals.failed)
        if reasons:
            said = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
            self._out.write(f"not judged: {said}\n")


class Document:
    """One JSON document: `findings`, then what was skipped or failed, then the totals."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._between = "\n"
        out.write(f'{{"version": 1, "discreet": {json.dumps(__version__)}, "findings": [')

    def found(self, located: Located) -> None:
        """One entry of `findings`."""
        finding = located.finding
        entry = {
            "file": located.file,
            "line": finding.line,
            "column": finding.column,
            "end_line": finding.end_line,
            "end_column": finding.end_column,
            "kind": finding.kind,
            "fingerprint": located.fingerprint,
        }
        self._out.write(f"{self._between}  {json.dumps(entry)}")
        self._between = ",\n"

    def end(self, totals: Totals) -> None:
        """The other members."""
        rest = {
            "skipped": [skipped._asdict() for skipped in totals.skipped],
            "failed": [str(error) for error in totals.failed],
            "summary": {
                "findings": sum(totals.kinds.values()),
                "kinds": dict(totals.kinds.most_common()),
                "files": totals.files,
                "lines": totals.lines,
                "bytes": totals.size,
            },
        }
        self._out.write(f"\n], {json.dumps(rest)[1:]}\n")
