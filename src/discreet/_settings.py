"""What is configured, and why: frozen settings, from code first, then the environment, then sensible defaults."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from discreet import _environment
from discreet._delivery.file import File
from discreet._delivery.sink import Sink
from discreet._delivery.stream import Stream
from discreet._levels import DEBUG, INFO, parse_level, parse_levels
from discreet._redaction.policy import Redaction
from discreet._redaction.secret import Secret
from discreet._redaction.strategies import KEY_VARIABLE, check_key
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from os import PathLike

FORMATS = ("auto", "console", "json")

VARIABLES: Mapping[str, str] = {
    "DISCREET_LEVEL": 'levels, as "info,sqlalchemy=debug,httpx=warning"',
    "DISCREET_FORMAT": "auto, console or json",
    "DISCREET_ENV": "dev, ci, prod, or a name of yours such as staging (which behaves as prod)",
    "DISCREET_SERVICE": "the service's name (or OTEL_SERVICE_NAME)",
    "DISCREET_VERSION": "the service's version",
    "DISCREET_STREAM": "stdout (default), stderr, or none",
    "DISCREET_FILE": "a file that gets every record as JSON, beside the stream",
    "DISCREET_PSEUDONYM_KEY": "a key, or id:key, for pseudonyms (see docs/redaction.md)",
    "DISCREET_LOCALS": "on or off: local variables in tracebacks (default: on in dev only)",
}
"""Every variable that discreet reads for itself."""

_SWITCH = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


@dataclass(frozen=True)
class LevelSettings:
    """Levels: of discreet's own loggers, of the standard library's, and by name."""

    default: int = INFO
    elsewhere: int = INFO
    named: Mapping[str, int] = field(default_factory=dict[str, int])


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
    redaction: Redaction | None = None,
    with_locals: bool | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settle every setting, or raise one `ConfigurationError`."""
    environ = os.environ if environ is None else environ
    read = _Reader(environ)
    if environment is not None:
        environ = {**environ, "DISCREET_ENV": _name(environment, "environment")}
    place = _environment.detect(environ, stdout_isatty=_isatty(sys.stdout), stderr_isatty=_isatty(sys.stderr))
    read.why["environment"] = "configure()" if environment is not None else place.reason
    named = service is not None or _environment.given_service_name(environ) is not None
    if service is not None:
        read.why["service"] = "configure()"
        service = _name(service, "service")
    else:
        service, read.why["service"] = _environment.service_name(environ, sys.argv, sys.modules.get("__main__"))
    if version is None:
        version = _environment.service_version(environ)
        read.why["version"] = "environment" if version else "not set"
    else:
        read.why["version"] = "configure()"
    levels = read.get("level", level, "DISCREET_LEVEL", None, _levels)
    if levels is None:
        levels = LevelSettings(DEBUG if place.profile == "dev" else INFO, INFO)
        read.why["level"] = f"default for {place.profile}"
    return Settings(
        service=service,
        version=version,
        environment=place,
        host=_environment.host_name(),
        levels=levels,
        format=read.get("format", format, "DISCREET_FORMAT", "auto", _format),
        sinks=_sinks(read, sinks, file),
        redaction=read.get("redaction", redaction, "", Redaction(), _redaction),
        pseudonym_key=_pseudonym_key(environ),
        with_locals=read.get("locals", with_locals, "DISCREET_LOCALS", place.profile == "dev", _switch),
        why=read.why,
        advice=tuple(_advice(environ, place, named=named)),
    )


def _sinks(read: _Reader, sinks: Sequence[Sink] | None, file: str | PathLike[str] | None) -> tuple[Sink, ...]:
    chosen: list[Sink]
    if sinks is not None:
        read.why["sinks"] = "configure()"
        chosen = list(sinks)
        for sink in chosen:
            if not isinstance(sink, Sink):
                raise ConfigurationError(
                    "sinks", sink, "not a sink", "Use discreet.Stream, discreet.File or a subclass of discreet.Sink"
                )
            _format(sink.format)
    else:
        target = read.get("sinks", None, "DISCREET_STREAM", "stdout", _stream)
        chosen = [] if target == "none" else [Stream(target)]
    path = read.get("file", file, "DISCREET_FILE", None, os.fspath)
    if path is not None:
        chosen.append(File(path))
    return tuple(chosen)


def _levels(value: str | int | Mapping[str, str | int]) -> LevelSettings:
    if isinstance(value, str):
        default, named = parse_levels(value)
    elif isinstance(value, Mapping):
        named = {str(name): parse_level(level) for name, level in value.items()}
        default = named.pop("", named.pop("root", None))
    else:
        default, named = parse_level(value), {}
    level = INFO if default is None else default
    return LevelSettings(level, level, named)


def _format(value: str) -> str:
    if value not in FORMATS:
        raise ConfigurationError("format", value, "no such format", f"Use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    return value


def _stream(value: str) -> str:
    if value not in ("stdout", "stderr", "none"):
        raise ConfigurationError("stream", value, "no such stream", "Use stdout, stderr or none")
    return value


def _switch(value: bool | str) -> bool:
    if isinstance(value, bool):
        return value
    if value.lower() not in _SWITCH:
        raise ConfigurationError("switch", value, "neither on nor off", "Use on or off")
    return _SWITCH[value.lower()]


def _redaction(value: Redaction) -> Redaction:
    if not isinstance(value, Redaction):
        raise ConfigurationError("redaction", type(value).__name__, "not a policy", "Use discreet.Redaction(...)")
    return value


def _pseudonym_key(environ: Mapping[str, str]) -> Secret[str] | None:
    key = environ.get(KEY_VARIABLE, "").strip()
    return Secret(check_key(key)) if key else None


def _name(value: object, setting: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(setting, value, "not a name", f'Give the {setting} as text, such as "shop"')
    return value.strip()


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
