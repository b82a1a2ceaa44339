"""`discreet scan PATHS...`: where secrets are in files, and never what they are."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from discreet.cli import redaction
from discreet.cli.options import CommandLineError, add_color, add_repeatable, value
from discreet.cli.scan.files import Files
from discreet.cli.scan.report import Document, Located, Sarif, Table
from discreet.cli.terminal import Progress, palette, say

if TYPE_CHECKING:
    import argparse

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
    redaction.add_options(parser)


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
    if arguments.json:
        report = Document(sys.stdout)
    else:
        report = Sarif(sys.stdout) if arguments.sarif else Table(sys.stdout, palette(arguments.color))
    policy = redaction.policy_of(arguments)
    redactor = redaction.prepare(policy)
    progress = Progress(quiet=arguments.quiet)
    kinds: Counter[str] = Counter()
    occurrences: Counter[tuple[str, str]] = Counter()
    current, before, lines = -1, 0, 0
    results = redaction.in_order(_findings, files.chunks(redactor.cut), policy, arguments.jobs)
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
                    report.add(Located(name, moved, fingerprint))
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
    return number, *redaction.Process.redactor.findings(chunk)


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
