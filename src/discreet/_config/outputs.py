"""From settings to outputs: the encoder that each sink gets, its levels, and the identity on every record."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

from discreet._base.levels import parse_level
from discreet._config.parsing import split_error
from discreet._config.settings import ROWS
from discreet._delivery.runner import OwnSink, Setup, running, takes_records
from discreet._delivery.stream import Stream, descriptor_of
from discreet._encoding.json import encode as encode_json
from discreet._pipeline import ANY, Output
from discreet._record import Identity
from discreet.errors import ConfigurationError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._config.settings import Settings
    from discreet._delivery.runner import Runner
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor


def level_number(given: int | str, where: str = "") -> int:
    """A level's number. Raises `ConfigurationError`; `where` says in it what the level is for."""
    try:
        return parse_level(given)
    except InvalidValueError as error:
        raise ConfigurationError("level", given, error.problem + where, error.remedy) from None


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
    # The descriptor of a notebook's stream is that of another terminal.
    width = (lambda: terminal_width(stream)) if descriptor_of(stream) >= 0 else None
    return ConsoleEncoder(color=color, colors=color_count(), width=width)


def outputs_of(runners: Sequence[Runner], settings: Settings, redactor: Redactor) -> tuple[Output, ...]:
    """Open the sinks and choose their encoders; if one fails, close those again that this call opened."""
    setup = setup_for(settings)
    opened: list[Runner] = []
    outputs: list[Output] = []
    try:
        for runner in runners:
            runner.open(setup)
            opened.append(runner)
        for runner in runners:
            sink = runner.sink
            own = sink.encoder(redactor) if isinstance(sink, OwnSink) else None
            encode = None if takes_records(sink) else own or by_format(sink, settings, redactor)
            where = f" for sink {runner.name}"
            level = 0 if sink.level is None else level_number(sink.level, where)
            below = ANY if sink.below is None else level_number(sink.below, where)
            outputs.append(Output(level, encode, runner, below))
    except Exception as error:
        for runner in opened:
            if runner not in running.runners:
                runner.retire()
        if isinstance(error, ConfigurationError):
            raise _as_given(error, settings) from error.__cause__
        raise
    return tuple(outputs)


def _as_given(error: ConfigurationError, settings: Settings) -> ConfigurationError:
    """The error under the name that the setting was given by: the variable's, or the one in code."""
    if error.setting == "file" and error.value != str(settings.file):
        return error  # about one of the sinks that code gave
    for name in ("file", "delivery", "state_dir"):  # the settings that a sink can refuse
        variable = ROWS[name].variable
        if error.setting in (name, variable):
            source = variable if settings.why[name] == variable else name
            return ConfigurationError(source, error.value, *split_error(error))
    return error
