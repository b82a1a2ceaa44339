"""What PyInstaller does not see in a program that imports discreet: data files, and modules that are imported by name.

Integrations are seen where the program imports them.
"""  # noqa: N999 - PyInstaller finds the hook by this name

from __future__ import annotations

from typing import Any

from PyInstaller.utils import hooks  # type: ignore[import-untyped]  # it has none

_hooks: Any = hooks

_SEEN = ("discreet.__main__", "discreet.cli", "discreet.integrations", "discreet.pytest_plugin")


def _is_hidden(name: str) -> bool:
    return not name.startswith(_SEEN)


datas = _hooks.collect_data_files("discreet") + _hooks.copy_metadata("discreet")
hiddenimports = _hooks.collect_submodules("discreet", filter=_is_hidden)
