"""A file that lines are appended to. It is followed when another program moves it, and rotated if asked."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from discreet._delivery import locks
from discreet._delivery.descriptor import Opened, TornLineError, ends_torn, open_file, write_line
from discreet._delivery.file.rotating import Rotator
from discreet._delivery.file.rotation import Rotation, agree, parse_bytes, parse_compress, parse_every, parse_keep
from discreet._delivery.runner import OwnSink
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from os import PathLike

_PATIENCE = 1.0  # seconds that a write waits for another process to end its rotation, which takes a millisecond
_PATIENCE_APART = 0.2
_PAUSE = 0.0005
_FOLLOWS = 10  # times: where inode numbers change by themselves, a path never leads to the open file
_NOWHERE = Opened(-1, -1, -1, regular=True)


class File(OwnSink):
    """Lines appended to a file, JSON unless asked otherwise.

    Several processes may append to one file: each line is one `write` in append mode. The file, and its folder, are
    made if missing, also when another program moved or removed them. Only owner and group may read it (0640).

    `rotate_bytes` (bytes, or text such as "100 MB") and `rotate_every` ("hour", "day" from midnight UTC, "week" from
    Monday, "6 hours") begin a new file; the old one gets the time of its rotation (UTC) as a suffix. Of those, the
    newest are kept: `keep_files` of them, those of the last `keep_days` days, and `keep_bytes` in total. `compress`
    is "gzip" or "zstd". Raises `ConfigurationError`.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        format: str = "json",  # noqa: A002 - the setting's name
        level: int | str | None = None,
        rotate_bytes: int | str | None = None,
        rotate_every: str | None = None,
        keep_files: int | None = None,
        keep_days: float | None = None,
        keep_bytes: int | str | None = None,
        compress: str | None = None,
    ) -> None:
        super().__init__(format=format, level=level)
        self.path = Path(path)
        rotation = Rotation(parse_bytes("rotate_bytes", rotate_bytes), parse_every(rotate_every))
        keep = parse_keep(keep_files, keep_days, keep_bytes)
        compression = parse_compress(compress)
        agree(rotation, keep, compression)
        self._rotator = Rotator(str(path), rotation, keep, compression) if rotation else None
        self._where = ""
        self._opened = _NOWHERE
        self._closed = True
        self._retired = False
        self._torn: bool | None = None  # whether the file ends in the middle of a line; None: find out
        self._busy = False
        self._patience = _PATIENCE

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    @property
    def where(self) -> str:
        """The absolute path, once the file was opened; before, the path as it was given."""
        return self._where or self.name

    def open(self) -> None:
        """Create or open the file; a file that cannot be written raises here, not at the first record."""
        self._retired = False
        if not self._closed:
            return
        self._where = os.path.abspath(self.path)  # the program may go to another folder
        try:
            self._open()
        except OSError as error:
            raise ConfigurationError(
                "file",
                str(self.path),
                f"cannot be opened for writing ({error.strerror})",
                "Name a file in a folder that this user may write to",
            ) from error
        self._torn = self._opened.regular and ends_torn(self._where)
        self._closed = False
        if self._rotator is not None and self._opened.regular:
            self._rotator.path = self._where
            self._rotator.tidy()

    def write(self, line: bytes) -> None:
        """Append one line, or several whole ones."""
        if self._closed:
            if not self._retired:
                raise OSError(errno.EBADF, "the file is closed")
            self._write_apart(line)
        elif self._rotator is not None and self._opened.regular:
            self._write_rotating(self._rotator, line)
        else:
            if self._opened.regular and self._found(self._opened) is None:
                self._follow()
            self._append(line)

    # --- the file and its path

    def _open(self) -> None:
        before, self._opened = self._opened, open_file(self._where, locked=self._rotator is not None)
        if before.fd >= 0:
            with suppress(OSError):  # another part of the program closed it, which is why it is opened again
                os.close(before.fd)

    def _found(self, opened: Opened) -> os.stat_result | None:
        """The status of the file at the path; None if that is not the file that was opened.

        Checked before each write: a line that is written after another program moved the file goes to the new one.
        """
        try:
            found = os.stat(self._where)
        except OSError:
            return None
        return found if found.st_ino == opened.inode and found.st_dev == opened.device else None

    def _follow(self) -> bool:
        """Open the file at the path. False if that fails, but the open file still exists: lines go there."""
        try:
            self._open()
        except OSError:
            if self._opened.fd < 0 or not os.fstat(self._opened.fd).st_nlink:
                raise
            return False
        return True

    def _append(self, line: bytes) -> None:
        torn = self._torn
        if torn is None:
            torn = ends_torn(self._where)
        try:
            write_line(self._opened.fd, b"\n" + line if torn else line)
        except OSError as error:
            if isinstance(error, TornLineError):
                error.written -= torn
            if self._opened.regular:
                self._torn = None
                self._opened = Opened(self._opened.fd, -1, -1, regular=True)  # it may be broken: open the file again
            else:
                self._torn = torn or isinstance(error, TornLineError)
            raise
        self._torn = False

    # --- with rotation

    def _write_rotating(self, rotator: Rotator, line: bytes) -> None:
        if self._busy:  # a signal handler logs, and interrupted this very function
            self._write_apart(line)
            return
        self._busy = True
        try:
            self._prepare(rotator, len(line))
            self._append(line)
        finally:
            if self._opened.fd >= 0:
                rotator.release(self._opened.fd)
            self._busy = False
        rotator.tidy_if_due()

    def _prepare(self, rotator: Rotator, more: int) -> None:
        """Rotate if it is time to. Afterwards, the open file is the one at the path, and it stays there."""
        deadline = 0.0
        follows = 0
        asked = False
        while True:
            fd = self._opened.fd
            held = fd >= 0 and rotator.share(fd)
            found = self._found(self._opened)
            if found is None:
                if held:
                    rotator.release(fd)
                if follows == _FOLLOWS or not self._follow() or not self._opened.regular:
                    return
                follows += 1
            elif not held:
                deadline = deadline or time.monotonic() + self._patience
                if time.monotonic() >= deadline:  # the other process was stopped during its rotation: this one goes on
                    self._patience = 0.0
                    return
                time.sleep(_PAUSE)
            elif asked or not rotator.due(found, more):
                self._patience = _PATIENCE
                return
            else:
                asked = True
                if not locks.available:  # Windows renames no file that is open
                    fd, self._opened = self._opened.fd, _NOWHERE
                    os.close(fd)
                rotator.rotate(fd, found, more)

    def _write_apart(self, line: bytes) -> None:
        """Write with a descriptor of its own: the file is closed already, or a signal handler interrupted a write."""
        deadline = time.monotonic() + _PATIENCE_APART
        while True:
            opened = open_file(self._where, locked=self._rotator is not None)
            try:
                if self._rotator is None or not opened.regular or self._holds(self._rotator, opened, deadline):
                    write_line(opened.fd, line)
                    return
            finally:
                os.close(opened.fd)

    def _holds(self, rotator: Rotator, opened: Opened, deadline: float) -> bool:
        """Whether the file stays at the path for as long as it is open.

        If this very thread has the lock, and a signal handler interrupted it, no other process has it: that is enough.
        """
        while not rotator.share(opened.fd):
            if rotator.alone == opened.inode or time.monotonic() >= deadline:
                return True
            time.sleep(_PAUSE)
        return self._found(opened) is not None or time.monotonic() >= deadline

    # --- fork and close

    def after_fork_in_child(self) -> None:
        """Open the file again, since a lock belongs to a descriptor and its copies in other processes."""
        self._busy = False
        if self._rotator is None:
            return
        self._rotator.renew()
        if self._opened.fd >= 0 and self._opened.regular:
            os.close(self._opened.fd)
            self._opened = _NOWHERE
            with suppress(OSError):  # the next record tries again, and is counted if it fails
                self._open()

    def retire(self) -> None:
        """Close the file; a record that is still on its way here opens it once more."""
        self._retired = True
        super().retire()

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        opened, self._opened = self._opened, _NOWHERE
        if opened.fd >= 0:
            os.close(opened.fd)


def bounded(path: str | PathLike[str]) -> File:
    """A file that is named only by its path, as in `DISCREET_FILE`: it must not fill the disk."""
    return File(path, rotate_bytes="100 MB", keep_files=10)
