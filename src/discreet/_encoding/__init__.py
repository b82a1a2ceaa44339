"""Step 4, encode: one schema, several spellings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder
    from discreet._settings import Settings


def choose(sink: Sink, settings: Settings) -> Encoder:
    """The encoder for a sink: its own format, else the configured one, else what suits the place."""
    name = sink.format if sink.format != "auto" else settings.format
    if name == "auto":
        name = "json" if settings.environment.profile == "prod" else "console"
    if name == "json":
        from discreet._engine import encode_json

        return encode_json
    return _console(sink, settings)


def _console(sink: Sink, settings: Settings) -> Encoder:
    from discreet._delivery.stream import Stream
    from discreet._encoding.ci import CiEncoder
    from discreet._encoding.console import ConsoleEncoder, wants_color

    stream = sink.stream() if isinstance(sink, Stream) else None
    color = stream is not None and wants_color(stream, os.environ)
    ci = settings.environment.ci
    if ci is not None and stream is not None:
        return CiEncoder(cast("Ci", ci), color=color)
    return ConsoleEncoder(color=color, width=_width(stream))


def _width(stream: object) -> int | None:
    """The terminal's width in columns; None where lines must not be wrapped."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None  # type: ignore[attr-defined]  # or it raises
    except (AttributeError, OSError, ValueError):
        return None
