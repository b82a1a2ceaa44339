"""Levels: their names and numbers, and the lowest level that each logger records."""

from __future__ import annotations

import sys
import time

from discreet.errors import InvalidValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL = 5, 10, 20, 30, 40, 50
OFF = 1000

LEVEL_NUMBERS = {
    "trace": TRACE,
    "notset": 0,
    "debug": DEBUG,
    "info": INFO,
    "warning": WARNING,
    "warn": WARNING,
    "error": ERROR,
    "critical": CRITICAL,
    "fatal": CRITICAL,
    "off": OFF,
}
STANDARD_LEVELS = frozenset((TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL))
_REMEDY = (
    "Use trace, debug, info, warning, error, critical, off, a number, "
    "or a name that `logging.addLevelName` was given before"
)
_WORD = 20  # characters of a level's name at most


def parse_level(value: str | int) -> int:
    """The number of a level, on the scale of the standard library. Raises `InvalidValueError`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        name = value.strip().lower()
        if name in LEVEL_NUMBERS:
            return LEVEL_NUMBERS[name]
        if name.isdecimal() and len(name) < 5:
            return int(name)
        for spelling in (value.strip(), name.upper(), name):
            number = _known_to_logging(spelling)
            if type(number) is int:
                return number
    raise InvalidValueError("not a level", _REMEDY)


def parse_levels(spec: str) -> tuple[int | None, dict[str, int]]:
    """Split `"info,sqlalchemy=debug"` into the default level (None if not given) and the levels by logger name."""
    default: int | None = None
    named: dict[str, int] = {}
    for part in spec.split(","):
        name, equals, level = part.strip().rpartition("=")
        if equals:
            if not name.strip():
                raise InvalidValueError("a level names no logger", "Write it as logger=level")
            named[name.strip()] = parse_level(level)
        elif part.strip():
            if default is not None:
                raise InvalidValueError("there are two default levels", "Write the others as logger=level")
            default = parse_level(part)
    return default, named


def severity_text(level: int) -> str:
    """The name of the nearest standard level at or below `level`."""
    if level >= WARNING:
        return "CRITICAL" if level >= CRITICAL else "ERROR" if level >= ERROR else "WARNING"
    return "INFO" if level >= INFO else "DEBUG" if level >= DEBUG else "TRACE"


names_elsewhere: dict[int, str] = {}
"""By level: the name that another logging library has for a level between two standard ones."""


def severity_name(level: int) -> str:
    """The name that `logging` or loguru was given for a level between two standard ones, else that of the one below."""
    if level in STANDARD_LEVELS:
        return severity_text(level)
    name = names_elsewhere.get(level) or _known_to_logging(level)
    # `logging` gives levels without a name one such as "Level 25"; others put terminal colours around theirs.
    is_word = isinstance(name, str) and name.isidentifier() and name.isascii() and len(name) <= _WORD
    return str(name) if is_word else severity_text(level)


def level_of(severity: int) -> int:
    """The lowest level that has OpenTelemetry's number `severity`: what `severity_number` turns into it."""
    four, one = divmod(severity - 1, 4)
    return TRACE if severity == 1 else four * 10 + (0, 3, 5, 8)[one]


def _known_to_logging(level: int | str) -> object:
    """The name of a number, or the number of a name, as `logging` knows it."""
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLevelName(level)


def severity_number(level: int) -> int:
    """OpenTelemetry's number for a level (logs data model, "SeverityNumber").

    Levels between two standard ones take the finer numbers of the lower range, so that their order survives.
    """
    if level < DEBUG:
        return 1
    if level >= CRITICAL:
        return 21
    tens, units = divmod(level, 10)
    return tens * 4 + 1 + min(3, units * 4 // 10)


class Channel:
    """All loggers of one name share one channel; its threshold is the whole cost of a disabled call."""

    __slots__ = ("name", "threshold")

    def __init__(self, name: str) -> None:
        self.name = name
        self.threshold = 0


class Levels:
    """How open each logger is: a default, exceptions by name (a name covers its children), and temporary ones."""

    def __init__(self) -> None:
        self.default = 0  # open until configured: the first record configures
        self.elsewhere = 0  # the default for loggers of the standard library
        self.chosen = False
        """Whether somebody chose the default. One that nobody chose does not stop what the host opened further."""
        self.named: dict[str, int] = {}
        self.temporary: dict[str, tuple[int, float]] = {}
        self.listeners: list[Callable[[], None]] = []
        self._channels: dict[str, Channel] = {}

    def channel(self, name: str) -> Channel:
        """The one channel of that name."""
        channel = self._channels.get(name)
        if channel is None:
            channel = Channel(name)
            channel.threshold = self.gate(name)
            channel = self._channels.setdefault(name, channel)
            channel.threshold = self.gate(name)  # the levels may have changed before `refresh` could see it
        return channel

    def replace(self, default: int, elsewhere: int, named: dict[str, int], *, chosen: bool = False) -> None:
        """Take new levels, as `configure()` found them; temporary ones end."""
        self.default, self.elsewhere, self.named, self.chosen = default, elsewhere, dict(named), chosen
        self.temporary = {}
        self.refresh()

    def set(self, name: str | None, level: int, ttl: float | None = None) -> None:
        """Change one level now; with `ttl`, in seconds, only until then. No name (or "root") is the default."""
        key = "" if name is None or name == "root" else name
        if ttl is not None:
            self.temporary = {**self.temporary, key: (level, time.monotonic() + ttl)}
        else:
            self.temporary = {k: v for k, v in self.temporary.items() if k != key}
            if key:
                self.named = {**self.named, key: level}
            else:
                self.default = self.elsewhere = level
                self.chosen = True
        self.refresh()

    def refresh(self) -> None:
        """Bring every channel, and whoever listens, up to date."""
        for channel in list(self._channels.values()):
            channel.threshold = self.gate(channel.name)
        for listener in self.listeners:
            listener()

    def gate(self, name: str, *, elsewhere: bool = False) -> int:
        """The lowest level that could pass, now or when a temporary level ends."""
        default = self.elsewhere if elsewhere else self.default
        permanent = self._find(name, {}, default)
        if not self.temporary:
            return permanent
        return min(permanent, self._find(name, self.temporary, default))

    def allows(self, name: str, level: int) -> bool:
        """The exact answer while temporary levels exist: ends the ones whose time is over."""
        self._end_temporary()
        return level >= self._find(name, self.temporary, self.default)

    def allows_elsewhere(self, name: str, level: int) -> bool:
        """Whether a record of `logging` may pass: the host may have opened its logger further than these levels."""
        default = self.elsewhere if self.chosen else 0
        if not self.named and not self.temporary:
            return level >= default
        if self.temporary:
            self._end_temporary()
        return level >= self._find(name, self.temporary, default)

    def _end_temporary(self) -> None:
        now = time.monotonic()
        if any(until <= now for _, until in self.temporary.values()):
            self.temporary = {k: v for k, v in self.temporary.items() if v[1] > now}
            self.refresh()

    def _find(self, name: str, temporary: dict[str, tuple[int, float]], default: int) -> int:
        while True:
            if name in temporary:
                return temporary[name][0]
            if name in self.named:
                return self.named[name]
            if not name:
                return default
            name = name.rpartition(".")[0]


levels = Levels()
"""The levels of this process."""
