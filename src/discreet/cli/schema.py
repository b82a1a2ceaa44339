"""`discreet schema`: the JSON Schemas that discreet publishes."""

from __future__ import annotations

import pkgutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

SCHEMA = ("discreet._encoding", "schema.json")
REDACTION = ("discreet._config", "redaction.schema.json")

DESCRIPTION = "Print the JSON Schema (2020-12) against which every JSON line from discreet is valid."
EPILOG = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option of this command."""
    parser.add_argument(
        "--redaction", action="store_true", help="print the schema of the file that DISCREET_REDACTION names instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    sys.stdout.write((pkgutil.get_data(*(REDACTION if arguments.redaction else SCHEMA)) or b"").decode())
    return 0
