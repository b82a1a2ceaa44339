"""Libraries that only an extra installs: the error for one that is missing names the remedy."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def missing_library(user: str, library: str, extra: str) -> ModuleNotFoundError:
    """The error to raise where `user` (what needs the library, as a reader knows it) cannot import `library`."""
    return ModuleNotFoundError(
        f'{user} needs {library}, which is not installed. Install it with: pip install "discreet[{extra}]"',
        name=library,
    )


def load_library(user: str, library: str) -> Any:
    """The library's module, where the extra has the library's own name."""
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        raise missing_library(user, library, library) from error
