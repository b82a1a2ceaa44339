"""`discreet redact [FILES...]`: logs that exist already, without their secrets."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Literal

from discreet._base.compression import compressing, compression_of
from discreet._base.diagnostics import counted
from discreet._redaction.masking import check_strategies
from discreet.cli import redaction
from discreet.cli.inputs import inputs
from discreet.cli.options import CommandLineError, add_files, add_repeatable, pair
from discreet.cli.terminal import Progress, counts_text, say, size_text
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from discreet.cli.inputs import Input

DESCRIPTION = """\
Copy logs without their secrets. A line of JSON stays JSON: only names and values that are secret change, each in its
place. Any other line is read as text. Reads FILES one after the other, or standard input; files that gzip or Zstandard
compressed are recognised. Writes to standard output, or where -o says. An input is never changed.
"""
EPILOG = """\
examples:
  discreet redact < app.log > safe.log
  discreet redact app.log.1.gz app.log -o safe.log.zst
  kubectl logs -f deploy/shop | discreet redact --quiet | tee shop.log

exit codes: 0 done, 1 an input could not be read to its end, 2 the command line was wrong or the output failed
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """FILES, where to write, and what counts as a secret."""
    add_files(parser, "logs, also compressed with gzip or zstd")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file; .gz or .zst in its name compresses")
    parser.add_argument(
        "--compress",
        choices=("gzip", "zstd", "none"),
        help="how to compress the output (default: as its name says)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary on standard error")
    add_repeatable(
        parser,
        "--strategy",
        metavar="KIND=NAME",
        parse=_strategy,
        help="what replaces secrets of this kind: marker, partial, drop, or pseudonym (with a key in "
        "DISCREET_PSEUDONYM_KEY)",
    )
    redaction.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Copy, sum up; 1 if an input could not be read to its end."""
    with inputs(arguments.files) as (opened, problems):
        _refuse_same(arguments.output, [each.file for each in opened])
        with _output(arguments.output) as (file, name):
            compression = arguments.compress or compression_of(name)
            target = compressing(file, None if compression == "none" else compression)
            summary = _copy(opened, target, arguments)
            if target is not file:
                target.close()
            if problems and arguments.output is not None:
                raise DiscreetError(f"{problems[0]}. Nothing was written to {arguments.output}")
    for problem in problems:
        say(problem)
    if opened and not arguments.quiet:
        say(summary)
    return 1 if problems else 0


def _strategy(text: str) -> tuple[str, str]:
    kind, name = pair(text)
    check_strategies({kind: name})
    return kind, name


def _copy(opened: Sequence[Input], target: IO[bytes], arguments: argparse.Namespace) -> str:
    """Redact everything into `target`; a summary."""
    policy = redaction.policy_of(arguments)
    redactor = redaction.prepare(policy)
    if "pseudonym" in policy.strategies.values() and redaction.pseudonym_key() is None:
        say("DISCREET_PSEUDONYM_KEY is not set, so markers replace what pseudonyms should")
    sizes = [each.size for each in opened]
    progress = Progress(sum(sizes) if all(sizes) else 0, quiet=arguments.quiet)
    began = time.monotonic()
    lines = changed = 0
    kinds: Counter[str] = Counter()
    current = opened[0] if opened else None

    def chunks() -> Iterator[tuple[int, bytes]]:
        nonlocal current
        for number, current in enumerate(opened):
            for chunk in current.chunks(redactor.cut):
                yield number, chunk

    results = redaction.in_order(
        _redacted, chunks(), policy, arguments.jobs, idle=lambda: current is not None and current.idle()
    )
    try:
        for content, more_lines, more_changed, more_kinds in results:
            target.write(content)
            if not all(sizes):  # lines of a pipe, for which somebody may wait
                target.flush()
            lines += more_lines
            changed += more_changed
            kinds += more_kinds
            progress.update(sum(each.done for each in opened))
    finally:
        results.close()
        progress.clear()
    took = f"{size_text(sum(each.done for each in opened))} in {time.monotonic() - began:.1f} s"
    what = f"{changed} changed: {counts_text(kinds)}" if kinds else "nothing to redact"
    return f"{counted(lines, 'line')}, {what} ({took})"


def _redacted(_number: int, chunk: bytes) -> tuple[bytes, int, int, Counter[str]]:
    """In this process or a worker: the chunk without its secrets, its lines, how many changed, the kinds of secrets."""
    redactor = redaction.Process.redactor
    before = Counter(redactor.redactor.counts)
    content, changed = redactor.redacted(chunk)
    lines = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    return content, lines, changed, Counter(redactor.redactor.counts) - before


def _refuse_same(name: str | None, files: Iterable[IO[bytes]]) -> None:
    """Raise `CommandLineError` if the output (None: standard output) is one of the inputs."""
    try:
        target = os.fstat(sys.stdout.fileno()) if name is None else os.stat(name)
    except (OSError, ValueError):  # it does not exist yet, or is no file at all
        return
    if name is not None and stat.S_ISDIR(target.st_mode):
        raise CommandLineError(f"{name} is a folder. Name a file")
    if not stat.S_ISREG(target.st_mode):
        return
    for file in files:
        with suppress(OSError, ValueError):
            if os.path.samestat(target, os.fstat(file.fileno())):
                raise CommandLineError("the output is one of the inputs, which are never changed. Name another file")


@contextmanager
def _output(name: str | None) -> Generator[tuple[IO[bytes], str]]:
    """The file to write to, and its name as far as it has one.

    A named file is written beside its place and moved there at the end: if anything is raised, it never appears.
    A link stays a link, and a file that is replaced keeps its permissions. A pipe or a device is written to.
    """
    if name is None:
        yield sys.stdout.buffer, _name_of_stdout()
        sys.stdout.buffer.flush()
        return
    if os.path.exists(name) and not os.path.isfile(name):
        with _opened(name, name, "wb") as file:
            yield file, name
        return
    place = os.path.realpath(name)
    beside = f"{place}.{os.getpid()}.part"
    file = _opened(name, beside, "xb")
    try:
        with file:
            with suppress(FileNotFoundError):
                shutil.copymode(place, beside)
            yield file, name
        os.replace(beside, place)
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _opened(name: str, path: str, mode: Literal["wb", "xb"]) -> IO[bytes]:
    try:
        return open(path, mode)
    except OSError as error:
        raise CommandLineError(f"{name}: {error.strerror}") from None


def _name_of_stdout() -> str:
    """What the shell opened as standard output: `> safe.log.gz` asks for gzip as `-o safe.log.gz` does."""
    with suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        if stat.S_ISREG(os.fstat(number).st_mode):
            return os.readlink(f"/proc/self/fd/{number}")
    return ""
