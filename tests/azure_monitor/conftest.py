"""A service of our own for each test, and nothing of the machine's own Azure."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from .ingestion_server import IngestionServer, serving

_FOREIGN = ("APPLICATIONINSIGHTS_", "APPINSIGHTS_", "AZURE", "WEBSITE_", "FUNCTIONS_", "CONTAINER_APP_", "LOGS_DCR_")


@pytest.fixture(autouse=True)
def no_azure(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in tuple(os.environ):
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def server() -> Iterator[IngestionServer]:
    with serving() as running:
        yield running


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every host that this process looks up or connects to."""
    hosts: set[str] = set()
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def looking(host, *rest, **options):
        hosts.add(str(host))
        return look_up(host, *rest, **options)

    def connecting(self, address):
        hosts.add(str(address[0] if isinstance(address, tuple) else address))
        return connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", looking)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    return hosts
