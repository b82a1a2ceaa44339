"""OTLP/gRPC against a real gRPC server on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

grpc = pytest.importorskip("grpc")

from google.protobuf.any_pb2 import Any as AnyMessage  # noqa: E402 - after the check that gRPC is there
from google.protobuf.duration_pb2 import Duration  # noqa: E402 - as above
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (  # noqa: E402 - as above
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from discreet.otel import OTLP  # noqa: E402 - as above

from ..waiting import HANG  # noqa: E402 - as above
from . import certificates  # noqa: E402 - as above
from .receiver import value_of  # noqa: E402 - as above
from .test_http import lines  # noqa: E402 - as above

METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


class Service(grpc.GenericRpcHandler):
    """Keeps what comes in and answers as the test says."""

    def __init__(self) -> None:
        self.received: list[ExportLogsServiceRequest] = []
        self.metadata: list[dict[str, Any]] = []
        self.answer: Callable[[Any], ExportLogsServiceResponse] = lambda _: ExportLogsServiceResponse()
        self.port = 0

    def service(self, details: Any) -> Any:
        if details.method != METHOD:
            return None
        self.metadata.append(dict(details.invocation_metadata))
        return grpc.unary_unary_rpc_method_handler(
            self._export,
            request_deserializer=ExportLogsServiceRequest.FromString,
            response_serializer=ExportLogsServiceResponse.SerializeToString,
        )

    def _export(self, request: ExportLogsServiceRequest, context: Any) -> ExportLogsServiceResponse:
        answer = self.answer(context)
        self.received.append(request)
        return answer

    @property
    def bodies(self) -> list[Any]:
        return [
            value_of(record.body)
            for request in self.received
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


def serve(credentials: Any = None) -> Iterator[Service]:
    service = Service()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[service])
    if credentials is None:
        service.port = server.add_insecure_port("127.0.0.1:0")
    else:
        service.port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield service
    server.stop(0).wait()


@pytest.fixture
def service() -> Iterator[Service]:
    yield from serve()


def sink(service: Service, scheme: str = "http://", **options: Any) -> OTLP:
    return OTLP(f"{scheme}127.0.0.1:{service.port}", protocol="grpc", **options)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_batch_arrives_in_order(service, compression):
    out = sink(service, compression=compression, headers={"X-Api-Key": "k"})
    assert out.send(lines(600), HANG).delivered == 600
    assert service.bodies == [f"number {n}" for n in range(600)]
    assert service.metadata[0]["x-api-key"] == "k"
    assert service.metadata[0]["user-agent"].startswith("discreet")
    out.disconnect()
    assert out.send(lines(1), HANG).delivered == 1
    out.disconnect()


def test_a_name_without_a_scheme_is_secure_unless_told(service):
    out = sink(service, "", insecure=True)
    assert out.send(lines(1), HANG).delivered == 1
    out.disconnect()
    out = sink(service, "")
    assert out.send(lines(1), 2).retry, "a server that does not speak TLS is a connection error"
    out.disconnect()


def abort(code: str, details: str = "no", trailing: bytes | None = None) -> Callable[[Any], Any]:
    def answer(context: Any) -> None:
        if trailing is not None:
            context.set_trailing_metadata((("grpc-status-details-bin", trailing),))
        context.abort(getattr(grpc.StatusCode, code), details)

    return answer


def retry_info(seconds: int, nanos: int = 0) -> bytes:
    """A `google.rpc.Status` with one `RetryInfo`, made by hand: its schema is in a package we do without."""
    delay = Duration(seconds=seconds, nanos=nanos).SerializeToString()
    info = AnyMessage(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\x0a" + bytes([len(delay)]) + delay)
    wrapped = info.SerializeToString()
    return b"\x08\x0e\x12\x04busy\x1a" + bytes([len(wrapped)]) + wrapped


@pytest.mark.parametrize(
    "code", ["CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"]
)
def test_these_codes_mean_try_again(service, code):
    service.answer = abort(code)
    out = sink(service)
    batch = lines()
    result = out.send(batch, HANG)
    assert (result.delivered, list(result.retry), result.reason) == (0, batch, f"gRPC {code}")
    out.disconnect()


@pytest.mark.parametrize(
    "code",
    [
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNKNOWN",
        "RESOURCE_EXHAUSTED",
    ],
)
def test_all_other_codes_mean_never_again(service, code):
    service.answer = abort(code)
    out = sink(service)
    result = out.send(lines(), HANG)
    assert (result.delivered, dict(result.rejected), list(result.retry)) == (0, {f"gRPC {code}": 3}, [])
    out.disconnect()


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "UNAVAILABLE"])
def test_a_receiver_that_says_when_is_asked_again_then(service, code):
    service.answer = abort(code, trailing=retry_info(7, 500_000_000))
    out = sink(service)
    result = out.send(lines(), HANG)
    assert len(result.retry) == 3
    assert result.after == 7.5
    out.disconnect()


def test_details_that_cannot_be_read_are_no_advice(service):
    service.answer = abort("UNAVAILABLE", trailing=b"\xff\xff\xff")
    out = sink(service)
    result = out.send(lines(), HANG)
    assert len(result.retry) == 3
    assert result.after is None
    out.disconnect()


def test_a_batch_with_an_invalid_record_is_to_be_split(service):
    service.answer = abort("INVALID_ARGUMENT")
    out = sink(service)
    result = out.send(lines(2), HANG)
    assert (result.split, result.is_content) == (True, True)
    assert dict(out.send(lines(1), HANG).rejected) == {"gRPC INVALID_ARGUMENT": 1}
    out.disconnect()


def test_too_large_a_batch_is_to_be_split(service):
    service.answer = abort("RESOURCE_EXHAUSTED", "Received message larger than max (5 vs. 4)")
    out = sink(service)
    assert out.send(lines(2), HANG).split
    assert dict(out.send(lines(1), HANG).rejected) == {"gRPC RESOURCE_EXHAUSTED": 1}
    out.disconnect()


def test_a_partial_success_is_counted_and_never_sent_again(service):
    def some(_: Any) -> ExportLogsServiceResponse:
        response = ExportLogsServiceResponse()
        response.partial_success.rejected_log_records = 2
        return response

    service.answer = some
    out = sink(service)
    result = out.send(lines(5), HANG)
    assert (result.delivered, dict(result.rejected)) == (3, {"partial success": 2})
    out.disconnect()


def test_a_receiver_that_hangs_costs_the_timeout_and_no_record(service):
    import threading

    over = threading.Event()

    def wait(_: Any) -> ExportLogsServiceResponse:
        over.wait()
        return ExportLogsServiceResponse()

    service.answer = wait
    out = sink(service)
    result = out.send(lines(), 0.3)
    assert (len(result.retry), result.reason) == (3, "gRPC DEADLINE_EXCEEDED")
    over.set()
    out.disconnect()


def test_tls_trusts_the_given_authority_and_no_other(tmp_path):
    files = certificates.make(tmp_path)
    pair = (Path(files.key).read_bytes(), Path(files.certificate).read_bytes())
    for service in serve(grpc.ssl_server_credentials([pair])):
        trusting = sink(service, "https://", certificate=files.authority)
        trusting.open()
        assert trusting.send(lines(1), HANG).delivered == 1
        trusting.disconnect()
        other = sink(service, "https://")
        assert other.send(lines(1), 2).retry
        other.disconnect()


def test_mutual_tls_shows_the_clients_certificate(tmp_path):
    files = certificates.make(tmp_path)
    pair = (Path(files.key).read_bytes(), Path(files.certificate).read_bytes())
    credentials = grpc.ssl_server_credentials([pair], Path(files.authority).read_bytes(), require_client_auth=True)
    for service in serve(credentials):
        known = sink(
            service,
            "https://",
            certificate=files.authority,
            client_certificate=files.certificate,
            client_key=files.key,
        )
        assert known.send(lines(1), HANG).delivered == 1
        known.disconnect()
        unknown = sink(service, "https://", certificate=files.authority)
        assert unknown.send(lines(1), 2).retry
        unknown.disconnect()


def test_grpc_is_imported_only_where_it_is_used():
    program = "import sys; from discreet.otel import OTLP; OTLP(environ={}); print('grpc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
