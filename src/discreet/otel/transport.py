"""OTLP/HTTP and OTLP/gRPC: one request per batch, and what a receiver's answer means for the records.

Source: OTLP specification, "OTLP/HTTP Response", "OTLP/gRPC Response" and "Failures".
"""

from __future__ import annotations

import gzip as gzip_module
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from discreet._base.diagnostics import report_problem
from discreet._base.imports import missing_library
from discreet._delivery.export.http import Http as Client
from discreet._delivery.export.sink import Result
from discreet._redaction.redactor import Redactor
from discreet.otel.encoder import json_request, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._delivery.export.http import Answer
    from discreet.otel.settings import Endpoint, Tls

_LEVEL = 4  # zlib's fastest level makes a tenth more bytes, its default level takes twice as long

RETRYABLE = frozenset({429, 502, 503, 504})
"""After any other 4xx and 5xx, records must not be sent again."""

_LONGEST = 200  # characters of a receiver's message that are shown
_MOST_MESSAGES = 20
_MOST_BYTES = (1 << 20) - 1  # of a gRPC answer; odd, so that no receiver's own limit is taken for it
_reported: set[str] = set()

_abandoned: list[object] = []  # channels of a parent process: to free them could hang
_METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

_RETRYABLE_CODES = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})
"""RESOURCE_EXHAUSTED too, but only if the answer contains a time to wait."""


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
        if 200 <= answer.status < 300:
            response = _parsed(answer, json=self._json)
            return answer.unreadable(batch) if response is None else of_response(response, len(batch))
        return answer.refusal(batch, RETRYABLE)

    def disconnect(self) -> None:
        """Drop the connection."""
        self._client.disconnect()


class Grpc:
    """One channel to one receiver, opened by the first batch.

    grpcio is imported when the sink is made: the import is slow, and grpcio does not support every fork.
    """

    def __init__(self, endpoint: Endpoint, tls: Tls, headers: Mapping[str, str], *, gzip: bool, agent: str) -> None:
        try:
            import grpc
        except ImportError as error:
            raise missing_library("OTLP over gRPC", "grpcio", "otel-grpc", "grpc") from error
        self._grpc: Any = grpc
        self._endpoint = endpoint
        self._tls = tls
        self._metadata = tuple(headers.items())
        self._compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
        self._agent = agent
        self._channel: Any = None
        self._export: Any = None
        self._process = os.getpid()

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt, within `timeout` seconds."""
        self._after_fork()
        if self._channel is None:
            self._connect()
        try:
            answer = self._export(
                request(batch), timeout=timeout, metadata=self._metadata, compression=self._compression
            )
        except self._grpc.RpcError as error:
            return _refused(error, batch)
        try:
            response = ExportLogsServiceResponse.FromString(answer)
        except DecodeError:
            return Result(0, retry=batch, reason="gRPC OK with an answer that cannot be read")
        return of_response(response, len(batch))

    def disconnect(self) -> None:
        """Close the channel."""
        self._after_fork()
        channel, self._channel, self._export = self._channel, None, None
        if channel is not None:
            channel.close()

    def _after_fork(self) -> None:
        """A child neither uses nor closes its parent's channel: the channel's threads exist only in the parent."""
        if self._process != os.getpid():
            self._process = os.getpid()
            _abandoned.append((self._channel, self._export))
            self._channel = self._export = None

    def _connect(self) -> None:
        options = (
            ("grpc.primary_user_agent", self._agent),
            ("grpc.enable_retries", 0),
            ("grpc.max_receive_message_length", _MOST_BYTES),
        )
        if self._endpoint.secure:
            paths = (self._tls.certificate, self._tls.client_key, self._tls.client_certificate)
            authority, key, chain = (None if path is None else Path(path).read_bytes() for path in paths)
            credentials = self._grpc.ssl_channel_credentials(authority, key, chain)
            self._channel = self._grpc.secure_channel(self._endpoint.target, credentials, options)
        else:
            self._channel = self._grpc.insecure_channel(self._endpoint.target, options)
        self._export = self._channel.unary_unary(_METHOD)  # bytes in, bytes out: the request is serialized already


def _refused(error: Any, batch: Sequence[bytes]) -> Result:
    code = error.code().name
    reason = f"gRPC {code}"
    after = _retry_delay(error)
    if code in _RETRYABLE_CODES or (code == "RESOURCE_EXHAUSTED" and after is not None):
        return Result(0, retry=batch, after=after, reason=reason)
    details = error.details() or ""
    if code == "RESOURCE_EXHAUSTED" and f"{_MOST_BYTES})" in details:  # not the request: the answer is too long for us
        return Result(0, retry=batch, reason=f"{reason} with an answer that cannot be read")
    is_size = code == "RESOURCE_EXHAUSTED" and "larger than max" in details  # as HTTP's 413
    if len(batch) > 1 and (is_size or code == "INVALID_ARGUMENT"):
        return Result(0, reason=reason, split=True, is_content=not is_size)
    return Result(0, {reason: len(batch)}, reason=reason)


def _retry_delay(error: Any) -> float | None:
    """Seconds, from the `google.rpc.RetryInfo` among the details of a `google.rpc.Status`; None if there is none."""
    from google.protobuf.any_pb2 import Any as AnyMessage
    from google.protobuf.duration_pb2 import Duration

    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            with suppress(DecodeError, ValueError, TypeError):  # without the delay, the usual one is used
                for detail in map(AnyMessage.FromString, _fields(value, 3)):
                    if detail.type_url.endswith("/google.rpc.RetryInfo"):
                        duration = Duration.FromString(next(iter(_fields(detail.value, 1)), b""))
                        return max(0.0, duration.seconds + duration.nanos / 1e9)
            return None
    return None


def _fields(message: bytes, number: int) -> list[bytes]:
    """The messages in one field of a message, without the message's schema."""
    from google.protobuf.empty_pb2 import Empty
    from google.protobuf.unknown_fields import UnknownFieldSet

    fields = UnknownFieldSet(Empty.FromString(message))
    items = [fields[place] for place in range(len(fields))]
    return [item.data for item in items if item.field_number == number and isinstance(item.data, bytes)]


def of_response(response: ExportLogsServiceResponse, count: int) -> Result:
    """The result for an answer that accepted the request, but perhaps not all of its records.

    Refused records are never sent again.
    """
    if not response.HasField("partial_success"):
        return Result(count)
    partial = response.partial_success
    rejected = max(0, min(partial.rejected_log_records, count))
    if partial.error_message:
        text = Redactor().text(partial.error_message)[:_LONGEST]  # redacted, because it may quote a record
        if text not in _reported and len(_reported) < _MOST_MESSAGES:
            _reported.add(text)
            records = "1 record" if rejected == 1 else f"{rejected} records"
            about = f"the receiver refused {records} of a batch" if rejected else "the receiver"
            report_problem(f"{about}: {text}")
    if not rejected:
        return Result(count)
    return Result(count - rejected, {"partial success": rejected}, reason="partial success")


def _parsed(answer: Answer, *, json: bool) -> ExportLogsServiceResponse | None:
    """The message in an answer, read as its content type says; None if there is none, as in a proxy's page."""
    body, kind = answer.body, answer.headers.get("content-type", "").lower()
    if body is None or kind.startswith("text/html"):
        return None
    json = "json" in kind or (json and "protobuf" not in kind)
    try:
        if json:
            text = body.decode("utf-8") or "{}"
            return json_format.Parse(text, ExportLogsServiceResponse(), ignore_unknown_fields=True)
        return ExportLogsServiceResponse.FromString(body)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError):
        return None
