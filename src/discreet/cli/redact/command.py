"""`discreet redact [FILES...]`: logs that exist already, without their secrets."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from discreet._base.compression import compressing, compression_of
from discreet.cli import policy
from discreet.cli.inputs import Input
from discreet.cli.outputs import OutputError, output, refuse_same
from discreet.cli.progress import Progress, amount
from discreet.cli.redact.workers import cores, in_order
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DESCRIPTION = """\
Copy logs without their secrets. A line of JSON stays one: only the values and names that are secret change, in their
places. Anything else is text. Reads FILES one after the other, or standard input; gzip and Zstandard are recognised.
Without -o it writes to standard output. No input is ever changed.
"""
_EXAMPLES = """\
examples:
  discreet redact < app.log > safe.log
  discreet redact app.log.1.gz app.log -o safe.log.zst
  kubectl logs -f deploy/shop | discreet redact --quiet | tee shop.log

exit codes: 0 done, 1 an input could not be read to its end, 2 the command line was wrong, or the output failed
"""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "redact",
        help="copy logs without their secrets",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", nargs="*", default=["-"], help="also gzip and zstd; - is stdin")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write; compressed if it ends in .gz or .zst")
    parser.add_argument(
        "--compress", choices=("gzip", "zstd", "none"), help="the output (default: as the name of the output says)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary on standard error")
    policy.add_strategies(parser)
    policy.add_jobs(parser)
    policy.add_options(parser)
    parser.set_defaults(command=run)


class _Chunk(NamedTuple):
    """What came of one chunk."""

    safe: bytes
    lines: int
    changed: int
    kinds: dict[str, int]
    done: int = 0


def run(arguments: argparse.Namespace) -> int:
    """Copy, sum up; 1 if an input could not be read to its end."""
    inputs = [Input(name) for name in dict.fromkeys(arguments.files)]
    try:
        readable = [each for each in inputs if each.open()]
        refuse_same(arguments.output, [each.file for each in readable if each.file is not None])
        with output(arguments.output) as (file, name):
            wanted = arguments.compress or compression_of(name)
            target = compressing(file, None if wanted == "none" else wanted)
            summary = _copy(readable, target, arguments)
            if target is not file:
                target.close()
            problems = [each.problem for each in inputs if each.problem is not None]
            if problems and arguments.output is not None:
                raise DiscreetError(f"{problems[0]}. Nothing was written to {arguments.output}")
    except OutputError as error:
        print(f"discreet redact: {error}", file=sys.stderr)
        return 2
    finally:
        for each in inputs:
            each.close()
    for problem in problems:
        print(f"discreet: {problem}", file=sys.stderr)
    if readable and not arguments.quiet:
        print(summary, file=sys.stderr)
    return 1 if problems else 0


def _copy(inputs: list[Input], target: IO[bytes], arguments: argparse.Namespace) -> str:
    rules = policy.of(arguments)
    policy.prepare(rules)
    if "pseudonym" in rules.strategies.values() and policy.pseudonym_key() is None:
        print("discreet: DISCREET_PSEUDONYM_KEY is not set: markers stand in for pseudonyms", file=sys.stderr)
    progress = Progress(_total(inputs), show=False if arguments.quiet else None)
    began = time.monotonic()
    lines = changed = 0
    kinds: Counter[str] = Counter()
    now: list[Input] = []

    def chunks() -> Iterator[bytes]:
        for each in inputs:
            now.append(each)
            yield from each.chunks(policy.judge().cut)

    results = in_order(
        _judged,
        chunks(),
        jobs=arguments.jobs or cores(),
        prepare=policy.prepare,
        setting=rules,
        idle=lambda: bool(now) and now[-1].idle(),
    )
    live = any(not each.size for each in inputs)
    try:
        for result in results:
            target.write(result.safe)
            if live:
                target.flush()
            lines += result.lines
            changed += result.changed
            kinds.update(result.kinds)
            progress.at(sum(each.done for each in now))
    finally:
        results.close()
        progress.end()
    done = sum(each.done for each in now)
    return _summary(lines, changed, kinds, done, time.monotonic() - began)


def _judged(chunk: bytes) -> _Chunk:
    """In whichever process."""
    judge = policy.judge()
    before = dict(judge.counts)
    safe, changed = judge.redacted(chunk)
    kinds = {kind: count - before.get(kind, 0) for kind, count in judge.counts.items() if count != before.get(kind)}
    lines = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    return _Chunk(safe, lines, changed, kinds)


def _total(inputs: list[Input]) -> int:
    sizes = [each.size for each in inputs]
    return sum(sizes) if all(sizes) else 0


def _summary(lines: int, changed: int, kinds: Counter[str], done: int, seconds: float) -> str:
    rate = f"{amount(done)} in {seconds:.1f} s"
    if not kinds:
        return f"discreet redact: {lines} lines, nothing to redact ({rate})"
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"discreet redact: {lines} lines, {changed} changed: {found} ({rate})"
