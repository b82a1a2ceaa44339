"""`discreet scan PATHS...`: which secrets stand where, and never what they are."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from discreet._encoding.console.style import wants_color
from discreet.cli import policy
from discreet.cli.progress import Progress
from discreet.cli.redact.workers import cores, in_order
from discreet.cli.scan.files import Chunk, Files
from discreet.cli.scan.report import Document, Located, Report, Table, Totals
from discreet.cli.scan.sarif import Sarif

if TYPE_CHECKING:
    from discreet._logfiles.judge import Finding
    from discreet._redaction.policy import Redaction

_DESCRIPTION = """\
Say which secrets stand in files: kind, file, line and column, never the value. Folders are searched to their ends,
without version control's own (.git, ...), links and binary files; .gz and .zst are read. A line that says
discreet:allow is passed over.
"""
_EXAMPLES = """\
examples:
  discreet scan .                               before a commit
  discreet scan --sarif . > discreet.sarif      for a code host
  kubectl logs deploy/shop | discreet scan -    a log, before it goes to somebody

exit codes: 0 nothing found, 1 secrets found, 2 the command line was wrong, or a file could not be read, or the output
failed
"""
_SIZE = re.compile(r"(\d{1,9})\s*([kmg]?)b?", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "scan",
        help="find secrets in files and folders",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file, a folder, or - for standard input")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document")
    form.add_argument("--sarif", action="store_true", help="SARIF 2.1.0")
    parser.add_argument(
        "--exclude", metavar="GLOB", action="append", default=[], help="leave out such paths or names (repeatable)"
    )
    parser.add_argument(
        "--max-size", metavar="SIZE", type=_size, help="leave out larger files of folders, as 10MB (default: none)"
    )
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        type=_fingerprints,
        default=frozenset(),
        help="what --json wrote before: only say what is new",
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing if nothing is found; no progress")
    policy.add_jobs(parser)
    policy.add_options(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Scan, report; 1 if there is a secret, otherwise 2 if something could not be read."""
    files = Files(arguments.paths, arguments.exclude, arguments.max_size)
    missing = files.missing()
    if missing:
        print(f"discreet scan: {missing[0]}: No such file or directory", file=sys.stderr)
        return 2
    rules = policy.of(arguments)
    policy.prepare(rules)
    totals = _scan(files, arguments, rules)
    for error in totals.failed:
        print(f"discreet: {error}", file=sys.stderr)
    if totals.kinds:
        return 1
    return 2 if totals.failed else 0


def _scan(files: Files, arguments: argparse.Namespace, rules: Redaction) -> Totals:
    report = _report(arguments)
    progress = Progress(show=False if arguments.quiet else None)
    kinds: Counter[str] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    current, before, lines = -1, 0, 0
    results = in_order(
        _judged,
        files.chunks(policy.judge().cut),
        jobs=arguments.jobs or cores(),
        prepare=policy.prepare,
        setting=rules,
    )
    try:
        for number, found, count in results:
            if number != current:
                current, before = number, 0
                seen.clear()
            for finding in found:
                seen[finding.kind, finding.masked] += 1
                name = files.names[number]
                fingerprint = _fingerprint(name, finding, seen[finding.kind, finding.masked])
                if fingerprint not in arguments.baseline:
                    report.found(Located(name, finding.moved(before), fingerprint))
                    kinds[finding.kind] += 1
            before += count
            lines += count
            progress.at(files.size)
    finally:
        results.close()
        progress.end()
    totals = Totals(len(files.names) - len(files.skipped), lines, files.size, kinds, files.skipped, files.failed)
    if kinds or arguments.json or arguments.sarif or not arguments.quiet:
        report.end(totals)
    return totals


def _judged(chunk: Chunk) -> tuple[int, list[Finding], int]:
    """In whichever process."""
    found, lines = policy.judge().findings(chunk.content)
    return chunk.number, found, lines


def _fingerprint(name: str, finding: Finding, occurrence: int) -> str:
    """What stays when the line moves: the kind, the path and the line with its secrets masked."""
    path = os.path.relpath(name) if os.path.isabs(name) else os.path.normpath(name)
    known = "\0".join((finding.kind, path.replace(os.sep, "/"), finding.masked, str(occurrence)))
    return blake2b(known.encode("utf-8", "surrogateescape"), digest_size=16, person=b"discreet-scan").hexdigest()


def _report(arguments: argparse.Namespace) -> Report:
    if arguments.json:
        return Document(sys.stdout)
    if arguments.sarif:
        return Sarif(sys.stdout)
    colored = wants_color(sys.stdout) if arguments.color == "auto" else arguments.color == "always"
    return Table(sys.stdout, color=colored)


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size. Write it as 500kB, 10MB or 1GB")
    return int(found[1]) * _FACTORS[found[2].lower()]


def _fingerprints(name: str) -> frozenset[str]:
    try:
        with open(name, encoding="utf-8") as file:
            return frozenset(entry["fingerprint"] for entry in json.load(file)["findings"])
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise argparse.ArgumentTypeError(f"{name} is not what discreet scan --json wrote") from None
