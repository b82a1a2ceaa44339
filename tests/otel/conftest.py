"""What the tests here share: a receiver on loopback, records as the pipeline makes them, and lines made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import discreet
from discreet._record import Record
from discreet._redaction.redactor import Redactor

from .receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test could not deliver waits in a folder of its own."""
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def record() -> Callable[..., Any]:
    """`record("message", level=20, field=1)`: the redacted record of one call, as encoders get it."""
    kept: list[Any] = []

    class Keeping(discreet.Sink):
        def write_record(self, record: Any) -> None:
            kept.append(record)

    discreet.configure(sinks=[Keeping()], service="shop", environment="prod", level="trace", take_over=False)
    log = discreet.get_logger("shop.api")

    def make(message: str = "order placed", level: str = "info", **fields: Any) -> Record:
        kept.clear()
        getattr(log, level)(message, **fields)
        assert len(kept) == 1
        return kept[0]

    return make
