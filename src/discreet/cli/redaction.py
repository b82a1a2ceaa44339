"""What `redact` and `scan` share: what counts as a secret, and several processes that work on chunks of logs."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from discreet._logfiles.redactor import LogRedactor
from discreet._redaction.masking import KEY_VARIABLE, check_key
from discreet._redaction.policy import PERSONAL, Redaction, check_searched
from discreet._redaction.secrets import Secret, registry
from discreet.cli.options import add_repeatable, pair, value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future, ProcessPoolExecutor

Result = TypeVar("Result")

_ALONE = 1 << 20
"""Bytes that this process handles alone. Fewer take less time than the start of other processes."""


def add_options(parser: argparse.ArgumentParser) -> None:
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
