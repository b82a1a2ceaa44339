"""The lock of whoever configures. A fork waits for it, so that the child does not inherit what is half imported."""

from __future__ import annotations

import os
from _thread import RLock  # `threading` would cost more than all else that `import discreet` loads

_LONGEST_WAIT = 5.0  # seconds; the thread that holds the lock may itself wait for something


class ForkLock:
    """A re-entrant lock. A thread that forks takes it first, then parent and child release it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self.register()

    def register(self) -> None:
        """Have forks wait. Once more where other hooks take locks: the hooks registered last are the first to run."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._wait, after_in_parent=self._release, after_in_child=self._release_or_renew)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _wait(self) -> None:
        self._lock.acquire(timeout=_LONGEST_WAIT)

    def _release(self) -> bool:
        try:
            self._lock.release()
        except RuntimeError:  # the wait was in vain
            return False
        return True

    def _release_or_renew(self) -> None:
        if not self._release():  # the thread that would free the lock is not here
            self._lock = RLock()


configuring = ForkLock()
