"""An integration without its library says what to install, and only when it is used."""

from __future__ import annotations

import importlib
import sys

import pytest


@pytest.mark.parametrize("library", ["httpx", "requests", "flask"])
def test_a_missing_library_is_named_with_the_remedy(monkeypatch, library):
    integration = importlib.import_module(f"discreet.integrations.{library}")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf'pip install "discreet\[{library}\]"') as caught:
        integration.instrument(*([object()] if library == "flask" else []))
    assert caught.value.name == library
