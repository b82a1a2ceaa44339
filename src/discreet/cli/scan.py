"""`discreet scan PATHS...`: where secrets are in files, and never what they are.

The report is a table for people, one JSON document, or SARIF. Each finding is written at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from discreet._base.diagnostics import counted
from discreet._base.escape import escape
from discreet._base.version import __version__
from discreet.cli import redact
from discreet.cli.inputs import Files
from discreet.cli.options import CommandLineError, add_color, add_repeatable, value
from discreet.cli.terminal import Progress, counts_text, palette, say

if TYPE_CHECKING:
    import argparse

    from discreet._encoding.console.style import Palette
    from discreet._logfiles.redactor import Finding

DESCRIPTION = """\
Find secrets in files: their kind, file, line and column, never their value. Folders are searched with all their
subfolders, but without those of version control (.git, ...), links and binary files. Files that gzip or Zstandard
compressed are read. A line that contains discreet:allow is left out.
"""
EPILOG = """\
examples:
  discreet scan .                               before a commit
  discreet scan --sarif . > discreet.sarif      for a code host
  kubectl logs deploy/shop | discreet scan -    a log, before somebody gets it

exit codes: 0 nothing found, 1 secrets found, 2 the command line was wrong, a file could not be read or the output
failed
"""
_SIZE = re.compile(r"(\d{1,9})\s*([kmg]?)b?", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HELP = "Replace the secret at its issuer and remove it here. If it is not a secret, write discreet:allow in its line."
_WORD_OF_A_LETTER = re.compile(r"\b[a-z]")


def add_options(parser: argparse.ArgumentParser) -> None:
    """PATHS, which of their files, the form of the report, and what counts as a secret."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file, a folder, or - for standard input")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document")
    form.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0")
    add_repeatable(parser, "--exclude", metavar="GLOB", help="leave out paths and names that match")
    parser.add_argument(
        "--max-size",
        metavar="SIZE",
        type=value(_size),
        help="in folders, leave out files that are larger than, for example, 10MB (default: no limit)",
    )
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        type=value(_fingerprints),
        default=frozenset(),
        help="report only what is not in this file, which --json wrote before",
    )
    add_color(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing if nothing is found, and no progress")
    redact.add_policy_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Scan, report; 1 if there is a secret, otherwise 2 if something could not be read."""
    files = Files(arguments.paths, arguments.exclude, arguments.max_size)
    missing = [path for path in arguments.paths if path != "-" and not os.path.lexists(path)]
    if missing:
        raise CommandLineError(f"{missing[0]}: No such file or directory")
    found = _scan(files, arguments)
    for error in files.failed:
        say(error)
    return 1 if found else 2 if files.failed else 0


def _scan(files: Files, arguments: argparse.Namespace) -> bool:
    """Report what is new; whether anything is."""
    report: Table | Document | Sarif
    report = Document() if arguments.json else Sarif() if arguments.sarif else Table(palette(arguments.color))
    policy = redact.policy_of(arguments)
    redactor = redact.prepare(policy)
    progress = Progress(quiet=arguments.quiet)
    kinds: Counter[str] = Counter()
    occurrences: Counter[tuple[str, str]] = Counter()
    current, before, lines = -1, 0, 0
    results = redact.in_order(_findings, files.chunks(redactor.cut), policy, arguments.jobs)
    try:
        for number, found, count in results:
            if number != current:
                current, before = number, 0
                occurrences.clear()
            name = files.names[number]
            for finding in found:
                occurrences[finding.kind, finding.masked] += 1
                fingerprint = _fingerprint(name, finding, occurrences[finding.kind, finding.masked])
                if fingerprint not in arguments.baseline:
                    moved = finding._replace(line=finding.line + before, end_line=finding.end_line + before)
                    report.add(name, moved, fingerprint)
                    kinds[finding.kind] += 1
            before += count
            lines += count
            progress.update(files.size)
    finally:
        results.close()
        progress.clear()
    if kinds or arguments.json or arguments.sarif or not arguments.quiet:
        report.end(files, lines, kinds)
    return bool(kinds)


def _findings(number: int, chunk: bytes) -> tuple[int, list[Finding], int]:
    """In this process or a worker: the number of the file, what was found, and how many lines the chunk has."""
    return number, *redact.Process.redactor.findings(chunk)


def _fingerprint(name: str, finding: Finding, occurrence: int) -> str:
    """A hash that stays the same when the line moves: of the kind, the path and the line with its secrets masked."""
    path = os.path.relpath(name) if os.path.isabs(name) else os.path.normpath(name)
    parts = "\0".join((finding.kind, path.replace(os.sep, "/"), finding.masked, str(occurrence)))
    return blake2b(parts.encode("utf-8", "surrogateescape"), digest_size=16, person=b"discreet-scan").hexdigest()


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a size. Write it as 500kB, 10MB or 1GB")
    return int(found[1]) * _FACTORS[found[2].lower()]


def _fingerprints(name: str) -> frozenset[str]:
    try:
        with open(name, encoding="utf-8") as file:
            return frozenset(entry["fingerprint"] for entry in json.load(file)["findings"])
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{name} was not written by discreet scan --json") from None


class Table:
    """A table per file: line and column, and the kind."""

    def __init__(self, palette: Palette) -> None:
        self._paint = palette.paint
        self._file: str | None = None

    def add(self, file: str, finding: Finding, fingerprint: str) -> None:
        """One row, under the name of its file. The fingerprint is for the other reports."""
        if file != self._file:
            sys.stdout.write(f"{'' if self._file is None else chr(10)}{self._paint(escape(file), 'message')}\n")
            self._file = file
        place = f"{finding.line}:{finding.column}"
        sys.stdout.write(f"  {self._paint(f'{place:>10}', 'place')}  {self._paint(finding.kind, 'bad')}\n")

    def end(self, files: Files, lines: int, kinds: Counter[str]) -> None:
        """The totals."""
        where = f"{counted(files.scanned, 'file')}, {counted(lines, 'line')}"
        if self._file is not None:
            sys.stdout.write("\n")
        secrets = counted(sum(kinds.values()), "secret") if kinds else "no secrets"
        sys.stdout.write(f"{secrets} in {where}{': ' if kinds else ''}{counts_text(kinds)}\n")
        reasons = Counter(skipped["reason"] for skipped in files.skipped)
        if files.failed:
            reasons["unreadable"] = len(files.failed)
        if reasons:
            sys.stdout.write(f"not scanned: {counts_text(reasons)}\n")


class Document:
    """One JSON document: `findings`, then what was skipped or failed, then the totals."""

    def __init__(self) -> None:
        self._between = "\n"
        sys.stdout.write(f'{{"version": 1, "discreet": {json.dumps(__version__)}, "findings": [')

    def add(self, file: str, finding: Finding, fingerprint: str) -> None:
        """One entry of `findings`."""
        places = {name: getattr(finding, name) for name in ("line", "column", "end_line", "end_column")}
        entry = {"file": file, **places, "kind": finding.kind, "fingerprint": fingerprint}
        sys.stdout.write(f"{self._between}  {json.dumps(entry)}")
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
        sys.stdout.write(f"\n], {json.dumps(rest)[1:]}\n")


class Sarif:
    """SARIF 2.1.0 (OASIS), which code hosts show next to the lines. The rules, one for each kind, come last."""

    def __init__(self) -> None:
        self._between = "\n"
        self._rules: dict[str, int] = {}
        sys.stdout.write(f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{\n"results": [')

    def add(self, file: str, finding: Finding, fingerprint: str) -> None:
        """One result."""
        result = {
            "ruleId": finding.kind,
            "ruleIndex": self._rules.setdefault(finding.kind, len(self._rules)),
            "level": "error",
            "message": {"text": f"There is a secret here ({finding.kind}). Its value is not shown."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": _artifact(file),
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
            "partialFingerprints": {"discreetFinding/v1": fingerprint},
        }
        sys.stdout.write(f"{self._between}{json.dumps(result)}")
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
        sys.stdout.write(f"\n],\n{json.dumps(rest)[1:]}]}}\n")


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
