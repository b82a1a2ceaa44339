"""The colours of the console format, and whether a terminal shows them."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class Terminal(Protocol):
        """The part of a stream that `wants_color` uses."""

        def isatty(self) -> bool: ...  # pragma: no cover


RESET = "\x1b[0m"

# The style of each part of a line, as parameters of SGR (ECMA-48, 8.3.117): for 16 colours, which follow the user's
# theme, and for 256. Only the severity has a strong colour.
_STYLES = {
    "time": ("2", "38;5;245"),
    "quiet": ("2", "38;5;245"),
    "trace": ("2", "38;5;245"),
    "message": ("1", "1"),
    "key": ("36", "38;5;73"),
    "ambient": ("2;36", "38;5;66"),
    "value": ("", ""),
    "good": ("32", "38;5;71"),
    "warn": ("33", "38;5;178"),
    "masked": ("35", "38;5;139"),
    "bad": ("1;31", "1;38;5;203"),
    "gutter": ("31", "38;5;131"),
    "place": ("36", "38;5;73"),
    "function": ("33", "38;5;180"),
    "code": ("", ""),
    "TRACE": ("2", "38;5;245"),
    "DEBUG": ("34", "38;5;67"),
    "INFO": ("32", "38;5;71"),
    "WARNING": ("1;33", "1;38;5;214"),
    "ERROR": ("1;31", "1;38;5;203"),
    "CRITICAL": ("1;97;41", "1;38;5;231;48;5;160"),
}
_SERVICES_16 = ("36", "35", "34", "32", "33", "96", "95", "94", "92")
_SERVICES_256 = tuple(f"38;5;{n}" for n in (75, 176, 114, 180, 80, 211, 149, 105, 216, 44, 141, 187))


class Palette:
    """Adds colours to text; with `colors` 0 it adds none."""

    __slots__ = ("_services", "_styles", "colors")

    def __init__(self, colors: int) -> None:
        self.colors = colors
        column = 1 if colors >= 256 else 0
        self._styles = {role: both[column] for role, both in _STYLES.items()} if colors else {}
        self._services = _SERVICES_256 if colors >= 256 else _SERVICES_16

    def paint(self, text: str, role: str) -> str:
        """`text` in the colour of `role`, reset at its end."""
        parameters = self._styles.get(role)
        return f"\x1b[{parameters}m{text}{RESET}" if parameters and text else text

    def service(self, text: str, name: str) -> str:
        """`text` in the colour that belongs to a service, the same in every process and run."""
        if not self.colors or not text:
            return text
        chosen = self._services[zlib.crc32(name.encode("utf-8", "replace")) % len(self._services)]
        return f"\x1b[{chosen}m{text}{RESET}"


def wants_color(stream: Terminal, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to colour what goes to `stream`.

    `NO_COLOR`, when not empty, wins (no-color.org); then `FORCE_COLOR` (any value but empty, 0 and false; those
    two switch colours off); then `TERM=dumb`; then whether the stream is a terminal.
    """
    env = os.environ if environ is None else environ
    if env.get("NO_COLOR"):
        return False
    force = env.get("FORCE_COLOR")
    if force:
        return force.strip().lower() not in ("0", "false")
    if env.get("TERM") == "dumb":
        return False
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):  # not a stream, or closed
        return False


def color_count(environ: Mapping[str, str] | None = None) -> int:
    """How many colours the terminal shows according to the environment: 256 or 16."""
    env = os.environ if environ is None else environ
    if "256" in env.get("TERM", "") or env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 256
    return 256 if env.get("FORCE_COLOR", "") in ("2", "3") else 16


def terminal_width(stream: object) -> int | None:
    """The columns of the terminal behind `stream`; None if it is no terminal, which means: never wrap."""
    fileno: Any = getattr(stream, "fileno", None)
    try:
        return os.get_terminal_size(fileno()).columns or None
    except (OSError, TypeError, ValueError):  # no terminal, closed, or no descriptor behind it
        return None
