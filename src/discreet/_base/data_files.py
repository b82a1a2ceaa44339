"""Data files of this package, wherever it lies: in a folder, in a zip archive, or in a frozen program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def read_data(package: ModuleType, file: str) -> bytes:
    """One file beside the modules of a package. Raises `OSError`.

    The loader of the package has it. `importlib.resources` would ask the same loader, and take 20 ms to be imported.
    """
    loader: Any = getattr(package.__spec__, "loader", None)
    try:
        found: bytes = loader.get_data(os.path.join(package.__path__[0], file))
    except (AttributeError, LookupError):  # a loader of another kind
        from importlib.resources import files

        return files(package).joinpath(file).read_bytes()
    return found
