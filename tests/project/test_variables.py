"""The page of settings names every variable that discreet reads for itself, and none that it does not."""

from __future__ import annotations

import re
from pathlib import Path

from discreet._config.settings import VARIABLES

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_has_a_row_for_each_variable_and_for_no_other() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    found = [name for row in rows for name in re.findall(r"`(DISCREET_\w+)`", row)]
    assert sorted(found) == sorted(VARIABLES)
