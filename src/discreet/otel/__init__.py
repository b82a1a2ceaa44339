"""OpenTelemetry: records to an OTLP receiver. Needs `discreet[otel]`, for gRPC `discreet[otel-grpc]`."""

from discreet.otel.sink import OTLP, from_environment

__all__ = ["OTLP", "from_environment"]
