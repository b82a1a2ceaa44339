"""What is installed: no dependency, the types marker, data files; and which way imports point."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

ROOT = Path(discreet.__file__).parent
FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}
HTTP = os.path.join("_delivery", "export", "http.py")  # what OTLP and Azure share: it imports urllib3 when one connects
EDGES = ("azure/", "integrations/", "otel/", "cli/", "propagation/", "pytest_plugin.py")


def imports(path: Path) -> Iterator[str]:
    """The absolute names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_core_needs_no_other_package() -> None:
    needed = [line for line in importlib.metadata.requires("discreet") or [] if "extra ==" not in line]
    assert needed == []


def test_type_checkers_find_the_types_marker() -> None:
    assert (ROOT / "py.typed").is_file()


def test_the_schema_is_in_the_package() -> None:
    assert (ROOT / "_encoding" / "schema.json").is_file()


def test_the_version_is_the_installed_one() -> None:
    assert discreet.__version__ == importlib.metadata.version("discreet")


@pytest.mark.parametrize("name", [name for name, path in FILES.items() if path.stat().st_size])
def test_every_module_begins_by_saying_what_it_is(name: str) -> None:
    assert ast.get_docstring(ast.parse(FILES[name].read_text("utf-8")))


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith(EDGES)])
def test_the_core_imports_only_the_standard_library(name: str) -> None:
    allowed = {"discreet"} | ({"urllib3"} if name == HTTP else set())
    assert {name.partition(".")[0] for name in imports(FILES[name])} <= sys.stdlib_module_names | allowed
