"""`discreet schema`: the JSON Schema of the default line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import discreet

if TYPE_CHECKING:
    import argparse

SCHEMA = Path(discreet.__file__).with_name("_encoding") / "schema.json"

DESCRIPTION = "Print the JSON Schema (2020-12) against which every JSON line from discreet is valid."
EPILOG = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(arguments: argparse.Namespace) -> int:
    """Print the published file as it is."""
    sys.stdout.write(SCHEMA.read_text("utf-8"))
    return 0
