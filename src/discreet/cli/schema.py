"""`discreet schema`: the JSON Schemas that discreet publishes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discreet

if TYPE_CHECKING:
    import argparse

_PACKAGE = Path(discreet.__file__).parent
SCHEMA = _PACKAGE / "_encoding" / "schema.json"
REDACTION = _PACKAGE / "_config" / "redaction.schema.json"


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of a log line, or of a redaction policy",
        description="Print the JSON Schema (2020-12) that every line of JSON from discreet is valid against.",
    )
    parser.add_argument(
        "--redaction", action="store_true", help="print the schema of the file that DISCREET_REDACTION names instead"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    path = REDACTION if arguments.redaction else SCHEMA
    sys.stdout.write(path.read_text("utf-8"))
    return 0
