"""OTLP/gRPC. grpcio is imported when the sink is made: the import is slow, and grpcio does not support every fork."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from discreet._base.imports import missing_library
from discreet._delivery.export.sink import Result
from discreet.otel.http import of_response
from discreet.otel.protobuf import request

try:
    import grpc
except ImportError as error:
    raise missing_library("OTLP over gRPC", "grpcio", "otel-grpc", "grpc") from error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet.otel.endpoint import Endpoint, Tls

_abandoned: list[object] = []  # channels of a parent process: to free them could hang
_METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

_RETRYABLE = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})
"""OTLP specification, "OTLP/gRPC Response". RESOURCE_EXHAUSTED only if the receiver says when to send again."""


class Grpc:
    """One channel to one receiver, opened by the first batch."""

    def __init__(self, endpoint: Endpoint, tls: Tls, headers: Mapping[str, str], *, gzip: bool, agent: str) -> None:
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
        except grpc.RpcError as error:
            return _refused(error, batch)
        try:
            response = ExportLogsServiceResponse.FromString(answer)
        except DecodeError:
            response = None
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
        options = (("grpc.primary_user_agent", self._agent), ("grpc.enable_retries", 0))
        if self._endpoint.secure:
            authority, key, chain = self._tls.read()
            credentials = grpc.ssl_channel_credentials(authority, key, chain)
            self._channel = grpc.secure_channel(self._endpoint.target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(self._endpoint.target, options)
        self._export = self._channel.unary_unary(_METHOD)  # bytes in, bytes out: the request is serialized already


def _refused(error: Any, batch: Sequence[bytes]) -> Result:
    code = error.code().name
    reason = f"gRPC {code}"
    after = _retry_delay(error)
    if code in _RETRYABLE or (code == "RESOURCE_EXHAUSTED" and after is not None):
        return Result(0, retry=batch, after=after, reason=reason)
    if code == "RESOURCE_EXHAUSTED" and len(batch) > 1 and "larger than max" in (error.details() or ""):
        return Result(0, reason=reason, split=True)  # as HTTP's 413
    return Result(0, {reason: len(batch)}, reason=reason)


def _retry_delay(error: Any) -> float | None:
    """Seconds, from the `google.rpc.RetryInfo` among the details of a `google.rpc.Status`; None if there is none."""
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
    fields = UnknownFieldSet(Empty.FromString(message))
    items = [fields[place] for place in range(len(fields))]
    return [item.data for item in items if item.field_number == number and isinstance(item.data, bytes)]
