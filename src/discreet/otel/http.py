"""OTLP/HTTP: one POST per batch, as protobuf or as JSON; and what a receiver's answer means for the records.

Source: OTLP specification, "OTLP/HTTP Response" and "Failures".
"""

from __future__ import annotations

import gzip as gzip_module
from typing import TYPE_CHECKING

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from discreet._base.diagnostics import report_problem
from discreet._delivery.export.http import Http as Client
from discreet._delivery.export.retry import parse_retry_after
from discreet._delivery.export.sink import Result
from discreet._redaction.redactor import Redactor
from discreet.otel.protobuf import json_request, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet.otel.endpoint import Endpoint, Tls

_LEVEL = 4  # zlib's fastest level makes a tenth more bytes, its default level takes twice as long

RETRYABLE = frozenset({429, 502, 503, 504})
"""After any other 4xx and 5xx, records must not be sent again."""

_LONGEST = 200  # characters of a receiver's message that are shown
_MOST_MESSAGES = 20
_reported: set[str] = set()


class Http:
    """Requests to one receiver over one connection."""

    def __init__(
        self, endpoint: Endpoint, tls: Tls, headers: Mapping[str, str], *, gzip: bool, json: bool, agent: str
    ) -> None:
        self._url = endpoint.target
        self._gzip = gzip
        self._json = json
        self._headers = {
            "user-agent": agent,
            **headers,
            "content-type": "application/json" if json else "application/x-protobuf",
        }
        if gzip:
            self._headers["content-encoding"] = "gzip"
        self._client = Client(
            ca_file=tls.certificate, client_certificate=tls.client_certificate, client_key=tls.client_key
        )

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt. Raises `OSError` where there was no answer."""
        body = json_request(batch) if self._json else request(batch)
        if self._gzip:
            body = gzip_module.compress(body, _LEVEL, mtime=0)
        answer = self._client.post(self._url, body, self._headers, timeout)
        return of_http(answer.status, answer.headers.get("retry-after"), answer.body, batch, json=self._json)

    def disconnect(self) -> None:
        """Drop the connection."""
        self._client.disconnect()


def of_http(status: int, retry_after: str | None, body: bytes, batch: Sequence[bytes], *, json: bool) -> Result:
    """The result for an HTTP answer."""
    if 200 <= status < 300:
        return of_response(_parsed(body, json=json), len(batch))
    reason = f"HTTP {status}"
    if status in RETRYABLE:
        return Result(0, retry=batch, after=parse_retry_after(retry_after), reason=reason)
    if status == 413 and len(batch) > 1:
        return Result(0, reason=reason, split=True)
    return Result(0, {reason: len(batch)}, reason=reason)


def of_response(response: ExportLogsServiceResponse | None, count: int) -> Result:
    """The result for an answer that accepted the request, but perhaps not all of its records.

    Refused records are never sent again. An answer that cannot be read counts as full success, as its status says.
    """
    if response is None or not response.HasField("partial_success"):
        return Result(count)
    partial = response.partial_success
    rejected = max(0, min(partial.rejected_log_records, count))
    if partial.error_message:
        _report(rejected, partial.error_message)
    if not rejected:
        return Result(count)
    return Result(count - rejected, {"partial success": rejected}, reason="partial success")


def _parsed(body: bytes, *, json: bool) -> ExportLogsServiceResponse | None:
    try:
        if json:
            text = body.decode("utf-8") or "{}"
            return json_format.Parse(text, ExportLogsServiceResponse(), ignore_unknown_fields=True)
        return ExportLogsServiceResponse.FromString(body)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError):
        return None


def _report(rejected: int, message: str) -> None:
    """Report the receiver's message, once; it is redacted, because it may quote a record."""
    text = Redactor().text(message)[:_LONGEST]
    records = "1 record" if rejected == 1 else f"{rejected} records"
    if text not in _reported and len(_reported) < _MOST_MESSAGES:
        _reported.add(text)
        report_problem(f"the receiver refused {records} of a batch: {text}" if rejected else f"the receiver: {text}")
