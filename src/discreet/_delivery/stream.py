"""stdout, stderr, or any text stream."""

from __future__ import annotations

import errno
import sys
from typing import TextIO

from discreet._delivery.fd import TornLineError, write_line
from discreet._delivery.sink import Sink
from discreet.errors import ConfigurationError


class Stream(Sink):
    """Lines to "stdout" (default), "stderr", or a text stream of your own; from `level` up, and `below` another.

    The named ones are looked up at each write, so that `contextlib.redirect_stdout`, pytest's capture and
    notebooks see the lines. A stream with a file descriptor gets each line in one system call, after what
    `print` had left in its buffer.
    """

    def __init__(
        self,
        target: str | TextIO = "stdout",
        *,
        format: str = "auto",  # noqa: A002 - the setting's name
        level: int | str | None = None,
        below: int | str | None = None,
    ) -> None:
        super().__init__(format=format, level=level)
        self.below = below
        self.target = target
        self.apart = False
        """Whether a thread of its own writes: that one must not flush, amid a `print`, what the program has there."""
        self._torn = False
        self._resolved: tuple[TextIO, int] | None = None

    @property
    def name(self) -> str:
        """The stream's name, stdout or stderr, or its class."""
        return self.target if isinstance(self.target, str) else type(self.target).__name__

    def open(self) -> None:
        """Refuse a target that is neither a known name nor a stream."""
        known = self.target in ("stdout", "stderr") if isinstance(self.target, str) else hasattr(self.target, "write")
        if not known:
            raise ConfigurationError("stream", self.target, "no such stream", 'Use "stdout", "stderr" or a text stream')

    def stream(self) -> TextIO | None:
        """The stream as it is now; None where the process has none."""
        if isinstance(self.target, str):
            stream: TextIO | None = getattr(sys, self.target)
            return stream
        return self.target

    def write(self, line: bytes) -> None:
        """One system call where there is a descriptor, one `write` where there is not."""
        stream = self.stream()
        if stream is None:
            raise OSError(errno.EBADF, "the process has no such stream")
        if getattr(stream, "closed", False):  # what programs put in the place of sys.stdout may have `write` only
            raise OSError(errno.EBADF, "the stream is closed")
        fd = self._descriptor(stream)
        if fd < 0:
            stream.write(line.decode("utf-8", "replace"))
            return
        if not self.apart:
            stream.flush()
        if self._torn:
            line = b"\n" + line
        try:
            write_line(fd, line)
        except TornLineError:
            self._torn = True
            raise
        self._torn = False

    def _descriptor(self, stream: TextIO) -> int:
        """The stream's descriptor, or -1; asked once per stream."""
        if self._resolved is None or self._resolved[0] is not stream:
            try:
                fd = stream.fileno()
                if stream.encoding.lower().replace("-", "").replace("_", "") not in ("utf8", "ascii", "usascii"):
                    fd = -1  # a console in another code page decodes what it is given: let the stream encode
            except (OSError, AttributeError, ValueError):
                fd = -1
            self._resolved = (stream, fd)
        return self._resolved[1]

    def flush(self, timeout: float | None = None) -> bool:
        """Flush a stream that buffers by itself."""
        stream = self.stream()
        if stream is not None and not getattr(stream, "closed", False) and hasattr(stream, "flush"):
            stream.flush()
        return super().flush(timeout)
