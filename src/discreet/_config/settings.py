"""What is configured, and why: frozen settings, from code first, then the environment, then sensible defaults."""

from __future__ import annotations

import difflib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from discreet._base.levels import DEBUG, ERROR, INFO
from discreet._config import environment as _environment
from discreet._config.exporters import wanted
from discreet._config.parsing import (
    LevelSettings,
    parse_delivery,
    parse_format,
    parse_levels,
    parse_name,
    parse_redaction,
    parse_seconds,
    parse_stream,
    parse_switch,
    pseudonym_key,
)
from discreet._delivery.file.sink import bounded
from discreet._delivery.sink import Sink
from discreet._delivery.stream import Stream
from discreet._redaction.policy import Redaction
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from discreet._redaction.secret import Secret

VARIABLES: Mapping[str, str] = {
    "DISCREET_LEVEL": 'levels, as "info,sqlalchemy=debug,httpx=warning"',
    "DISCREET_FORMAT": "auto, console, json, otel, ecs, azure, gcp or datadog",
    "DISCREET_ENV": "dev, ci, prod, or a name of yours such as staging (which behaves as prod)",
    "DISCREET_SERVICE": "the service's name (or OTEL_SERVICE_NAME)",
    "DISCREET_VERSION": "the service's version",
    "DISCREET_STREAM": "stdout (default), stderr, split (errors to stderr; default on Azure App Service), or none",
    "DISCREET_FILE": "a file that gets every record as JSON, beside the stream",
    "DISCREET_DELIVERY": "direct (default), queued or ring: how lines get to the stream and the file",
    "DISCREET_STATE_DIR": "the folder for what waits to be delivered (default: ~/.local/state/discreet)",
    "DISCREET_SPOOL": "on (default) or off: whether records wait on disk while their receiver is away",
    "DISCREET_EXIT_TIMEOUT": "seconds that the exit of a process may take to deliver what waits (default: 5)",
    "DISCREET_PSEUDONYM_KEY": "a key, or id:key, for pseudonyms (see docs/redaction.md)",
    "DISCREET_LOCALS": "on or off: local variables in tracebacks (default: on in dev only)",
}
"""Every variable that discreet reads for itself."""


@dataclass(frozen=True)
class Settings:
    """Everything `configure()` decided. `why` gives each setting's origin, for `discreet doctor`."""

    service: str
    version: str | None
    environment: _environment.Environment
    host: str | None
    levels: LevelSettings
    format: str
    sinks: tuple[Sink, ...]
    delivery: str
    spool: bool
    exit_timeout: float
    redaction: Redaction
    pseudonym_key: Secret[str] | None
    with_locals: bool
    why: Mapping[str, str]
    advice: tuple[str, ...] = ()


class _Reader:
    """Looks a setting up in code, then in the environment, and remembers who said it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.why: dict[str, str] = {}

    def get(self, name: str, given: object, variable: str, default: Any, parse: Callable[[Any], Any]) -> Any:
        if given is not None:
            self.why[name] = "configure()"
            return self._parsed(name, given, parse)
        text = self.environ.get(variable, "").strip()
        if text:
            self.why[name] = variable
            return self._parsed(variable, text, parse)
        self.why[name] = "default"
        return default

    @staticmethod
    def _parsed(setting: str, value: object, parse: Callable[[Any], Any]) -> Any:
        try:
            return parse(value)
        except ConfigurationError as error:
            raise ConfigurationError(setting, value, error.problem, error.remedy) from None
        except (ValueError, TypeError) as error:
            problem, _, remedy = str(error).partition(". ")
            raise ConfigurationError(setting, value, problem, remedy or "See `discreet doctor`") from None


def resolve(
    *,
    level: str | int | Mapping[str, str | int] | None = None,
    format: str | None = None,  # noqa: A002 - the setting's name
    service: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    sinks: Sequence[Sink] | None = None,
    file: str | PathLike[str] | None = None,
    delivery: str | None = None,
    redaction: Redaction | None = None,
    with_locals: bool | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settle every setting, or raise one `ConfigurationError`."""
    environ = os.environ if environ is None else environ
    read = _Reader(environ)
    if environment is not None:
        environ = {**environ, "DISCREET_ENV": parse_name(environment, "environment")}
    place = _environment.detect(environ, stdout_isatty=_isatty(sys.stdout), stderr_isatty=_isatty(sys.stderr))
    read.why["environment"] = "configure()" if environment is not None else place.reason
    named = service is not None or _environment.given_service_name(environ) is not None
    if service is not None:
        read.why["service"] = "configure()"
        service = parse_name(service, "service")
    else:
        service, read.why["service"] = _environment.service_name(environ, sys.argv, sys.modules.get("__main__"))
    if version is None:
        version = _environment.service_version(environ)
        read.why["version"] = "environment" if version else "not set"
    else:
        read.why["version"] = "configure()"
    levels = read.get("level", level, "DISCREET_LEVEL", None, parse_levels)
    if levels is None:
        levels = LevelSettings(DEBUG if place.profile == "dev" else INFO, INFO)
        read.why["level"] = f"default for {place.profile}"
    chosen, missing = _sinks(read, sinks, file, place)
    return Settings(
        service=service,
        version=version,
        environment=place,
        host=_environment.host_name(),
        levels=levels,
        format=read.get("format", format, "DISCREET_FORMAT", "auto", parse_format),
        sinks=chosen,
        delivery=read.get("delivery", delivery, "DISCREET_DELIVERY", "direct", parse_delivery),
        spool=read.get("spool", None, "DISCREET_SPOOL", True, parse_switch),
        exit_timeout=read.get("exit_timeout", None, "DISCREET_EXIT_TIMEOUT", 5.0, parse_seconds),
        redaction=read.get("redaction", redaction, "", Redaction(), parse_redaction),
        pseudonym_key=pseudonym_key(environ),
        with_locals=read.get("locals", with_locals, "DISCREET_LOCALS", place.profile == "dev", parse_switch),
        why=read.why,
        advice=(*_advice(environ, place, named=named), *missing),
    )


def _sinks(
    read: _Reader,
    sinks: Sequence[Sink] | None,
    file: str | PathLike[str] | None,
    place: _environment.Environment,
) -> tuple[tuple[Sink, ...], list[str]]:
    """The sinks, and advice on those that were asked for and cannot be had."""
    chosen: list[Sink]
    remote: list[Sink] = []
    advice: list[str] = []
    if sinks is not None:
        read.why["sinks"] = "configure()"
        chosen = list(sinks)
        for sink in chosen:
            if not isinstance(sink, Sink):
                raise ConfigurationError(
                    "sinks", sink, "not a sink", "Use discreet.Stream, discreet.File or a subclass of discreet.Sink"
                )
            parse_format(sink.format)
    else:
        # App Service takes the level of a line from the stream that it came by, and from nothing else.
        by_stream = place.cloud == "azure-app-service"
        target = read.get("sinks", None, "DISCREET_STREAM", "split" if by_stream else "stdout", parse_stream)
        if by_stream and read.why["sinks"] == "default":
            read.why["sinks"] = "default for azure-app-service"
        chosen = _streams(target)
        remote, advice = wanted(read.environ)
    path = read.get("file", file, "DISCREET_FILE", None, os.fspath)
    if path is not None:
        chosen.append(bounded(path))
        read.why["sinks"] += f", {read.why['file']}"
    if remote:
        read.why["sinks"] += ", variables that ask for a remote sink"
    elif advice and not chosen:  # DISCREET_STREAM=none, and what was to serve in its place cannot be had
        chosen.append(Stream("stdout"))
        read.why["sinks"] += ", but there would be no sink at all"
    return (*chosen, *remote), advice


def _streams(target: str) -> list[Sink]:
    if target == "split":
        return [Stream("stdout", below=ERROR), Stream("stderr", level=ERROR)]
    return [] if target == "none" else [Stream(target)]


def _isatty(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except Exception:  # a replaced or closed stream is no terminal
        return False


def _advice(environ: Mapping[str, str], place: _environment.Environment, *, named: bool) -> list[str]:
    """What the user should know: misspelt variables; in production, a service that nobody named."""
    advice: list[str] = []
    for name in sorted(environ):
        if name.startswith("DISCREET_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            advice.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    if place.profile == "prod" and not named:
        advice.append("DISCREET_SERVICE is not set: records carry a guessed service name")
    return advice
