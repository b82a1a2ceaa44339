"""Libraries that only an extra installs: the error for a missing library names the remedy."""

from __future__ import annotations

from importlib import import_module
from typing import Any


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
