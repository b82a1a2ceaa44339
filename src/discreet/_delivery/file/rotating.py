"""Rotate a file that several processes may write, so that each line is in exactly one file, whole.

A process that writes holds a shared lock (`flock`) on the file, and checks after taking it that the file is still at
the path. A process that rotates holds the lock alone while it renames the file. So no process writes to a file that was
renamed, and the file can be compressed at once. The file itself is locked: there is no lock file to be removed.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from discreet._base import threads
from discreet._base.diagnostics import Reporter, reason_of
from discreet._delivery import locks
from discreet._delivery.file.rotation import next_stamp, rotated, stamped_at, tidy

if TYPE_CHECKING:
    from discreet._delivery.file.rotation import Keep, Rotation

_PATIENCE = 0.1  # seconds that a rotation waits for the others' writes; then it is put off
_PAUSE = 0.0005
_RETRY = 1.0
_AGE_INTERVAL = 3600.0  # seconds between checks of the age of rotated files


class Rotator:
    """The rotation of one file by one process."""

    def __init__(self, name: str, rotation: Rotation, keep: Keep, compression: str | None) -> None:
        self._name = name
        self.rotation = rotation
        self.keep = keep
        self.compression = compression
        self.path = ""
        self._reporter = Reporter()
        self.renew()

    def renew(self) -> None:
        """Begin; also in a forked child, which does not have the parent's thread."""
        self._lockless = not locks.available
        self.alone = -1  # the inode of the file whose lock we have alone: a signal handler need not wait for it
        self._not_before = 0.0
        self._lock = threads.lock()
        self._rotated = self._tidying = self._untidy = False
        self._check_age_at = 0.0

    # --- the lock

    def share(self, fd: int) -> bool:
        """Take a shared lock. False while another process rotates."""
        if self._lockless:
            return True
        try:
            return locks.try_lock(fd, shared=True)
        except OSError as error:
            self._lockless = True
            self._report(f"has no locks ({reason_of(error)}): only one process may write there, or lines may be lost")
            return True

    def release(self, fd: int) -> None:
        """Free the lock. A lock that is not held is no error, nor is a descriptor that was closed."""
        self.alone = -1
        if not self._lockless:
            locks.unlock(fd)

    # --- rotation

    def due(self, found: os.stat_result, more: int) -> bool:
        """Whether the file, as it is, ends before `more` bytes come to it."""
        now = time.time()
        return self.rotation.due(found.st_size, found.st_mtime, more, now) and time.monotonic() >= self._not_before

    def rotate(self, fd: int, found: os.stat_result, more: int) -> None:
        """Rename the file that is open as `fd`, unless another process just did. Never raises.

        A rotation that fails is tried again later: the line is written to the file as it is.
        """
        try:
            if self._alone(fd, found):
                self._rename(found, more)
        except OSError as error:
            self._not_before = time.monotonic() + _RETRY
            self._report(f"cannot be rotated ({reason_of(error)}) and grows")
        finally:
            self.release(fd)

    def _alone(self, fd: int, found: os.stat_result) -> bool:
        """Take the lock alone. False if the file was rotated meanwhile, or others do not stop writing to it."""
        deadline = time.monotonic() + _PATIENCE
        while not self._lockless and not locks.try_lock(fd):
            if not self._leads_to(found):
                return False
            if time.monotonic() >= deadline:
                self._not_before = deadline + _PATIENCE
                return False
            time.sleep(_PAUSE)
        self.alone = found.st_ino
        return self._leads_to(found)

    def _leads_to(self, found: os.stat_result) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), found)
        except FileNotFoundError:
            return False

    def _rename(self, found: os.stat_result, more: int) -> None:
        real = os.path.realpath(self.path)  # a link stays where it is, its target is rotated
        last = max((file.stamp for file in rotated(real)), default="")
        now = time.time()
        too_large = self.rotation.bytes is not None and found.st_size + more > self.rotation.bytes
        # Not by the times that file systems keep: they lag behind the clock, those of a network by more than a moment.
        if last and not too_large and self.rotation.period(stamped_at(last).timestamp()) == self.rotation.period(now):
            return  # the file began in this period already
        os.rename(real, f"{real}.{next_stamp(now, last)}")
        self._rotated = True

    # --- rotated files

    def tidy_if_due(self) -> None:
        """Compress and remove rotated files, if any came or became old, in a thread of its own."""
        if self._rotated or (self.keep.days is not None and time.monotonic() >= self._check_age_at):
            self._rotated = False
            self.tidy()

    def tidy(self) -> None:
        """Compress and remove rotated files, in a thread of its own. Where none can be started, only remove, here."""
        self._check_age_at = time.monotonic() + _AGE_INTERVAL
        if not self.keep and self.compression is None:
            return
        with self._lock:
            self._untidy = True
            if not self._tidying:
                self._tidying = threads.start(self._tidy)
            started = self._tidying
        if not started:
            tidy(os.path.realpath(self.path), self.keep, None)

    def _tidy(self) -> None:
        while True:
            with self._lock:
                if not self._untidy:
                    self._tidying = False
                    return
                self._untidy = False
            tidy(os.path.realpath(self.path), self.keep, self.compression)

    def _report(self, text: str) -> None:
        self._reporter.once(text, f"{self._name} {text}")
