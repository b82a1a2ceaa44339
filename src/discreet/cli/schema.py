"""`discreet schema`: the JSON Schemas that discreet publishes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from discreet import _config, _encoding

if TYPE_CHECKING:
    import argparse

SCHEMA = Path(_encoding.__file__).with_name("schema.json")
REDACTION = Path(_config.__file__).with_name("redaction.schema.json")

DESCRIPTION = "Print the JSON Schema (2020-12) against which every JSON line from discreet is valid."
EPILOG = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option of this command."""
    parser.add_argument(
        "--redaction", action="store_true", help="print the schema of the file that DISCREET_REDACTION names instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    path = REDACTION if arguments.redaction else SCHEMA
    sys.stdout.write(path.read_text("utf-8"))
    return 0
