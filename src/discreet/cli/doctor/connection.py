"""`discreet doctor`: whether the receivers of remote sinks take a record, and what to do if not. Shows no secret."""

from __future__ import annotations

import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of
from discreet._base.levels import DEBUG
from discreet._context.capture import collect
from discreet._delivery.export.sink import ExportSink, Result, Unreachable
from discreet._delivery.runner import runner_of
from discreet._delivery.sink import Sink
from discreet._pipeline import Output, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from discreet._record import Encoder, Redacted

MESSAGE = "discreet doctor tested this connection"

_LONGEST = 10.0  # seconds, even if the timeout of the sink itself is longer
_LATE = 1.0  # seconds more, for steps that have no time limit, such as the look-up of a host name
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_PORTS = "4318 is for HTTP, 4317 for gRPC"
_TOO_LATE = "no answer in time. Check the address, this network's DNS, firewalls, and HTTPS_PROXY"
_UNKNOWN = f"it cannot be reached. Check {_ENDPOINT}, the firewall and HTTPS_PROXY"

_BY_REASONS = {
    ("ECONNREFUSED",): f"nothing listens there. Start the receiver, or correct {_ENDPOINT} (port {_PORTS})",
    ("gaierror", "NameResolutionError"): f"its name is not known here. Check {_ENDPOINT} and this network's DNS",
    ("timeout", "gRPC DEADLINE_EXCEEDED"): (
        f"no answer in time. Check {_ENDPOINT}, its port ({_PORTS}), firewalls, and HTTPS_PROXY"
    ),
    ("ECONNRESET", "ProtocolError", "RemoteDisconnected", "BadStatusLine"): (
        f"what listens there does not speak OTLP over HTTP. Check the port of {_ENDPOINT} ({_PORTS}) and whether it "
        "wants https://"
    ),
    ("SSLCertVerificationError",): (
        "its certificate is not trusted, or is for another name. Name the authority's file in "
        f"OTEL_EXPORTER_OTLP_CERTIFICATE, and check the host in {_ENDPOINT}"
    ),
    ("SSLError", "SSLEOFError", "SSLZeroReturnError"): (
        f"no TLS connection. Does it want http:// in {_ENDPOINT}? If it wants a certificate of yours, set "
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY"
    ),
    ("HTTP 400", "HTTP 415"): (
        "it does not take requests of this form. Check OTEL_EXPORTER_OTLP_PROTOCOL (http/protobuf or http/json) and "
        "OTEL_EXPORTER_OTLP_COMPRESSION"
    ),
    ("HTTP 401", "gRPC UNAUTHENTICATED"): (
        f"it wants credentials, or others than these. Set {_HEADERS}, such as authorization=Bearer%20..."
    ),
    ("HTTP 403", "gRPC PERMISSION_DENIED"): (
        f"the credentials are known there, but may not write logs. Check {_HEADERS} and what that key may do"
    ),
    ("HTTP 404", "HTTP 405"): (
        f"no logs are taken at this path. {_ENDPOINT} gets /v1/logs appended, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT (and "
        "endpoint= in code) is used as it is"
    ),
    ("HTTP 407",): "the proxy wants a user and a password. Put them into HTTPS_PROXY, or the host into NO_PROXY",
    ("HTTP 413",): "even one record is too large for it. Raise its limit",
    ("HTTP 429", "gRPC RESOURCE_EXHAUSTED"): (
        "it asks to slow down. Records wait and are sent again. If it lasts, raise its limits, or log less"
    ),
    ("partial success",): "it is there, but refused the record; its message is on standard error. Check its limits",
    ("gRPC UNAVAILABLE",): (
        f"no gRPC connection. Start the receiver; check {_ENDPOINT} (port 4317 is for gRPC), http:// or https://, and "
        "OTEL_EXPORTER_OTLP_CERTIFICATE"
    ),
    ("HTTP 3",): f"it sends elsewhere, and redirects are not followed. Put the final address into {_ENDPOINT}",
    ("HTTP 5",): "it has a problem of its own. Look into its logs",
    ("gRPC UNIMPLEMENTED",): f"it takes no logs. Give its pipeline for logs an OTLP receiver, or correct {_ENDPOINT}",
}
_REMEDIES = {reason: remedy for reasons, remedy in _BY_REASONS.items() for reason in reasons}


def test(sink: ExportSink, pipeline: Pipeline) -> Callable[[], list[str] | None]:
    """Begin to look for problems of a sink, in a thread of its own, because a step of it may hang.

    The function that is returned waits for the result, and returns a timeout when the time is over.
    """
    results: list[list[str] | None] = [[f"timeout: {_TOO_LATE}"]]
    deadline = time.monotonic() + min(sink.timeout, _LONGEST) + _LATE
    thread = threading.Thread(target=lambda: results.append(problems(sink, pipeline)), daemon=True)
    thread.start()

    def result() -> list[str] | None:
        thread.join(max(0.0, deadline - time.monotonic()))
        return results[-1]

    return result


def problems(sink: ExportSink, pipeline: Pipeline) -> list[str] | None:
    """Why records do not arrive, each with a remedy; empty if a record was taken, None if there is no test for it."""
    if _is(sink, "discreet.otel.sink", "OTLP"):
        return [f"{reason}: {remedy}" for reason, remedy in _otlp(sink, pipeline)]
    if any(_is(sink, f"discreet.azure.{name}", kind) for name, kind in _AZURE):
        found: list[str] = import_module("discreet.azure").check(sink, timeout=min(sink.timeout, _LONGEST))
        return [problem.removeprefix(f"{sink.name} ") for problem in found]
    return None


_AZURE = (("ingestion", "ApplicationInsights"), ("logs_ingestion", "LogsIngestion"))


def _is(sink: Sink, module: str, name: str) -> bool:
    """Whether it is an instance of a class of an extra, which is not imported if nobody uses it."""
    kind: object = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(sink, kind)


def _otlp(sink: ExportSink, pipeline: Pipeline) -> list[tuple[str, str]]:
    try:
        lines = _record(sink, pipeline)
        result = Result(*sink.send(lines, min(sink.timeout, _LONGEST)))
    except (OSError, EOFError) as error:
        reason = error.reason if isinstance(error, Unreachable) else reason_of(error)
        return [(reason, _REMEDIES.get(reason, _UNKNOWN))]
    except Exception as error:  # a broken test must not break the report
        return [(type(error).__name__, 'the connection could not be tested. Try pip install -U "discreet[otel]"')]
    finally:
        sink.disconnect()
    if result.delivered:
        return []
    reason = result.reason or "not accepted"
    refused = f"it refused a record. Look into its logs, and check {_ENDPOINT}"
    return [(reason, _REMEDIES.get(reason) or _REMEDIES.get(reason[:6], refused))]


class _Kept(Sink):
    """Takes the record that another sink would send, and encodes it as that one does."""

    def __init__(self, encode: Encoder) -> None:
        super().__init__()
        self.lines: list[bytes] = []
        self._encode = encode

    def write_record(self, record: Redacted) -> None:
        self.lines.append(self._encode(record))


def _record(sink: ExportSink, pipeline: Pipeline) -> list[bytes]:
    """A record as the sink would send it: through the same steps, but not through its queue and spool."""
    kept = _Kept(sink.encoder(pipeline.redactor))
    record, context = collect("discreet.doctor", DEBUG, MESSAGE, {}, None)
    output = Output(0, None, runner_of(kept))
    Pipeline(pipeline.redactor, (output,), pipeline.identity).process(record, context)
    return kept.lines
