"""Step 4, encode: one schema, several spellings."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


def choose(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for a sink: one that it brings, else by its own format, the configured one, or the place."""
    return sink.encoder(settings, redactor) or by_format(sink, settings, redactor)


def by_format(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for text: the sink's own format, else the configured one, else what suits the place."""
    name = sink.format if sink.format != "auto" else settings.format
    if name == "auto":
        name = "json" if settings.environment.profile == "prod" else "console"
    if name == "json":
        from discreet._base.engine import encode_json

        return encode_json
    if name == "console":
        return _console(sink, settings)
    return _foreign(name, settings, redactor)


def _foreign(name: str, settings: Settings, redactor: Redactor) -> Encoder:
    if name == "otel":
        from discreet._encoding.schemas.otel import encoder

        return encoder(settings, redactor)
    if name == "gcp":
        from discreet._encoding.schemas.gcp import GcpEncoder

        return GcpEncoder()
    encode: Encoder = import_module(f"discreet._encoding.{name}").encode
    return encode


def _console(sink: Sink, settings: Settings) -> Encoder:
    from discreet._delivery.stream import Stream
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
