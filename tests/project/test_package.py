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

ROOT = Path(discreet.__file__).parent
FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}
EDGES = (
    "azure/",
    "integrations/",
    "otel/",
    "cli/",
    "propagation/",
    "_bootstrap/",
    "demo/",
    "__main__.py",
    "pytest_plugin.py",
)

OUTSIDE = ("discreet.azure", "discreet.cli", "discreet.integrations", "discreet.otel")
HTTP = os.path.join(
    "_delivery", "remote", "http.py"
)  # what OTLP and Azure share: it imports urllib3 when the first of them connects

OTEL = os.path.join(
    "_encoding", "otel.py"
)  # when chosen, it asks the OTLP sink's own files who is speaking: no package


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
def test_the_core_imports_only_the_standard_library_and_never_an_edge(name: str) -> None:
    names = set(imports(FILES[name]))
    allowed = {"discreet"} | ({"urllib3"} if name == HTTP else set())
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | allowed
    if name != OTEL:
        assert not [name for name in names if name.startswith(OUTSIDE)]
