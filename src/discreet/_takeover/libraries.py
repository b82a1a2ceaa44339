"""Which libraries discreet takes records from: `configure(take_over=...)` chooses, and `shutdown()` puts all back.

What takes a library over is a module of this folder, which is imported when it is needed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from discreet._base.diagnostics import report_problem
from discreet._base.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import ModuleType

LOADED_LATER = {"structlog": "structlog._base", "loguru": "loguru._handler"}
"""By library: the module that is changed when the program imports it. discreet imports none of them."""
CANNOT_BE_TAKEN = ("aiologger", "eliot", "logbook", "picologging", "twisted.logger")
"""Libraries whose records do not come in."""

_wanted: set[str] = set()
_awaited: set[str] = set()


def take_over(names: Collection[str]) -> None:
    """Take records of these libraries, and of no others any more."""
    _wanted.clear()
    _wanted.update(names)
    logging = _module("standard_library")
    (logging.take_over if "logging" in names else logging.give_back)()
    aws = _module("aws_lambda")
    (aws.install if "exceptions" in names else aws.uninstall)()
    _module("uncaught").install(exceptions="exceptions" in names, warnings="warnings" in names)
    for library, module in LOADED_LATER.items():
        if library not in names:
            _give_back(library)
        elif library not in _awaited:
            _awaited.add(library)
            when_imported(module, _taker(library))
        elif module in sys.modules:
            _taker(library)(sys.modules[module])


def give_back() -> None:
    """Leave every library as it was."""
    _wanted.clear()
    _module("standard_library").give_back()
    _module("aws_lambda").uninstall()
    _module("uncaught").uninstall()
    for library in LOADED_LATER:
        _give_back(library)


def taken() -> tuple[str, ...]:
    """The libraries whose records come in: those that are loaded."""
    return tuple(sorted(name for name in _wanted if LOADED_LATER.get(name, "sys") in sys.modules))


def not_taken() -> tuple[str, ...]:
    """The logging libraries that are loaded, and whose records do not come in."""
    chosen = (name for name, module in LOADED_LATER.items() if module in sys.modules and name not in _wanted)
    return (*chosen, *(name for name in CANNOT_BE_TAKEN if name in sys.modules))


def _taker(library: str) -> Callable[[ModuleType], None]:
    def take(module: ModuleType) -> None:
        if library in _wanted:
            try:
                _module(library).install(module)
            except Exception:  # another version, with other parts inside
                _wanted.discard(library)
                report_problem(f"this version of {library} is not known: its records do not come in")

    return take


def _module(name: str) -> Any:
    return import_module(f"discreet._takeover.{name}")


def _give_back(library: str) -> None:
    ours = sys.modules.get(f"discreet._takeover.{library}")
    if ours is not None:
        ours.uninstall()
