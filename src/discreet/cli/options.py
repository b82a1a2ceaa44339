"""Options that several commands have, and what turns the text of an option into its value."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, TypeVar

from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class CommandLineError(DiscreetError):
    """What the command line asks for cannot be done. The exit code is 2."""


def value(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """For argparse's `type`: the message of an error that `parse` raises is shown, not the name of the function."""

    def checked(text: str) -> Value:
        try:
            return parse(text)
        except (ValueError, DiscreetError) as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def pair(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as its two parts; `ValueError` without a key or an equals sign."""
    key, equals, rest = text.partition("=")
    if not equals or not key:
        raise ValueError(f"{text!r} is not of the form KEY=VALUE")
    return key, rest


def add_files(parser: argparse.ArgumentParser, meaning: str) -> None:
    """`FILE ...`, standard input by default."""
    parser.add_argument("files", metavar="FILE", nargs="*", default=["-"], help=f"{meaning}; - is standard input")


def add_repeatable(
    parser: argparse._ActionsContainer,
    *names: str,
    help: str,  # noqa: A002 - as argparse calls it
    parse: Callable[[str], object] = str,
    **options: Any,
) -> None:
    """An option that may be given several times; the value is a list. `options` are those of argparse."""
    meaning = f"{help} (repeatable)"
    parser.add_argument(*names, type=value(parse), action="append", default=[], help=meaning, **options)


def add_color(parser: argparse.ArgumentParser) -> None:
    """`--color`, for `terminal.palette`."""
    choices = ("auto", "always", "never")
    parser.add_argument("--color", choices=choices, default="auto", help="when to use colours (default: on a terminal)")
