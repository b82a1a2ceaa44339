"""Which values a setting takes: one parser for each kind of value.

A parser gets what was given in code, or the text of a variable. For a wrong value it raises `InvalidValueError`, to
which its caller adds the setting and the value, or a `ConfigurationError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

from discreet._base.levels import INFO, parse_level
from discreet._base.levels import parse_levels as levels_of
from discreet._delivery.sink import Sink
from discreet._redaction.masking import check_key
from discreet._redaction.policy import Redaction
from discreet._redaction.secrets import Secret
from discreet.errors import ConfigurationError, InvalidValueError

Format = Literal["auto", "console", "json", "otel", "ecs", "azure", "gcp", "datadog"]
StreamName = Literal["stdout", "stderr", "split", "none"]
DeliveryMode = Literal["direct", "queued", "ring"]
LevelName = Literal["trace", "notset", "debug", "info", "warning", "warn", "error", "critical", "fatal", "off"]

Library = Literal["logging", "warnings", "exceptions", "structlog", "loguru"]

FORMATS: tuple[str, ...] = get_args(Format)
STREAMS: tuple[str, ...] = get_args(StreamName)
DELIVERY_MODES: tuple[str, ...] = get_args(DeliveryMode)
LIBRARIES: tuple[str, ...] = get_args(Library)

_SWITCH = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
_LONGEST_SECONDS = 86_400  # a day


class LevelSettings(NamedTuple):
    """Levels: of discreet's own loggers, of the standard library's, and by logger name."""

    default: int = INFO
    elsewhere: int = INFO
    named: Mapping[str, int] = MappingProxyType({})


def parse_levels(value: str | int | Mapping[str, str | int]) -> LevelSettings:
    """Levels as text, as a number, or as a mapping of logger names to levels."""
    if isinstance(value, str):
        default, named = levels_of(value)
    elif isinstance(value, Mapping):
        named = {str(name): parse_level(level) for name, level in value.items()}
        default = named.pop("", named.pop("root", None))
    else:
        default, named = parse_level(value), {}
    level = INFO if default is None else default
    return LevelSettings(level, level, named)


def one_of(kind: str, choices: tuple[str, ...]) -> Callable[[Any], str]:
    """A parser for one word out of these; `kind` is what the error calls such a word."""

    def parse(value: Any) -> str:
        if value not in choices:
            raise InvalidValueError(f"no such {kind}", f"Use {either(choices)}")
        return str(value)

    return parse


def either(words: tuple[str, ...]) -> str:
    """The words as a sentence lists them: "a, b or c"."""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def parse_format(value: str) -> str | None:
    """A format; None for "auto", which leaves the choice to the environment."""
    return None if one_of("format", FORMATS)(value) == "auto" else value


def parse_seconds(value: float | str) -> float:
    """Seconds, from 0 to less than a day."""
    try:
        seconds = -1.0 if isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0 <= seconds < _LONGEST_SECONDS:
        raise InvalidValueError("not a number of seconds", "Give seconds from 0 to a day, such as 5")
    return seconds


def parse_switch(value: bool | str | int) -> bool:
    """On or off."""
    word = str(value).lower()
    if word not in _SWITCH:
        raise InvalidValueError("neither on nor off", "Use on or off")
    return _SWITCH[word]


def parse_libraries(value: bool | str | Iterable[str]) -> tuple[str, ...]:
    """Names of libraries, also as one text with commas; on means all of them, off none."""
    if isinstance(value, (bool, int)) or (isinstance(value, str) and value.lower() in _SWITCH):
        return LIBRARIES if parse_switch(value) else ()
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else list(value)
    if not set(names) <= set(LIBRARIES):
        raise InvalidValueError("neither on nor off nor a library", f"Use on or off, or some of {either(LIBRARIES)}")
    return tuple(name for name in LIBRARIES if name in names)


def parse_name(value: object) -> str:
    """A name that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError("not a name", 'Give a name as text, such as "shop"')
    return value.strip()


def parse_folder(value: str | os.PathLike[str]) -> str:
    """The path of a folder, which need not exist yet."""
    path = os.fspath(value)
    if not isinstance(path, str) or not path.strip():
        raise InvalidValueError("not a folder", "Give the path of a folder")
    return path


def parse_sinks(value: Iterable[Sink]) -> tuple[Sink, ...]:
    """Sinks, each with a format that exists."""
    sinks = tuple(value)
    for sink in sinks:
        if not isinstance(sink, Sink):
            raise ConfigurationError(
                "sinks", sink, "not a sink", "Use discreet.Stream, discreet.File or a subclass of discreet.Sink"
            )
        try:
            parse_format(sink.format)
        except ValueError as error:
            raise ConfigurationError("format", sink.format, *split_error(error)) from None
    return sinks


def parse_processors(value: Iterable[Any]) -> tuple[Any, ...]:
    """Functions that take a record."""
    processors = (value,) if callable(value) else tuple(value)
    for processor in processors:
        if not callable(processor):
            raise ConfigurationError(
                "processors", processor, "not callable", "Pass functions that take a discreet.Record and return it"
            )
    return processors


def parse_redaction(value: Redaction | str | os.PathLike[str]) -> Redaction:
    """A policy, or the path of a file that holds one."""
    if isinstance(value, Redaction):
        return value
    if not isinstance(value, (str, os.PathLike)):
        raise InvalidValueError("not a policy", "Use discreet.Redaction(...), or the path of a JSON file")
    from discreet._config.policy_file import read_policy

    return read_policy(value)


def parse_pseudonym_key(value: str | Secret[str]) -> Secret[str]:
    """A key for pseudonyms."""
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str):
        raise ConfigurationError("pseudonym_key", "(hidden)", "not a key", "Give it as text, or as a discreet.Secret")
    return Secret(check_key(text))


def split_error(error: Exception) -> tuple[str, str]:
    """The problem and the remedy in a parser's error."""
    if isinstance(error, (ConfigurationError, InvalidValueError)):
        return error.problem, error.remedy
    return str(error), "See `discreet doctor`"
