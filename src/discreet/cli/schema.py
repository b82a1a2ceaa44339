"""`discreet schema`: the JSON Schema of the default line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discreet

if TYPE_CHECKING:
    import argparse

SCHEMA = Path(discreet.__file__).with_name("_encoding") / "schema.json"


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of a log line",
        description="Print the JSON Schema (2020-12) that every line of JSON from discreet is valid against.",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    sys.stdout.write(SCHEMA.read_text("utf-8"))
    return 0
