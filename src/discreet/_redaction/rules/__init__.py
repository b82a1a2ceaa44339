"""The rules as data: forms of secrets (detectors.json), and words in names of secrets (names.json)."""

from __future__ import annotations

import json
import os
from typing import Any


def load(file: str) -> dict[str, Any]:
    """What one of the files here says."""
    with open(os.path.join(os.path.dirname(__file__), file), encoding="utf-8") as data:
        rules: dict[str, Any] = json.load(data)
    return rules
