"""Locks on files, which show that a process is alive: the kernel frees them, however the process ends."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

available = sys.platform not in ("win32", "emscripten", "wasi")
"""Whether files can be locked. In WebAssembly `flock` exists, and grants every lock to everybody."""
FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""How to open a file that another process may have put there: follow no link, wait for no named pipe."""

if sys.platform != "win32":
    import fcntl

    def try_lock(fd: int) -> bool:
        """Take the lock of an open file, unless somebody has it. Raises `OSError` if the file system has no locks."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def try_share(fd: int) -> bool:
        """Take a shared lock, unless a process has the lock alone. Raises as `try_lock`."""
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Free the lock, whatever copies of the descriptor forked children have. Never raises."""
        try:
            fcntl.flock(fd, fcntl.LOCK_UN)
        except OSError:  # the descriptor is closed, or a network file system fails: `close` frees the lock too
            return

else:

    def try_lock(fd: int) -> bool:
        """Never: where `available` is false, nothing needs a lock."""
        return False

    def try_share(fd: int) -> bool:
        """Never, as `try_lock`."""
        return False

    def unlock(fd: int) -> None:
        """Nothing to free."""


class ForeignFileError(OSError):
    """What was to be locked is no regular file."""


def open_locked(path: Path, flags: int = os.O_RDWR) -> int | None:
    """Open a file for this process alone; None if another has it, or it is gone. Raises `OSError`."""
    try:
        fd = os.open(path, flags | FLAGS, 0o600)
    except FileNotFoundError:
        return None
    try:
        _refuse_foreign(fd)
        if try_lock(fd) and os.fstat(fd).st_nlink:  # it was removed meanwhile: what is written there would be lost
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def _refuse_foreign(fd: int) -> None:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise ForeignFileError
