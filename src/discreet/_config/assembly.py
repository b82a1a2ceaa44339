"""From settings to what a record meets: the redactor, who speaks, and each sink's encoder."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

from discreet._delivery.setup import Setup
from discreet._delivery.stream import Stream
from discreet._encoding.json import encode as encode_json
from discreet._record import Identity
from discreet._redaction.redactor import Redactor
from discreet._redaction.registered import registry

if TYPE_CHECKING:
    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder


def redactor_for(settings: Settings) -> Redactor:
    """The redactor of a configuration, which knows the secrets of the environment too."""
    redactor = Redactor(settings.redaction, settings.pseudonym_key)
    if settings.redaction.environment:
        registry.add_environment(os.environ, redactor.key)
    return redactor


def setup_for(settings: Settings) -> Setup:
    """What sinks are told."""
    return Setup(
        settings.service,
        settings.exit_timeout,
        settings.spool,
        spool_required=settings.why.get("spool", "default") != "default",
    )


def identity_of(settings: Settings, redactor: Redactor) -> Identity:
    """Who speaks, judged like any other text: names come from the environment."""

    def judged(value: str | None) -> str | None:
        return None if value is None else redactor.text(value)

    return Identity(
        judged(settings.service),
        judged(settings.version),
        judged(settings.environment.name),
        judged(settings.host),
        os.getpid(),
    )


def encoder_for(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for a sink: one that it brings, else by its own format, the configured one, or the place."""
    return sink.encoder(redactor) or by_format(sink, settings, redactor)


def by_format(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for text: the sink's own format, else the configured one, else what suits the place."""
    name = sink.format if sink.format != "auto" else settings.format
    if name == "auto":
        name = "json" if settings.environment.profile == "prod" else "console"
    if name == "json":
        return encode_json
    if name == "console":
        return _console(getattr(sink, "inner", sink), settings)
    if name == "otel":
        # By name, as whatever knows OpenTelemetry's resource is loaded: only where it is asked for.
        file_encoder: Encoder = import_module("discreet.otel.resource").file_encoder(redactor)
        return file_encoder
    if name == "gcp":
        from discreet._encoding.schemas.gcp import GcpEncoder

        return GcpEncoder()
    encode: Encoder = import_module(f"discreet._encoding.schemas.{name}").encode
    return encode


def _console(sink: Sink, settings: Settings) -> Encoder:
    from discreet._encoding.ci import CiEncoder
    from discreet._encoding.console.line import ConsoleEncoder, color_count, terminal_width, wants_color

    stream = sink.stream() if isinstance(sink, Stream) else None
    color = stream is not None and wants_color(stream, os.environ)
    ci = settings.environment.ci
    if ci is not None:
        # What goes to a file carries no annotations, but may be printed by the pipeline all the same.
        known = cast("Ci", ci) if stream is not None else "other"
        workspace = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("BUILD_SOURCESDIRECTORY")
        return CiEncoder(known, color=color, colors=color_count(), workspace=workspace)
    if stream is None:
        return ConsoleEncoder()
    return ConsoleEncoder(color=color, colors=color_count(), width=lambda: terminal_width(stream))
