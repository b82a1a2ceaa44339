"""PyInstaller asks here, by the entry point `pyinstaller40`, for the folder of our hook."""

from __future__ import annotations

import os


def hook_dirs() -> list[str]:
    """This folder."""
    return [os.path.dirname(__file__)]
