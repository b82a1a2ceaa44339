"""Which sinks a process gets: those given in code, else a stream, a file, and the receivers that variables ask for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from discreet._base.levels import ERROR
from discreet._delivery.stream import Stream

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from discreet._delivery.sink import Sink

RECEIVER_PREFIXES = ("OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_", "APPLICATIONINSIGHTS_")
"""How the names of the variables begin that ask for a receiver and describe it."""

_OTLP = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"


def choose_sinks(
    given: Sequence[Sink] | None, stream: str | None, file: str | os.PathLike[str] | None, environ: Mapping[str, str]
) -> tuple[tuple[Sink, ...], list[str], list[str]]:
    """The sinks; why there are others than the settings name; and advice on receivers that cannot be had."""
    receivers: list[Sink] = []
    advice: list[str] = []
    sinks: list[Sink] = [] if given is None else list(given)
    if given is None:
        if stream == "split":
            sinks = [Stream("stdout", below=ERROR), Stream("stderr", level=ERROR)]
        elif stream not in (None, "none"):
            sinks = [Stream(stream)]
        receivers, advice = receivers_from(environ)
    if file is not None:
        from discreet._delivery.file.sink import bounded  # which few processes need

        sinks.append(bounded(file))
    reasons = ["variables that ask for a remote sink"] if receivers else []
    if advice and not sinks and not receivers:  # no stream is wanted, and what was to serve in its place cannot be had
        sinks.append(Stream("stdout"))
        reasons.append("but there would be no sink at all")
    return (*sinks, *receivers), reasons, advice


def receivers_from(environ: Mapping[str, str]) -> tuple[list[Sink], list[str]]:
    """The sinks for the receivers that variables ask for, and advice on those that cannot be had.

    Their packages are imported only here, and by name. Raises `ConfigurationError` for a wrong variable.
    """
    sinks: list[Sink] = []
    advice: list[str] = []
    for variable, package in _wanted_receivers(environ):
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


def _wanted_receivers(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """The variable that asks for each receiver, and the package that has its sink."""
    wanted: list[tuple[str, str]] = []
    exporters = [name.strip().lower() for name in environ.get("OTEL_LOGS_EXPORTER", "").split(",") if name.strip()]
    variable = next((name for name in _OTLP if environ.get(name, "").strip()), "")
    if "otlp" in exporters and not variable:
        variable = "OTEL_LOGS_EXPORTER"
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if variable and not disabled and (not exporters or "otlp" in exporters):
        wanted.append((variable, "otel"))
    if environ.get(_AZURE, "").strip():
        wanted.append((_AZURE, "azure"))
    return wanted
