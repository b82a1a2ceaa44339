"""Makes the n-th call of the operating system's file functions fail, for n = 1, 2, 3, ... until a run meets no fault."""

from __future__ import annotations

import errno
import fcntl
import gc
import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

CALLS = [
    (os, name)
    for name in (
        *("open", "read", "write", "pread", "pwrite", "ftruncate", "fsync", "utime", "posix_fallocate"),
        *("stat", "lstat", "fstat", "listdir", "scandir", "mkdir", "chmod", "fchmod", "fchown"),
        *("rename", "replace", "unlink", "remove"),
    )
    if hasattr(os, name)
]
CALLS += [(fcntl, "flock"), (mmap, "mmap")]
"""Not `close`: where it fails, the descriptor is closed all the same."""

MOST = 2000  # calls: a run that makes more never ends


class Faults:
    """While it is entered, the `at`-th call fails with the error number, and the later ones too if the fault `lasts`.

    A call that writes writes half of its bytes before it fails, as on a disk that becomes full.
    """

    def __init__(self, at: int, number: int, *, lasts: bool) -> None:
        self._at = at
        self._number = number
        self._lasts = lasts
        self.calls: list[str] = []
        """All calls that were made, by name."""

    @property
    def were_met(self) -> bool:
        return len(self.calls) >= self._at

    @property
    def met(self) -> str:
        """The call that failed first."""
        return self.calls[self._at - 1] if self.were_met else "none"

    def __enter__(self) -> Faults:
        self._patches = [mock.patch.object(owner, name, self._failing(owner, name)) for owner, name in CALLS]
        for patch in self._patches:
            patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        for patch in reversed(self._patches):
            patch.stop()

    def _failing(self, owner: Any, name: str) -> Callable[..., Any]:
        real = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            assert len(self.calls) < MOST, "this run does not end"
            number = len(self.calls)
            if number == self._at or (self._lasts and number > self._at):
                if name == "write" and number == self._at and len(arguments[1]) > 1:
                    return real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise OSError(self._number, os.strerror(self._number))
            if name == "write" and not self._lasts and number == self._at + 1 and self.calls[-2] == "write":
                raise OSError(self._number, os.strerror(self._number))
            return real(*arguments, **options)

        return call


every_kind_of_fault = pytest.mark.parametrize(
    ("number", "lasts"),
    [
        pytest.param(errno.EIO, False, id="EIO once"),
        pytest.param(errno.EACCES, False, id="EACCES once"),
        pytest.param(errno.ENOSPC, True, id="ENOSPC from then on"),
    ],
)


def each_call_failing(number: int, *, lasts: bool) -> Iterator[tuple[Path, Faults]]:
    """A new folder and faults for each run. The last run meets none, and all leave no descriptor open."""
    for at in range(1, MOST):
        with tempfile.TemporaryDirectory() as folder:
            faults = Faults(at, number, lasts=lasts)
            yield Path(folder), faults
            if open_descriptors(folder):
                gc.collect()  # a map of a file has a descriptor of its own
            assert not open_descriptors(folder), (at, faults.met)
        if not faults.were_met:
            return


def open_descriptors(folder: str) -> list[str]:
    """The files of a folder that this process has open, where the system tells."""
    found = []
    if sys.platform == "linux":
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # the descriptor of the listing itself
                found.append(os.readlink(f"/proc/self/fd/{name}"))
    return [path for path in found if path.startswith(folder)]
