"""The house: imports run down its layers, never up and never in a circle; DESIGN.md draws it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import discreet

ROOT = Path(discreet.__file__).parent
LAYERS = (
    ("_base", "errors"),
    ("_call", "_record", "_values"),
    ("_context",),
    ("_redaction",),
    ("_encoding",),
    ("_delivery",),
    ("_pipeline", "_processors"),
    ("_span", "_takeover"),
    ("_config",),
    ("_logfiles",),
    ("", "_testing", "auto", "pytest_plugin", "stdlib", "testing"),
    ("__main__", "azure", "cli", "integrations", "otel", "propagation"),
)
"""From the lowest to the highest; "" is the package itself. Of one layer, only the edges are strangers to each other."""
LONGEST_PATH = 13


def _module_name(path: Path) -> str:
    parts = ("discreet", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def imports_of(module: str) -> frozenset[str]:
    """Every module of ours that a module imports, also in functions and for types only."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                found.add(inner if inner in MODULES else origin)
    return frozenset(found & MODULES.keys()) - {module}


def layer_of(module: str) -> int:
    """How high a module stands."""
    part = (module + "..").split(".")[1]
    return next(height for height, parts in enumerate(LAYERS) if part in parts)


def test_no_import_runs_up_the_layers() -> None:
    against = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported in imports_of(module)
        if layer_of(imported) > layer_of(module)
    ]
    assert against == []


def test_the_logger_knows_only_the_base() -> None:
    imported = {name for module in MODULES if module.startswith("discreet._call") for name in imports_of(module)}
    assert {name.split(".")[1] for name in imported} <= {"_base", "_call", "errors"}


def test_integrations_do_not_know_the_commands() -> None:
    edges = [
        module for module in MODULES if layer_of(module) == len(LAYERS) - 1 and not module.startswith("discreet.cli")
    ]
    assert [
        f"{module} imports {name}"
        for module in edges
        for name in imports_of(module)
        if name.startswith("discreet.cli") and module != "discreet.__main__"
    ] == []


def test_no_modules_import_each_other_and_no_path_of_imports_is_long() -> None:
    paths: dict[str, tuple[str, ...]] = {}

    def longest(module: str, above: tuple[str, ...]) -> tuple[str, ...]:
        assert module not in above, f"a cycle: {' -> '.join((*above[above.index(module) :], module))}"
        if module not in paths:
            below = (longest(imported, (*above, module)) for imported in sorted(imports_of(module)))
            paths[module] = (module, *max(below, key=len, default=()))
        return paths[module]

    path = max((longest(module, ()) for module in MODULES), key=len)
    assert len(path) <= LONGEST_PATH, " -> ".join(path)


def test_the_top_of_the_package_is_a_short_list() -> None:
    assert len(list(ROOT.glob("*.py"))) <= 12
