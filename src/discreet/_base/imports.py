"""Modules of other packages: change one when it is imported, and name the remedy where one is missing."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def when_imported(name: str, change: Callable[[ModuleType], None]) -> None:
    """Call `change` once with the module of this name: now if it is loaded, else at the end of its import."""
    if name not in sys.modules:
        _finder.changes.setdefault(name, []).append(change)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        if name in sys.modules:  # since a moment ago, by another thread: `import_module` waits for the end of that
            _finder.change(import_module(name))
    else:
        change(import_module(name))


class _Finder:
    """Finds no module itself: it asks the finders after it, and makes the loader that they find call the changes too.

    It stays in `sys.meta_path`: another thread may be reading that list. There it costs a look into a dict per import.
    """

    def __init__(self) -> None:
        self.changes: dict[str, list[Callable[[ModuleType], None]]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the finders after this one find, for the modules that changes wait for."""
        if fullname not in self.changes:
            return None
        finders = list(sys.meta_path)
        for finder in finders[finders.index(self) + 1 :]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                self._extend(spec.loader, fullname)
                return spec
        return None

    def _extend(self, loader: Any, name: str) -> None:
        load = loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            loader.exec_module = load  # some loaders load several modules
            load(module)
            if module.__name__ == name:
                self.change(module)

        loader.exec_module = load_and_change

    def change(self, module: ModuleType) -> None:
        """Make the changes that wait for this module, each once."""
        for change in self.changes.pop(module.__name__, ()):
            change(module)


_finder = _Finder()


def missing_library(user: str, library: str, extra: str, module: str) -> ModuleNotFoundError:
    """The error to raise where `module` of `library` cannot be imported; `user` is what needs it, for the message."""
    return ModuleNotFoundError(
        f'{user} needs {library}, which is not installed. Install it with: pip install "discreet[{extra}]"',
        name=module,
    )


def load_library(user: str, name: str) -> Any:
    """The module of a library whose extra and module have the library's own name."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise missing_library(user, name, name, name) from error
