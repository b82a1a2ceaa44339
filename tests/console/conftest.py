"""Records to encode, and a way to read what came out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from discreet._record import Identity, Record, Source

SGR = re.compile("\x1b\\[[0-9;]*m")


def make(message: str = "order placed", **changes: Any) -> Record:
    record = Record()
    record.time_ns = 1_790_000_000_207_123_000
    record.level = 20
    record.logger = "app.orders"
    record.message = message
    record.template = None
    record.fields = {}
    record.ambient = {}
    record.trace_id = record.span_id = record.request_id = None
    record.thread, record.task = "MainThread", None
    record.source = record.exception = record.stacktrace = None
    record.identity = Identity(service="gateway")
    for name, value in changes.items():
        setattr(record, name, value)
    return record


@pytest.fixture(scope="session")
def record() -> Callable[..., Record]:
    return make


@pytest.fixture(scope="session")
def source() -> Source:
    return Source("/repo/app/pay.py", 88, "pay")


@pytest.fixture(scope="session")
def bare() -> Callable[[bytes | str], str]:
    """The text without its colours."""

    def strip(block: bytes | str) -> str:
        return SGR.sub("", block.decode() if isinstance(block, bytes) else block)

    return strip


@pytest.fixture(scope="session")
def failure() -> dict[str, Any]:
    """An exception with a cause, as `_exceptions.describe` tells it."""
    return {
        "type": "OrderError",
        "module": "app.orders",
        "message": "could not charge\nsecond line",
        "notes": ["customer was told"],
        "frames": [
            {"file": "/srv/app/api.py", "line": 31, "function": "create", "code": "return place(order)"},
            {
                "file": "/srv/app/orders.py",
                "line": 88,
                "function": "place",
                "code": "raise OrderError() from error",
                "locals": {"attempt": 3, "order": {"id": 42}},
            },
        ],
        "cause": {
            "type": "ReadTimeout",
            "module": "httpx",
            "message": "",
            "frames": [
                {"file": "/v/lib/site-packages/httpx/_client.py", "line": 9, "function": "send", "code": "wait()"}
            ],
        },
    }
