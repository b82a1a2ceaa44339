"""Open a file for lines, write a whole line to a descriptor, and find out whether a file ends in one."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 1.0
"""Seconds a non-blocking descriptor may stay full before the record is given up."""
_APPEND = os.O_APPEND | os.O_CREAT | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")  # files with these names belong to others
_CHECKS = 10  # times to check the end of a file, since another process may just be writing there
_PAUSE = 0.001


class TornLineError(OSError):
    """Part of a line was written and the rest could not be: the next line must start with a newline."""

    written = 0
    """How many bytes were."""


class Opened(NamedTuple):
    """A descriptor, and the numbers of its file: whether a path still leads to that file can be checked with them."""

    fd: int
    device: int
    inode: int
    regular: bool
    """Whether it is a file: not a pipe, a terminal, a device, or the file that stdout was redirected to."""


def open_file(path: str, *, locked: bool = False) -> Opened:
    """Open a file to append to; it and its folder are made if missing. Raises `OSError`.

    Only owner and group may read it (0640): from a file of ours that is there already, the rights of others are
    removed. In a folder that everybody may write to, a link, or somebody else's file, is refused. `locked` says that
    the file will be locked: for that, some network file systems want it to be open for reading too.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    public = os.name == "posix" and bool(os.stat(folder).st_mode & stat.S_IWOTH)
    flags = _APPEND | (os.O_NOFOLLOW if public else 0)
    if locked:
        with suppress(FileNotFoundError):  # it will be made, as a regular file
            locked = stat.S_ISREG(os.stat(path).st_mode)
    flags |= os.O_RDWR if locked else os.O_WRONLY
    fd = os.open(path, flags, 0o640)
    try:
        status = os.fstat(fd)
        regular = stat.S_ISREG(status.st_mode) and not path.startswith(_STREAMS)
        if regular and os.name == "posix":
            _keep_private(fd, status, public=public)
    except BaseException:
        os.close(fd)
        raise
    return Opened(fd, status.st_dev, status.st_ino, regular)


def _keep_private(fd: int, status: os.stat_result, *, public: bool) -> None:
    if public and not belongs_to_user(status) and status.st_uid:
        raise PermissionError(errno.EPERM, "belongs to somebody else, in a folder that everybody may write to")
    if status.st_mode & stat.S_IRWXO:
        with suppress(OSError):  # the file is not ours: its owner has decided
            os.fchmod(fd, stat.S_IMODE(status.st_mode) & ~stat.S_IRWXO)


def user() -> int | None:
    """The number of this process's user; None where there are no users: on Windows and in WebAssembly."""
    geteuid: Callable[[], int] | None = getattr(os, "geteuid", None)
    return None if geteuid is None else geteuid()


def belongs_to_user(status: os.stat_result) -> bool:
    """Whether a file or folder belongs to this process's user. Where there are no users, everything does."""
    return user() in (None, status.st_uid)


def write_line(fd: int, line: bytes) -> None:
    """Write one line with one system call, or more if a pipe does not take all of it at once. Raises `OSError`."""
    written = 0
    try:
        while written < len(line):
            try:
                written += os.write(fd, line[written:] if written else line)
            except BlockingIOError:
                if not writable(fd):
                    raise TimeoutError(None, "the reader is stalled") from None
    except OSError as error:
        if not written:
            raise
        torn = TornLineError(error.errno, "the line was cut short")
        torn.written = written
        raise torn from error


def ends_torn(path: str) -> bool:
    """Whether a file ends in the middle of a line, and stays so for a moment: no process is writing the rest."""
    size = -1
    for _ in range(_CHECKS):
        try:
            now = os.stat(path).st_size
            if not now:
                return False
            with open(path, "rb", buffering=0) as file:
                file.seek(now - 1)
                if file.read(1) == b"\n":
                    return False
        except OSError:  # it cannot be read: an empty line does less harm than two lines in one
            return True
        if now == size:
            return True
        size = now
        time.sleep(_PAUSE)
    return False


def writable(fd: int, patience: float = PATIENCE) -> bool:
    """Whether something can be written to a descriptor, at once or within `patience` seconds."""
    poll = getattr(select, "poll", None)  # select() cannot watch descriptors above 1023; Windows has nothing else
    if poll is None:
        return bool(select.select([], [fd], [], patience)[1])
    watch = poll()
    watch.register(fd, select.POLLOUT)
    return bool(watch.poll(patience * 1000))
