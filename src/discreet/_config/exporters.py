"""The remote sinks that the environment asks for. Their packages are imported by name, and only then."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._delivery.sink import Sink

PREFIXES = ("OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_", "APPLICATIONINSIGHTS_")
"""How the variables begin that set these sinks up."""

_OTLP = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"


def wanted(environ: Mapping[str, str]) -> tuple[list[Sink], list[str]]:
    """Sinks, and what the user should know of those that cannot be had. A wrong value raises `ConfigurationError`."""
    sinks: list[Sink] = []
    advice: list[str] = []
    for variable, package in _asked_for(environ):
        try:
            sink: Sink | None = import_module(f"discreet.{package}").from_environment(environ)
        except ImportError as error:
            reason = str(error)
            if "pip install" not in reason:
                reason = f'{error.name} is missing. Install it with: pip install "discreet[{package}]"'
            advice.append(f"{variable} is set, but nothing is sent there: {reason}")
        else:
            if sink is not None:
                sinks.append(sink)
    return sinks, advice


def _asked_for(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []
    exporters = [name.strip().lower() for name in environ.get("OTEL_LOGS_EXPORTER", "").split(",") if name.strip()]
    variable = next((name for name in _OTLP if environ.get(name, "").strip()), "")
    if "otlp" in exporters and not variable:
        variable = "OTEL_LOGS_EXPORTER"
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if variable and not disabled and (not exporters or "otlp" in exporters):
        asked.append((variable, "otel"))
    if environ.get(_AZURE, "").strip():
        asked.append((_AZURE, "azure"))
    return asked
