"""`discreet schema`: the JSON Schemas that discreet publishes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from discreet import _config, _encoding
from discreet._base.data_files import read_data

if TYPE_CHECKING:
    import argparse

SCHEMA = (_encoding, "schema.json")
REDACTION = (_config, "redaction.schema.json")

DESCRIPTION = "Print the JSON Schema (2020-12) against which every JSON line from discreet is valid."
EPILOG = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option of this command."""
    parser.add_argument(
        "--redaction", action="store_true", help="print the schema of the file that DISCREET_REDACTION names instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    sys.stdout.write(read_data(*(REDACTION if arguments.redaction else SCHEMA)).decode())
    return 0
