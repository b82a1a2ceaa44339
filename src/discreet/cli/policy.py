"""The options of `redact` and `scan` that say what counts as a secret, beyond the built-in rules."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from discreet._redaction.masking import KEY_VARIABLE, check_key, check_strategies
from discreet._redaction.policy import PERSONAL, Redaction, check_searched
from discreet._redaction.secrets import Secret
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from discreet._logfiles.judge import Judge


class _Shared:
    """What every process that judges keeps: it is made once, not for every chunk."""

    judge: Judge | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """The same words as in `discreet.Redaction`, each repeatable."""
    group = parser.add_argument_group("what counts as a secret")
    group.add_argument(
        "--extra-key", metavar="NAME", action="append", default=[], help="what stands under this name is one"
    )
    group.add_argument(
        "--safe-key", metavar="NAME", action="append", default=[], help="what stands under this name is none"
    )
    group.add_argument(
        "--pattern",
        metavar="KIND=REGEX",
        type=_pattern,
        action="append",
        default=[],
        help="what matches is one; group 1 if there is one",
    )
    group.add_argument(
        "--personal", choices=sorted(PERSONAL), action="append", default=[], help="personal data of this kind too"
    )
    group.add_argument(
        "--no-environment",
        dest="environment",
        action="store_false",
        help="not the values of this process's environment variables with names such as DB_PASSWORD",
    )


def add_strategies(parser: argparse.ArgumentParser) -> None:
    """`--strategy KIND=NAME`: what stands in a secret's place."""
    parser.add_argument(
        "--strategy",
        metavar="KIND=NAME",
        type=_strategy,
        action="append",
        default=[],
        help="what stands in its place: marker, partial, drop, or pseudonym (with a key in DISCREET_PSEUDONYM_KEY)",
    )


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """`--jobs N`."""
    parser.add_argument("-j", "--jobs", metavar="N", type=_jobs, default=0, help="processes (default: one per core)")


def of(arguments: argparse.Namespace) -> Redaction:
    """The policy that the command line asks for."""
    return Redaction(
        extra_keys=arguments.extra_key,
        safe_keys=arguments.safe_key,
        patterns=dict(arguments.pattern),
        personal=arguments.personal,
        environment=arguments.environment,
        strategies=dict(getattr(arguments, "strategy", ())),
        max_text=None,
    )


def prepare(policy: Redaction) -> None:
    """Make this process's judge."""
    from discreet._logfiles.judge import Judge
    from discreet._redaction.secrets import registry

    _Shared.judge = made = Judge(policy, pseudonym_key())
    if policy.environment:
        registry.add_environment(os.environ, made.kind_of)


def pseudonym_key() -> Secret[str] | None:
    """The key for pseudonyms; `ConfigurationError` if it is none."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return Secret(check_key(key)) if key else None


def judge() -> Judge:
    """This process's judge, after `prepare`."""
    if _Shared.judge is None:
        prepare(Redaction())
    assert _Shared.judge is not None
    return _Shared.judge


def _pattern(text: str) -> tuple[str, str]:
    kind, equals, regex = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND=REGEX")
    try:
        check_searched(kind, regex)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return kind, regex


def _strategy(text: str) -> tuple[str, str]:
    kind, _, name = text.partition("=")
    try:
        check_strategies({kind: name})
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return kind, name


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes from 1 to 1024")
    return int(text)
