"""What a setting may be: one function for each kind of value. Errors say what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from discreet._base.levels import INFO, parse_level
from discreet._base.levels import parse_levels as levels_of
from discreet._redaction.masking import KEY_VARIABLE, check_key
from discreet._redaction.policy import Redaction
from discreet._redaction.secret import Secret
from discreet.errors import ConfigurationError

FORMATS = ("auto", "console", "json", "otel", "ecs", "azure", "gcp", "datadog")
DELIVERIES = ("direct", "queued", "ring")

_SWITCH = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


@dataclass(frozen=True)
class LevelSettings:
    """Levels: of discreet's own loggers, of the standard library's, and by name."""

    default: int = INFO
    elsewhere: int = INFO
    named: Mapping[str, int] = field(default_factory=dict[str, int])


def parse_levels(value: str | int | Mapping[str, str | int]) -> LevelSettings:
    """Levels as text, a number, or a mapping of logger names."""
    if isinstance(value, str):
        default, named = levels_of(value)
    elif isinstance(value, Mapping):
        named = {str(name): parse_level(level) for name, level in value.items()}
        default = named.pop("", named.pop("root", None))
    else:
        default, named = parse_level(value), {}
    level = INFO if default is None else default
    return LevelSettings(level, level, named)


def parse_format(value: str) -> str:
    """One of `FORMATS`."""
    if value not in FORMATS:
        raise ConfigurationError("format", value, "no such format", f"Use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    return value


def parse_stream(value: str) -> str:
    """stdout, stderr, split or none."""
    if value not in ("stdout", "stderr", "split", "none"):
        raise ConfigurationError("stream", value, "no such stream", "Use stdout, stderr, split or none")
    return value


def parse_delivery(value: str) -> str:
    """One of `DELIVERIES`."""
    if value not in DELIVERIES:
        raise ConfigurationError("delivery", value, "no such way to deliver", "Use direct, queued or ring")
    return value


def parse_seconds(value: str) -> float:
    """Seconds, from 0 to a day."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86_400:
        raise ConfigurationError("seconds", value, "not a number of seconds", "Give seconds, such as 5")
    return seconds


def parse_switch(value: bool | str) -> bool:
    """on or off."""
    if isinstance(value, bool):
        return value
    if value.lower() not in _SWITCH:
        raise ConfigurationError("switch", value, "neither on nor off", "Use on or off")
    return _SWITCH[value.lower()]


def parse_redaction(value: Redaction) -> Redaction:
    """A policy."""
    if not isinstance(value, Redaction):
        raise ConfigurationError("redaction", type(value).__name__, "not a policy", "Use discreet.Redaction(...)")
    return value


def pseudonym_key(environ: Mapping[str, str]) -> Secret[str] | None:
    """The key for pseudonyms, if there is one."""
    key = environ.get(KEY_VARIABLE, "").strip()
    return Secret(check_key(key)) if key else None


def parse_name(value: object, setting: str) -> str:
    """A name that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(setting, value, "not a name", f'Give the {setting} as text, such as "shop"')
    return value.strip()
