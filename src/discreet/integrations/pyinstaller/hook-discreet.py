"""What PyInstaller does not see in a program that imports discreet: data files, and modules that are imported by name.

Integrations are seen where the program imports them.
"""

from __future__ import annotations

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

_SEEN = ("discreet.__main__", "discreet.cli", "discreet.integrations", "discreet.pytest_plugin")

datas = collect_data_files("discreet") + copy_metadata("discreet")
hiddenimports = collect_submodules("discreet", filter=lambda name: not name.startswith(_SEEN))
