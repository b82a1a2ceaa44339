"""gzip and Zstandard: files are decompressed by their content, whatever their name, and compressed by their name."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, cast

from discreet.errors import DiscreetError

if TYPE_CHECKING:
    from collections.abc import Generator

GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878, 3.1.1
_SKIPPABLE = b"\x2a\x4d\x18"  # RFC 8878, 3.1.2: the last three bytes of the magic number of a frame to skip
UTF16 = (b"\xff\xfe", b"\xfe\xff")
SUFFIXES = {".gz": "gzip", ".zst": "zstd"}


class UnreadableError(DiscreetError):
    """A file that cannot be opened, or whose compressed content is damaged or cut short."""


def unreadable(name: str, error: BaseException) -> UnreadableError:
    """The same error with the name of the file, `-` for standard input."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableError(f"{'standard input' if name == '-' else name}: {reason}")


@contextmanager
def readable(name: str) -> Generator[None]:
    """Whatever goes wrong inside while a file is opened, read or decompressed becomes an `UnreadableError`."""
    try:
        yield
    except Exception as error:
        # The module of ZstdError differs by Python's version, and need not be there.
        if isinstance(error, (OSError, EOFError, zlib.error)) or type(error).__name__ == "ZstdError":
            raise unreadable(name, error) from None
        raise


def decompressed(file: IO[bytes]) -> IO[bytes]:
    """The file, decompressed while it is read if it is compressed. It may be a pipe."""
    start = _start(file)
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    if start == ZSTD or (start[1:] == _SKIPPABLE and start[0] & 0xF0 == 0x50):
        return cast("IO[bytes]", _zstd().ZstdFile(file))
    return file


def compressing(file: IO[bytes], compression: str | None) -> IO[bytes]:
    """A file to write to: `gzip`, `zstd`, or None for `file` itself. Closing it leaves `file` open."""
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="wb"))
    if compression == "zstd":
        return cast("IO[bytes]", _zstd().ZstdFile(file, "wb"))
    return file


def compression_of(name: str) -> str | None:
    """The compression that a file's name asks for."""
    return next((kind for suffix, kind in SUFFIXES.items() if name.lower().endswith(suffix)), None)


def _start(file: IO[bytes]) -> bytes:
    if isinstance(file, io.BufferedReader):
        return file.peek(4)[:4]
    start = file.read(4)
    file.seek(0)
    return start


def _zstd() -> Any:
    """The standard library's module from Python 3.14 on, its backport before."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise DiscreetError('reading and writing .zst is not available. Install it with: pip install "discreet[zstd]"')
