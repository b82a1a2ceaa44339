"""Locks on files that say a process is alive: the kernel frees them however it ends."""

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
"""How to open what somebody else may have put there: a link is not followed, a named pipe not waited for."""

if sys.platform != "win32":
    import fcntl

    def try_lock(fd: int) -> bool:
        """Take the lock of an open file unless somebody has it. Raises `OSError` where the file system has no locks."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def try_share(fd: int) -> bool:
        """Take a share of the lock, beside others who do, unless somebody has it alone. Raises as `try_lock`."""
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Free it for everybody, whatever copies of the descriptor forked children have."""
        fcntl.flock(fd, fcntl.LOCK_UN)

else:

    def try_lock(fd: int) -> bool:
        """Never: nothing that locks is made here, as `available` says."""
        return False

    def try_share(fd: int) -> bool:
        """Never, as `try_lock`."""
        return False

    def unlock(fd: int) -> None:
        """Nothing to free."""


class ForeignFileError(OSError):
    """Something is in a place where files are locked that is no file."""


def open_locked(path: Path, flags: int = os.O_RDWR) -> int | None:
    """Open a file for this process alone; None if another has it, or it is gone. Raises `OSError`."""
    try:
        fd = os.open(path, flags | FLAGS, 0o600)
    except FileNotFoundError:
        return None
    try:
        _refuse_foreign(fd)
        if try_lock(fd) and os.fstat(fd).st_nlink:  # removed meanwhile: what is written there is lost
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def _refuse_foreign(fd: int) -> None:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise ForeignFileError
