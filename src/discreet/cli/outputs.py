"""Where a command writes: standard output, or a file that appears only when it is complete."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Literal

from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


class OutputError(DiscreetError):
    """The command line names an output that would destroy an input, or that cannot be one."""


def refuse_same(name: str | None, inputs: Iterable[IO[bytes]]) -> None:
    """Raise `OutputError` if the output (None: standard output) is one of the inputs."""
    try:
        target = os.fstat(sys.stdout.fileno()) if name is None else os.stat(name)
    except (OSError, ValueError):  # it does not exist yet, or is no file at all
        return
    if name is not None and stat.S_ISDIR(target.st_mode):
        raise OutputError(f"{name} is a folder. Name a file")
    if not stat.S_ISREG(target.st_mode):
        return
    for file in inputs:
        with suppress(OSError, ValueError):
            if os.path.samestat(target, os.fstat(file.fileno())):
                raise OutputError("the output is one of the inputs, which are never changed. Name another file")


@contextmanager
def output(name: str | None) -> Generator[tuple[IO[bytes], str]]:
    """The file to write to, and its name as far as it has one.

    A named file is written beside its place and moved there at the end: if anything is raised, it never appears.
    A link stays a link, and a file that is replaced keeps its permissions. A pipe or a device is written to.
    """
    if name is None:
        yield sys.stdout.buffer, _name_of_stdout()
        sys.stdout.buffer.flush()
        return
    if os.path.exists(name) and not os.path.isfile(name):
        with _opened(name, name, "wb") as file:
            yield file, name
        return
    place = os.path.realpath(name)
    beside = f"{place}.{os.getpid()}.part"
    file = _opened(name, beside, "xb")
    try:
        with file:
            with suppress(FileNotFoundError):
                shutil.copymode(place, beside)
            yield file, name
        os.replace(beside, place)
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _opened(name: str, path: str, mode: Literal["wb", "xb"]) -> IO[bytes]:
    try:
        return open(path, mode)
    except OSError as error:
        raise OutputError(f"{name}: {error.strerror}") from None


def _name_of_stdout() -> str:
    """What the shell opened as standard output: `> safe.log.gz` asks for gzip as `-o safe.log.gz` does."""
    with suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        if stat.S_ISREG(os.fstat(number).st_mode):
            return os.readlink(f"/proc/self/fd/{number}")
    return ""
