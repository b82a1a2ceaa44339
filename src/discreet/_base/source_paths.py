"""Paths of source files: whose code it is, and how to write the path for people."""

from __future__ import annotations

import os

_LIBRARIES = ("site-packages", "dist-packages")
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep
_OWN_EXAMPLES = os.path.join(_OWN, "cli", "demo") + os.sep


def is_library(path: str) -> bool:
    """Whether a source file is not the application's: a library's, Python's, or discreet's own."""
    if path.startswith((_STANDARD_LIBRARY, _OWN, "<frozen ")):
        return not path.startswith(_OWN_EXAMPLES)
    return not set(_LIBRARIES).isdisjoint(path.replace("\\", "/").split("/"))


def readable_path(path: str) -> tuple[str, bool]:
    """A source path as short as it stays findable, and whether it is the application's own (not a library's)."""
    parts = path.replace("\\", "/").split("/")
    for folder in _LIBRARIES:
        if folder in parts:
            return "/".join(parts[parts.index(folder) + 1 :]) or path, False
    if path.startswith("<"):
        return path, False
    if is_library(path):
        return (f"discreet/{path[len(_OWN) :]}" if path.startswith(_OWN) else path), False
    try:
        here = os.getcwd()
    except OSError:  # the working directory was removed
        return path, True
    return (path[len(here) + 1 :] if path.startswith(here + os.sep) else path), True
