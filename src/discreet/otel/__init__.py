"""OpenTelemetry: records to an OTLP receiver, or into the SDK that the application has set up.

OTLP needs `discreet[otel]`, over gRPC `discreet[otel-grpc]`; the bridge needs the application's own SDK.
"""

from discreet.otel.bridge import Bridge
from discreet.otel.sink import OTLP, from_environment

__all__ = ["OTLP", "Bridge", "from_environment"]
