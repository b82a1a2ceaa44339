"""Locks on files, which show that a process is alive: the kernel frees them, however the process ends."""

from __future__ import annotations

import os
import stat
import sys
import weakref
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

available = sys.platform not in ("win32", "emscripten", "wasi")
"""Whether files can be locked. In WebAssembly `flock` exists, and grants every lock to everybody."""
FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""How to open a file that another process may have put there: follow no link, wait for no named pipe."""

_fcntl: Any = None if sys.platform == "win32" else import_module("fcntl")


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Take the lock of an open file, unless another has it; a `shared` one, unless another has the lock alone.

    Raises `OSError` if the file system has no locks. On Windows it takes none: nothing needs one there.
    """
    if _fcntl is None:
        return False
    try:
        _fcntl.flock(fd, (_fcntl.LOCK_SH if shared else _fcntl.LOCK_EX) | _fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(fd: int) -> None:
    """Free the lock, whatever copies of the descriptor forked children have. Never raises."""
    if _fcntl is not None:
        with suppress(OSError):  # the descriptor is closed, or a network file system fails: `close` frees the lock too
            _fcntl.flock(fd, _fcntl.LOCK_UN)


class ForeignFileError(OSError):
    """What was to be locked is no regular file."""


def open_locked(path: Path, flags: int = os.O_RDWR) -> int | None:
    """Open a file for this process alone; None if another has it, or it is gone. Raises `OSError`."""
    try:
        fd = os.open(path, flags | FLAGS, 0o600)
    except FileNotFoundError:
        return None
    try:
        is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        if (
            is_file and try_lock(fd) and os.fstat(fd).st_nlink
        ):  # it was removed meanwhile: what is written there would be lost
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    if not is_file:
        raise ForeignFileError
    return None


holders: weakref.WeakSet[Any] = weakref.WeakSet()
"""What holds locks for long. In a forked child, `leave()` of each closes its copies of the parent's descriptors."""


def _leave() -> None:
    for holder in list(holders):
        holder.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave)
