"""A folder for rings, for each test its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("DISCREET_STATE_DIR", str(folder))
    return folder
