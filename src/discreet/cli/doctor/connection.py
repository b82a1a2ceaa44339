"""`discreet doctor`: whether remote sinks' receivers take a record, and if not, what to do. Holds no secret."""

from __future__ import annotations

import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of
from discreet._base.levels import DEBUG
from discreet._config.assembly import encoder_for
from discreet._context.capture import collect
from discreet._delivery.export.sink import Receipt, Remote, Unreachable
from discreet._delivery.sink import Sink
from discreet._pipeline import Output, Pipeline

if TYPE_CHECKING:
    from discreet._config.settings import Settings

MESSAGE = "discreet doctor tested this connection"

_LONGEST = 10.0  # seconds, however patient the sink itself is
_LATE = 1.0  # seconds more, for what has no time limit of its own, such as the look-up of a name
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"

_NOBODY = f"nothing listens there. Start the receiver, or correct {_ENDPOINT} (port 4318 is for HTTP, 4317 for gRPC)"
_NO_ANSWER = (
    f"no answer in time. Check {_ENDPOINT}, its port (4318 is for HTTP, 4317 for gRPC), firewalls, and HTTPS_PROXY"
)
_TOO_LATE = "no answer in time. Check the address, this network's DNS, firewalls, and HTTPS_PROXY"
_NO_NAME = f"its name is not known here. Check {_ENDPOINT} and this network's DNS"
_NO_HTTP = (
    f"what listens there does not speak OTLP over HTTP. Check the port of {_ENDPOINT} (4318 is for HTTP, 4317 for "
    "gRPC) and whether it wants https://"
)
_NO_TRUST = (
    "its certificate is not trusted, or is for another name. Name the authority's file in "
    f"OTEL_EXPORTER_OTLP_CERTIFICATE, and check the host in {_ENDPOINT}"
)
_NO_TLS = (
    f"no TLS connection. Does it want http:// in {_ENDPOINT}? If it wants a certificate of yours, set "
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY"
)
_NO_KEY = f"it wants credentials, or others than these. Set {_HEADERS}, such as authorization=Bearer%20..."
_NO_RIGHT = f"the credentials are known there, but may not write logs. Check {_HEADERS} and what that key may do"
_NO_PATH = (
    f"no logs are taken at this path. {_ENDPOINT} gets /v1/logs appended, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT (and "
    "endpoint= in code) is used as it is"
)
_NO_FORM = (
    "it does not take requests of this form. Check OTEL_EXPORTER_OTLP_PROTOCOL (http/protobuf or http/json) and "
    "OTEL_EXPORTER_OTLP_COMPRESSION"
)
_BUSY = "it asks to slow down. Records wait and are sent again. If it lasts, raise its limits, or log less"
_UNWELL = "it has a problem of its own. Look into its logs"

_REMEDIES = {
    "ECONNREFUSED": _NOBODY,
    "gaierror": _NO_NAME,
    "NameResolutionError": _NO_NAME,
    "timeout": _NO_ANSWER,
    "ECONNRESET": _NO_HTTP,
    "ProtocolError": _NO_HTTP,
    "RemoteDisconnected": _NO_HTTP,
    "BadStatusLine": _NO_HTTP,
    "SSLCertVerificationError": _NO_TRUST,
    "SSLError": _NO_TLS,
    "SSLEOFError": _NO_TLS,
    "SSLZeroReturnError": _NO_TLS,
    "HTTP 400": _NO_FORM,
    "HTTP 401": _NO_KEY,
    "HTTP 403": _NO_RIGHT,
    "HTTP 404": _NO_PATH,
    "HTTP 405": _NO_PATH,
    "HTTP 407": "the proxy wants a user and a password. Put them into HTTPS_PROXY, or the host into NO_PROXY",
    "HTTP 413": "even one record is too large for it. Raise its limit",
    "HTTP 415": _NO_FORM,
    "HTTP 429": _BUSY,
    "partial success": "it is there, but refused the record; its words are on standard error. Check its limits",
    "gRPC UNAVAILABLE": (
        f"no gRPC connection. Start the receiver; check {_ENDPOINT} (port 4317 is for gRPC), http:// or https://, and "
        "OTEL_EXPORTER_OTLP_CERTIFICATE"
    ),
    "gRPC DEADLINE_EXCEEDED": _NO_ANSWER,
    "gRPC UNAUTHENTICATED": _NO_KEY,
    "gRPC PERMISSION_DENIED": _NO_RIGHT,
    "gRPC UNIMPLEMENTED": f"it takes no logs. Give its pipeline for logs an OTLP receiver, or correct {_ENDPOINT}",
    "gRPC RESOURCE_EXHAUSTED": _BUSY,
}


class Test:
    """One sink's test, in a thread that nobody waits for longer than `_LONGEST`."""

    def __init__(self, sink: Remote, settings: Settings, pipeline: Pipeline) -> None:
        self._found: list[str] | None = [f"timeout: {_TOO_LATE}"]
        self._deadline = time.monotonic() + min(sink.timeout, _LONGEST) + _LATE
        self._thread = threading.Thread(target=self._run, args=(sink, settings, pipeline), daemon=True)
        self._thread.start()

    def _run(self, sink: Remote, settings: Settings, pipeline: Pipeline) -> None:
        self._found = problems(sink, settings, pipeline)

    def problems(self) -> list[str] | None:
        """As the function of this name, in time."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._found


def problems(sink: Remote, settings: Settings, pipeline: Pipeline) -> list[str] | None:
    """What keeps records from arriving, with its remedy; empty if one was just taken, None if nobody can tell."""
    if _is(sink, "discreet.otel.sink", "OTLP"):
        problem = _otlp(sink, settings, pipeline)
        return [] if problem is None else [f"{problem[0]}: {problem[1]}"]
    if any(_is(sink, f"discreet.azure.{name}", kind) for name, kind in _AZURE):
        found: list[str] = import_module("discreet.azure").check(sink, timeout=min(sink.timeout, _LONGEST))
        return [problem.removeprefix(f"{sink.name} ") for problem in found]
    return None


_AZURE = (("ingestion", "ApplicationInsights"), ("logs_ingestion", "LogsIngestion"))


def _is(sink: Sink, module: str, name: str) -> bool:
    """An extra's class is only known where somebody has loaded it."""
    kind: object = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(sink, kind)


def _otlp(sink: Remote, settings: Settings, pipeline: Pipeline) -> tuple[str, str] | None:
    try:
        lines = _record(sink, settings, pipeline)
        receipt = Receipt(*sink.send(lines, min(sink.timeout, _LONGEST)))
    except (OSError, EOFError) as error:
        reason = error.reason if isinstance(error, Unreachable) else reason_of(error)
        return reason, _REMEDIES.get(reason, f"it cannot be reached. Check {_ENDPOINT}, the firewall and HTTPS_PROXY")
    except Exception as error:  # a test that fails must not fail the doctor
        return type(error).__name__, 'the connection could not be tested. Try pip install -U "discreet[otel]"'
    finally:
        sink.disconnect()
    if receipt.delivered:
        return None
    reason = receipt.reason or "not accepted"
    return reason, _REMEDIES.get(reason) or _of_status(reason)


def _of_status(reason: str) -> str:
    if reason.startswith("HTTP 5"):
        return _UNWELL
    if reason.startswith("HTTP 3"):
        return f"it sends elsewhere, and redirects are not followed. Put the final address into {_ENDPOINT}"
    return f"it refused a record. Look into its logs, and check {_ENDPOINT}"


class _Kept(Sink):
    """Takes the line that is made for another sink."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)


def _record(sink: Remote, settings: Settings, pipeline: Pipeline) -> list[bytes]:
    """One record as the sink would send it: through the same steps, past its queue and its spool."""
    kept = _Kept()
    output = Output(0, encoder_for(sink, settings, pipeline.redactor), kept)
    record, context = collect("discreet.doctor", DEBUG, MESSAGE, {}, None)
    Pipeline(pipeline.redactor, (output,), pipeline.identity).process(record, context)
    return kept.lines
