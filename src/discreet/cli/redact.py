"""`discreet redact [FILES...]`: logs that exist already, without their secrets.

`discreet scan` shares what counts as a secret, and the processes that work on chunks of logs.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Literal, TypeVar

from discreet._base.compression import compressing, compression_of
from discreet._base.diagnostics import counted
from discreet._logfiles.redactor import LogRedactor
from discreet._redaction.masking import KEY_VARIABLE, check_key, check_strategies
from discreet._redaction.policy import PERSONAL, Redaction, check_searched
from discreet._redaction.secrets import Secret, registry
from discreet.cli.inputs import inputs
from discreet.cli.options import CommandLineError, add_files, add_repeatable, pair, value
from discreet.cli.terminal import Progress, counts_text, say, size_text
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

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

Result = TypeVar("Result")

_ALONE = 1 << 20
"""Bytes that this process handles alone. Fewer take less time than the start of other processes."""


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
    add_policy_options(parser)


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
    policy = policy_of(arguments)
    redactor = prepare(policy)
    if "pseudonym" in policy.strategies.values() and pseudonym_key() is None:
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

    results = in_order(_redacted, chunks(), policy, arguments.jobs, idle=lambda: current is not None and current.idle())
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
    redactor = Process.redactor
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


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """What counts as a secret, in the words of `discreet.Redaction`, and how many processes to use."""
    parser.add_argument(
        "-j", "--jobs", metavar="N", type=value(_jobs), default=0, help="processes to use (default: one per core)"
    )
    group = parser.add_argument_group("what counts as a secret, beyond the built-in rules")
    add_repeatable(group, "--extra-key", metavar="NAME", help="every value under this name is a secret")
    add_repeatable(group, "--safe-key", metavar="NAME", help="no value under this name is a secret by its name")
    add_repeatable(
        group,
        "--pattern",
        metavar="KIND=REGEX",
        parse=_pattern,
        help="what the pattern matches is a secret; only its group 1 if it has one",
    )
    add_repeatable(group, "--personal", choices=sorted(PERSONAL), help="personal data of this kind is secret too")
    group.add_argument(
        "--no-environment",
        dest="environment",
        action="store_false",
        help="do not look for the values of this process's environment variables that have names such as DB_PASSWORD",
    )


def policy_of(arguments: argparse.Namespace) -> Redaction:
    """The redaction policy that the command line asks for."""
    return Redaction(
        extra_keys=arguments.extra_key,
        safe_keys=arguments.safe_key,
        patterns=dict(arguments.pattern),
        personal=arguments.personal,
        environment=arguments.environment,
        strategies=dict(getattr(arguments, "strategy", ())),
        max_text=None,
    )


def pseudonym_key() -> Secret[str] | None:
    """The key for pseudonyms; raises `ConfigurationError` for a key that cannot be used."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return Secret(check_key(key)) if key else None


class Process:
    """What this process, and each one that it starts, makes once and not for every chunk."""

    redactor: LogRedactor


def prepare(policy: Redaction) -> LogRedactor:
    """Make the redactor of this process."""
    Process.redactor = redactor = LogRedactor(policy, pseudonym_key())
    if policy.environment:
        registry.add_environment(os.environ, redactor.redactor.key)
    return redactor


def in_order(
    work: Callable[[int, bytes], Result],
    chunks: Iterable[tuple[int, bytes]],
    policy: Redaction,
    jobs: int,
    *,
    idle: Callable[[], bool] = lambda: False,
) -> Generator[Result]:
    """Yield `work(number, chunk)` for every chunk, in order, from `jobs` processes (1: this one; 0: one for each core).

    `number` is the number of the chunk's file. Only a few chunks are in memory at a time. While `idle()` says that the
    next chunk is still to come, all work that was begun is finished and yielded first, so that no line waits for the
    line after it.
    """
    if not jobs:  # where it is known, only the cores that this process may use
        jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    done = 0
    pool: ProcessPoolExecutor | None = None
    pending: deque[Future[Result]] = deque()
    try:
        for number, chunk in chunks:
            if pool is None:
                done += len(chunk)
                if jobs == 1 or done < _ALONE:
                    yield work(number, chunk)
                    continue
                from concurrent.futures import ProcessPoolExecutor

                pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(policy,))
            pending.append(pool.submit(work, number, chunk))
            while pending and (len(pending) > 2 * jobs or pending[0].done() or idle()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        if pool is not None:
            pool.shutdown(wait=not pending, cancel_futures=True)


def _begin(policy: Redaction) -> None:
    """In each worker: only the parent handles an interrupt, and no worker outlives the parent."""
    from multiprocessing import parent_process

    parent = parent_process()

    def exit_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=exit_with_parent, daemon=True).start()
    prepare(policy)


def _pattern(text: str) -> tuple[str, str]:
    kind, regex = pair(text)
    check_searched(kind, regex)
    return kind, regex


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ValueError(f"{text!r} is not a number of processes from 1 to 1024")
    return int(text)
