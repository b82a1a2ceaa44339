"""stdout, stderr, or any text stream."""

from __future__ import annotations

import errno
import sys
from typing import TextIO

from discreet._base import threads
from discreet._delivery.descriptor import TornLineError, writable, write_line
from discreet._delivery.sink import Sink
from discreet.errors import ConfigurationError

writing: dict[int, tuple[Stream, str]] = {}
"""The threads that are handing a text to a stream without a descriptor, each with its sink and the text."""


def echoes(message: object, args: tuple[object, ...]) -> bool:
    """Whether a record is what this thread is just writing: `sys.stdout` was replaced by something that logs.

    Such as Celery's workers do. Without this, a line would become a record, and that a line, and so on forever.
    """
    found = writing.get(threads.ident())
    if found is None:
        return False
    sink, text = found
    line = text.strip()
    for part in (message, *args):
        said = part.strip() if isinstance(part, str) else ""
        if said and (said in line or line in said):
            sink.avoid()
            return True
    return False


def _logs(stream: object) -> bool:
    """Whether it says that it logs what it is given: not every such record comes here, where `echoes` could tell."""
    logging = sys.modules.get("logging")
    return logging is not None and isinstance(getattr(stream, "logger", None), logging.Logger)


class Stream(Sink):
    """Lines to "stdout" (default), "stderr", or a text stream of your own; from `level` up, and `below` another.

    The named ones are looked up at each write, so that `contextlib.redirect_stdout`, pytest's capture and
    notebooks see the lines; one that logs what it is given (Celery's) is passed over for the process's own. A
    stream with a file descriptor gets each line in one system call, after what `print` had left in its buffer.
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
        self._looked_at: TextIO | None = None
        self._avoided: TextIO | None = None

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
            if stream is not self._looked_at:
                self._looked_at = stream
                if _logs(stream):
                    self._avoided = stream
            if stream is not None and stream is self._avoided:
                stream = getattr(sys, f"__{self.target}__")
            return stream
        return self.target

    def avoid(self) -> None:
        """The stream, as it is now, logs what it is given: write to the process's own from here on."""
        if isinstance(self.target, str):
            self._avoided = getattr(sys, self.target)

    def write(self, line: bytes) -> None:
        """One system call where there is a descriptor, one `write` where there is not."""
        stream = self.stream()
        if stream is None:
            raise OSError(errno.EBADF, "the process has no such stream")
        if getattr(stream, "closed", False):  # what programs put in the place of sys.stdout may have `write` only
            raise OSError(errno.EBADF, "the stream is closed")
        fd = self._descriptor(stream)
        if fd < 0:
            self._write_text(stream, line.decode("utf-8", "replace"))
            if stream is self._avoided and self.stream() is not stream:
                self.write(line)  # it came back as a record; this time it leaves
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

    def takes_more(self, patience: float) -> bool:
        """Whether a write need not wait for a reader, or no longer than so many seconds."""
        stream = self.stream()
        fd = -1 if stream is None or getattr(stream, "closed", False) else self._descriptor(stream)
        return fd < 0 or writable(fd, patience)

    def _write_text(self, stream: TextIO, text: str) -> None:
        thread = threads.ident()
        outer = writing.get(thread)
        writing[thread] = (self, text)
        try:
            stream.write(text)
        finally:
            if outer is None:
                del writing[thread]
            else:  # a signal handler's record, amid another
                writing[thread] = outer

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
