"""Which folder on disk is a sink's, if any."""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from typing import TYPE_CHECKING

from discreet._base.diagnostics import report_problem
from discreet._delivery import locks
from discreet._delivery.folder import VARIABLE, place, state_folder
from discreet._delivery.spool.spool import Spool
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discreet._delivery.setup import Setup

_SALT = "salt"
_SALT_BYTES = 32


def spool_for(setup: Setup, destination: str, credentials: Sequence[str] = ()) -> Spool | None:
    """Where lines for a destination wait; None where there is no place, which is said unless it is always so.

    What was kept for one credential is never sent with another: each has a folder of its own.
    Raises `ConfigurationError` if a place was asked for and cannot be had.
    """
    state_dir = os.environ.get(VARIABLE, "").strip() if setup.state_dir is None else setup.state_dir
    asked = setup.spool_required or bool(state_dir)
    if not locks.available and not asked:
        return None
    try:
        told_apart = [_digest(credentials, state_dir)] if credentials and locks.available else []
        return Spool(place("spool", setup.service, destination, *told_apart, state_dir=state_dir))
    except (OSError, ConfigurationError) as error:
        if asked and isinstance(error, ConfigurationError):
            raise
        report_problem(f"no folder for records that wait for {destination}: they wait in memory only")
        return None


def _digest(credentials: Sequence[str], state_dir: str) -> str:
    """What tells credentials apart and nothing of them: without the salt not even a weak password can be tried."""
    said = "\0".join(credentials).encode("utf-8", "surrogatepass")
    return blake2b(said, key=_salt(state_dir), digest_size=8).hexdigest()


def _salt(state_dir: str) -> bytes:
    """Random bytes of this state folder, the same for all processes. Raises `OSError`."""
    path = state_folder(state_dir) / _SALT
    for _ in range(200):  # another process makes them, which takes a moment
        fd = locks.open_locked(path, os.O_RDWR | os.O_CREAT)
        if fd is not None:
            try:
                salt = os.pread(fd, _SALT_BYTES, 0)
                if len(salt) < _SALT_BYTES:
                    salt = os.urandom(_SALT_BYTES)
                    os.pwrite(fd, salt, 0)
                return salt
            finally:
                os.close(fd)
        time.sleep(0.01)
    raise TimeoutError
