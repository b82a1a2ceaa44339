"""A folder for rings, for each test its own, and a small ring."""

from __future__ import annotations

import pytest

from discreet._delivery.buffered.ring import Ring


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("DISCREET_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def ring(tmp_path):
    made = Ring(tmp_path, {"service": "s"}, 4096)
    yield made
    made.close()
