"""Redacted records as the pipeline makes them, and the encoder as `configure()` would ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._record import Identity, Record
from discreet._redaction.redactor import Redactor
from discreet._values.exceptions import describe, render
from discreet.azure import ApplicationInsights

from .ingestion_server import KEY

if TYPE_CHECKING:
    from discreet._record import Redacted

IDENTITY = Identity("checkout", "1.4.2", "production", "web-1", 4711)
TRACE, SPAN = "aa840d886418308b7edf3f7774ecffb9", "a7656d053c221d8a"
OFFLINE = f"InstrumentationKey={KEY};IngestionEndpoint=https://nowhere.in.applicationinsights.azure.com/"


def record(message: str = "order placed", **given: Any) -> Redacted:
    """A record with everything that is not given as plain as it gets; `error` becomes its exception."""
    made = Record()
    error = given.pop("error", None)
    told: dict[str, Any] = {
        "time_ns": 1_790_000_000_123_456_789, "level": 20, "logger": "shop.orders", "message": message,
        "template": None, "fields": {}, "ambient": {}, "trace_id": None, "span_id": None, "request_id": None,
        "thread": None, "task": None, "source": None, "exception": None, "stacktrace": None, "identity": IDENTITY,
    }  # fmt: skip
    if error is not None:
        told["exception"] = describe(error)
        told["stacktrace"] = render(told["exception"])
    for name, value in (told | given).items():
        setattr(made, name, value)
    return cast("Redacted", made)


def caught(function: Any) -> BaseException:
    """What `function` raises, with its traceback."""
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def envelopes(environ: dict[str, str] | None = None, **options: Any) -> Any:
    """An encoder whose process has only this environment."""
    sink = ApplicationInsights(OFFLINE, environ=environ or {}, **options)
    return sink.encoder(Redactor())
