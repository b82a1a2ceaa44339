"""`discreet scan`: the report, for people or as one JSON document. Each finding is written at once."""

from __future__ import annotations

import json
from collections import Counter
from typing import IO, TYPE_CHECKING, NamedTuple

from discreet import __version__
from discreet._base.diagnostics import counted
from discreet._base.escape import escape
from discreet.cli.terminal import counts_text

if TYPE_CHECKING:
    from discreet._encoding.console.style import Palette
    from discreet._logfiles.findings import Finding
    from discreet.cli.scan.files import Files


class Located(NamedTuple):
    """A finding with its file. The fingerprint stays the same when the line moves, and does not hold the secret."""

    file: str
    finding: Finding
    fingerprint: str


class Table:
    """A table per file: line and column, and the kind."""

    def __init__(self, out: IO[str], palette: Palette) -> None:
        self._out = out
        self._paint = palette.paint
        self._file: str | None = None

    def add(self, located: Located) -> None:
        """One row, under the name of its file."""
        if located.file != self._file:
            self._out.write(f"{'' if self._file is None else chr(10)}{self._paint(escape(located.file), 'message')}\n")
            self._file = located.file
        finding = located.finding
        place = f"{finding.line}:{finding.column}"
        self._out.write(f"  {self._paint(f'{place:>10}', 'place')}  {self._paint(finding.kind, 'bad')}\n")

    def end(self, files: Files, lines: int, kinds: Counter[str]) -> None:
        """The totals."""
        where = f"{counted(files.judged, 'file')}, {counted(lines, 'line')}"
        if self._file is not None:
            self._out.write("\n")
        if kinds:
            self._out.write(f"{counted(sum(kinds.values()), 'secret')} in {where}: {counts_text(kinds)}\n")
        else:
            self._out.write(f"no secrets in {where}\n")
        reasons = Counter(skipped["reason"] for skipped in files.skipped)
        if files.failed:
            reasons["unreadable"] = len(files.failed)
        if reasons:
            self._out.write(f"not scanned: {counts_text(reasons)}\n")


class Document:
    """One JSON document: `findings`, then what was skipped or failed, then the totals."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._between = "\n"
        out.write(f'{{"version": 1, "discreet": {json.dumps(__version__)}, "findings": [')

    def add(self, located: Located) -> None:
        """One entry of `findings`."""
        finding = located.finding
        places = {name: getattr(finding, name) for name in ("line", "column", "end_line", "end_column")}
        entry = {"file": located.file, **places, "kind": finding.kind, "fingerprint": located.fingerprint}
        self._out.write(f"{self._between}  {json.dumps(entry)}")
        self._between = ",\n"

    def end(self, files: Files, lines: int, kinds: Counter[str]) -> None:
        """The other members of the document."""
        summary = {
            "findings": sum(kinds.values()),
            "kinds": dict(kinds.most_common()),
            "files": files.judged,
            "lines": lines,
            "bytes": files.size,
        }
        rest = {"skipped": files.skipped, "failed": [str(error) for error in files.failed], "summary": summary}
        self._out.write(f"\n], {json.dumps(rest)[1:]}\n")
