"""docs/reliability.md names tests that exist, settings that exist, and has the table of `make chaos`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from discreet._config.settings import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_test_that_holds_a_promise_exists():
    missing = [f"{file}::{name}" for file, name in NAMED if name not in _tests(ROOT / file)]
    assert NAMED
    assert missing == []


def test_each_promise_names_a_test():
    promises = PAGE.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in promises.splitlines() if line.startswith("| ") and "Held by" not in line]
    assert rows
    assert [row for row in rows if "::test_" not in row] == []


def test_each_variable_on_the_page_is_a_setting():
    assert set(re.findall(r"DISCREET_[A-Z_]+", PAGE)) <= VARIABLES.keys()


def test_the_page_has_the_table():
    table = PAGE.partition("<!-- begin: make chaos -->")[2].partition("<!-- end: make chaos -->")[0]
    assert "| SIGKILL | **discreet direct** |" in table
