"""A file that lines are appended to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from discreet._delivery.fd import TornLineError, write_line
from discreet._delivery.sink import Sink
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from os import PathLike


_APPEND = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)


class File(Sink):
    """Lines appended to a file, JSON unless asked otherwise.

    Several processes may append to one file: each line is one `write` in append mode. The folder is made if it
    is missing. The file is readable by its owner and group (0640): logs tell more than they should to everybody.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        format: str = "json",  # noqa: A002 - the setting's name
        level: int | str | None = None,
    ) -> None:
        super().__init__(format=format, level=level)
        self.path = Path(path)
        self._fd = -1
        self._torn = False

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def open(self) -> None:
        """Create or open the file; a file that cannot be written raises here, not at the first record."""
        if self._fd >= 0:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, _APPEND | os.O_CREAT, 0o640)
        except OSError as error:
            raise ConfigurationError(
                "file",
                str(self.path),
                f"cannot be opened for writing ({error.strerror})",
                "Name a file in a folder that this user may write to",
            ) from error

    def write(self, line: bytes) -> None:
        """Append one line."""
        if self._fd < 0 and self.retired:
            self._write_late(line)
            return
        if self._torn:
            line = b"\n" + line
        try:
            write_line(self._fd, line)
        except TornLineError:
            self._torn = True
            raise
        self._torn = False

    def _write_late(self, line: bytes) -> None:
        """A record that was on its way when another configuration closed the file."""
        fd = os.open(self.path, _APPEND)
        try:
            write_line(fd, line)
        finally:
            os.close(fd)

    def flush(self) -> None:
        """Nothing waits here: each line went to the kernel when it was written."""

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
