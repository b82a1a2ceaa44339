"""`discreet scan`: the report, as a table for people, one JSON document, or SARIF. Each finding is written at once."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from discreet._base.diagnostics import counted
from discreet._base.escape import escape
from discreet._base.version import __version__
from discreet.cli.terminal import counts_text

if TYPE_CHECKING:
    from discreet._encoding.console.style import Palette
    from discreet._logfiles.redactor import Finding
    from discreet.cli.scan.files import Files

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HELP = "Replace the secret at its issuer and remove it here. If it is not a secret, write discreet:allow in its line."
_WORD_OF_A_LETTER = re.compile(r"\b[a-z]")


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
        where = f"{counted(files.scanned, 'file')}, {counted(lines, 'line')}"
        if self._file is not None:
            self._out.write("\n")
        secrets = counted(sum(kinds.values()), "secret") if kinds else "no secrets"
        self._out.write(f"{secrets} in {where}{': ' if kinds else ''}{counts_text(kinds)}\n")
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
            "files": files.scanned,
            "lines": lines,
            "bytes": files.size,
        }
        rest = {"skipped": files.skipped, "failed": [str(error) for error in files.failed], "summary": summary}
        self._out.write(f"\n], {json.dumps(rest)[1:]}\n")


class Sarif:
    """SARIF 2.1.0 (OASIS), which code hosts show next to the lines. The rules, one for each kind, come last."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._between = "\n"
        self._rules: dict[str, int] = {}
        out.write(f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{\n"results": [')

    def add(self, located: Located) -> None:
        """One result."""
        finding = located.finding
        result = {
            "ruleId": finding.kind,
            "ruleIndex": self._rules.setdefault(finding.kind, len(self._rules)),
            "level": "error",
            "message": {"text": f"There is a secret here ({finding.kind}). Its value is not shown."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": _artifact(located.file),
                        "region": {
                            "startLine": finding.line,
                            "startColumn": finding.column,
                            "endLine": finding.end_line,
                            "endColumn": finding.end_column,
                        },
                    }
                }
            ],
            # Not `primaryLocationLineHash`, which GitHub's upload adds: it is a hash of the line, and so of the secret.
            "partialFingerprints": {"discreetFinding/v1": located.fingerprint},
        }
        self._out.write(f"{self._between}{json.dumps(result)}")
        self._between = ",\n"

    def end(self, files: Files, lines: int, kinds: Counter[str]) -> None:
        """The tool with its rules, and what was not scanned."""
        notes = [{"level": "error", "message": {"text": _unicode(str(error))}} for error in files.failed]
        notes += [
            {"level": "note", "message": {"text": _unicode(f"not scanned: {skipped['reason']}: {skipped['file']}")}}
            for skipped in files.skipped
        ]
        rest: dict[str, Any] = {
            "tool": {
                "driver": {
                    "name": "discreet",
                    "semanticVersion": __version__,
                    "rules": [_rule(kind) for kind in self._rules],
                }
            },
            "invocations": [{"executionSuccessful": not files.failed, "toolExecutionNotifications": notes}],
            "originalUriBaseIds": {"SRCROOT": {"uri": Path.cwd().as_uri() + "/"}},
            "columnKind": "unicodeCodePoints",
        }
        self._out.write(f"\n],\n{json.dumps(rest)[1:]}]}}\n")


def _rule(kind: str) -> dict[str, Any]:
    name = _WORD_OF_A_LETTER.sub(lambda letter: letter.group().upper(), kind).replace("-", "")
    words = kind.replace("-", " ")
    return {
        "id": kind,
        "name": name,
        "shortDescription": {"text": f"Secret in clear: {words}"},
        "fullDescription": {"text": f"The text holds what looks like a secret of the kind {words}."},
        "help": {"text": _HELP},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "secret"], "precision": "high", "security-severity": "8.0"},
    }


def _unicode(text: str) -> str:
    """A file name that is not UTF-8 contains lone surrogates, which strict JSON readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode()


def _artifact(file: str) -> dict[str, str]:
    """Relative to the working directory if the file is in it, so that a code host finds it in its checkout."""
    if file == "<stdin>":
        return {"uri": "stdin"}
    path = os.path.normpath(file)
    if os.path.isabs(path):
        inside = os.path.relpath(path) if os.path.splitdrive(path)[0] == os.path.splitdrive(os.getcwd())[0] else ".."
        if inside.startswith(".."):
            return {"uri": Path(path).as_uri()}
        path = inside
    return {"uri": quote(path.replace(os.sep, "/"), safe="/", errors="surrogateescape"), "uriBaseId": "SRCROOT"}
