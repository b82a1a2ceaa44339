"""What a record meets on its way, made from the settings: the redactor, the identity of the process, the encoders."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

from discreet._context.opentelemetry import count_redaction
from discreet._delivery.runner import OwnSink, takes_records
from discreet._delivery.setup import Setup
from discreet._delivery.stream import Stream
from discreet._encoding.json import encode as encode_json
from discreet._record import Identity
from discreet._redaction.audit import audit
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import registry

if TYPE_CHECKING:
    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder


def redactor_for(settings: Settings) -> Redactor:
    """The redactor for these settings, which knows the secrets in environment variables too.

    From here on OpenTelemetry's counter observes the audit.
    """
    if count_redaction not in audit.observers:
        audit.observers.append(count_redaction)
    redactor = Redactor(settings.redaction, settings.pseudonym_key)
    if settings.redaction.environment:
        registry.add_environment(os.environ, redactor.key)
    return redactor


def setup_for(settings: Settings) -> Setup:
    """What sinks need to know of the settings."""
    return Setup(
        settings.service,
        settings.exit_timeout,
        settings.spool,
        spool_required=settings.why.get("spool", "default") != "default",
        state_dir=settings.state_dir or "",
    )


def identity_of(settings: Settings, redactor: Redactor) -> Identity:
    """Which process makes the records. Its names are redacted like any other text: they come from the environment."""
    names = (settings.service, settings.version, settings.environment, settings.host)
    service, version, environment, host = (None if name is None else redactor.text(name) for name in names)
    return Identity(service, version, environment, host, os.getpid())


def encoder_for(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder | None:
    """The encoder for a sink: its own, else the one for its format. None: it takes records instead of lines."""
    own = sink.encoder(redactor) if isinstance(sink, OwnSink) else None
    return None if takes_records(sink) else own or by_format(sink, settings, redactor)


def by_format(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for the sink's own format, else for the configured one."""
    name = format_of(sink, settings)
    if name == "json":
        return encode_json
    if name == "console":
        return _console(sink, settings)
    if name == "otel":
        # Imported by name: the core does not know the edges.
        file_encoder: Encoder = import_module("discreet.otel.resource").file_encoder(redactor)
        return file_encoder
    if name == "gcp":
        from discreet._encoding.schemas.gcp import GcpEncoder

        return GcpEncoder()
    encode: Encoder = import_module(f"discreet._encoding.schemas.{name}").encode
    return encode


def format_of(sink: Sink, settings: Settings) -> str:
    """The name of the format that this sink gets."""
    return sink.format if sink.format != "auto" else settings.format


def _console(sink: Sink, settings: Settings) -> Encoder:
    from discreet._encoding.ci import CiEncoder
    from discreet._encoding.console.line import ConsoleEncoder, color_count, terminal_width, wants_color

    stream = sink.stream() if isinstance(sink, Stream) else None
    color = stream is not None and wants_color(stream, os.environ)
    ci = settings.place.ci
    if ci is not None:
        # A file gets no annotations. The CI may print it all the same, so what looks like a command is broken up.
        kind = cast("Ci", ci) if stream is not None else "other"
        workspace = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("BUILD_SOURCESDIRECTORY")
        return CiEncoder(kind, color=color, colors=color_count(), workspace=workspace)
    if stream is None:
        return ConsoleEncoder()
    return ConsoleEncoder(color=color, colors=color_count(), width=lambda: terminal_width(stream))
