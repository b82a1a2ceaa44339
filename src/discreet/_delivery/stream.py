"""stdout, stderr, or any text stream."""

from __future__ import annotations

import errno
import io
import sys
from typing import TextIO

from discreet._base import threads
from discreet._base.statistics import process_statistics
from discreet._delivery.descriptor import TornLineError, writable, write_line
from discreet._delivery.progress import bars, cleared, watch
from discreet._delivery.runner import OwnSink
from discreet.errors import ConfigurationError

_LAYERS = (io.BufferedWriter, io.BufferedRandom, io.FileIO)  # the last one where Python runs unbuffered

writing: dict[int, tuple[Stream, str]] = {}
"""The threads that are handing a text to a stream without a descriptor, each with its sink and the text."""

recent: dict[str, tuple[Stream, str] | None] = {}
"""The first lines of texts that such streams got lately, each with its sink and text; None: it came back already."""
_MOST_RECENT = 64
_SHORTEST = 20  # shorter lines may be in anybody's message


def echoes(message: object, args: tuple[object, ...]) -> bool:
    """Whether a record is what this thread is just writing: `sys.stdout` was replaced by something that logs.

    Celery's workers do that. Without this, a line would become a record, the record a line, and so on forever.
    """
    found = writing.get(threads.ident())
    if found is None:
        return _came_back(message, args)
    sink, text = found
    line = text.strip()
    for part in (message, *args):
        text = part.strip() if isinstance(part, str) else ""
        if text and (text in line or line in text):
            sink.avoid()
            return True
    return _came_back(message, args)


def _came_back(message: object, args: tuple[object, ...]) -> bool:
    """As `echoes`, for a stream that logs in a thread of its own: write what it swallowed past it."""
    for part in (message, *args):
        text = part if type(part) is str else ""  # isinstance() would ask the object itself
        line = text.strip()
        if line not in recent:
            line = next((known for known in tuple(recent) if known in text), "")
        if not line:
            continue
        found, recent[line] = recent.get(line), None
        if found is None:
            return True
        sink = found[0]
        looping = sink.stream()
        sink.avoid()
        if sink.stream() is not looping:
            swallowed = [(known, entry) for known, entry in tuple(recent.items()) if entry is not None]
            for known, (other, lost) in [(line, found), *swallowed]:
                if other is sink:
                    recent[known] = None
                    sink.write(lost.encode("utf-8", "replace"))
        return True
    return False


def descriptor_of(stream: TextIO) -> int:
    """The descriptor to which a stream plainly writes UTF-8; -1 for any other stream, which gets text.

    That a stream has a `fileno()` says nothing: that of a notebook leads to the terminal that started the kernel, and
    what wraps a stream (to colour it, to draw a progress bar, to copy it) often passes its `fileno()` on.
    """
    if type(stream) is not io.TextIOWrapper or "write" in vars(stream):
        return -1
    try:
        layer = stream.buffer
        raw: object = getattr(layer, "raw", layer)
        if type(layer) in _LAYERS and type(raw) is io.FileIO and is_utf_8(stream.encoding):
            return raw.fileno()
    except (OSError, ValueError):  # closed, or without its buffer
        pass
    return -1


def is_utf_8(encoding: object) -> bool:
    """Whether the name of an encoding is one of UTF-8's."""
    return isinstance(encoding, str) and encoding.lower().replace("-", "").replace("_", "") == "utf8"


def in_encoding(text: str, encoding: str) -> str:
    r"""The text of a line, with escapes for the characters that an encoding does not have.

    They are those of JSON in a JSON line (`\u00e9`), and Python's in a line for people (`\xe9`, `\U0001f600`).
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        pass
    else:
        return text
    characters = {char: char.encode("ascii", "backslashreplace").decode() for char in set(text) if not char.isascii()}
    missing = {char: escape for char, escape in characters.items() if not char.encode(encoding, "ignore")}
    if text.startswith("{"):  # as every JSON line does, and no other
        missing = {char: "".join(map("\\u{:04x}".format, _utf_16_units(char))) for char in missing}
    return text.translate({ord(char): escape for char, escape in missing.items()})


def _utf_16_units(char: str) -> tuple[int, ...]:
    code = ord(char)
    return (code,) if code < 0x10000 else (0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF))


class Stream(OwnSink):
    """Lines to "stdout" (default), "stderr", or a text stream of your own; from `level` up, and `below` another.

    A stream that is given by name is looked up at each write, so that `contextlib.redirect_stdout`, pytest's capture
    and notebooks see the lines; instead of one that logs what it is given (Celery's), the process's own is used. A
    plain text file on a descriptor, as Python makes for stdout, gets each line in one system call, after what `print`
    had left in its buffer; any other stream gets text, with escapes for what its encoding does not have.
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
        self.written_by_worker = False
        """Whether a worker writes: it must not flush what the program has in the stream, perhaps amid a `print`."""
        self._torn = False
        self._name = target if isinstance(target, str) else None
        self._resolved: tuple[TextIO | None, int] = (None, -1)
        self._checked: TextIO | None = None
        self._avoided: TextIO | None = None

    @property
    def name(self) -> str:
        """The stream's name, stdout or stderr, or its class."""
        return self.target if isinstance(self.target, str) else type(self.target).__name__

    def open(self) -> None:
        """Refuse a target that is neither a known name nor a stream."""
        recent.clear()  # a stream of the configuration before gets no more lines
        known = self.target in ("stdout", "stderr") if isinstance(self.target, str) else hasattr(self.target, "write")
        if not known:
            raise ConfigurationError("stream", self.target, "no such stream", 'Use "stdout", "stderr" or a text stream')
        try:
            if self.stream().isatty():  # type: ignore[union-attr]  # as the line below says
                watch()
        except Exception:  # none, closed, or one that replaces a stream and has `write` only
            return

    def stream(self) -> TextIO | None:
        """The stream as it is now; None where the process has none."""
        if isinstance(self.target, str):
            stream: TextIO | None = getattr(sys, self.target)
            if stream is not self._checked:
                self._checked = stream
                logging = sys.modules.get("logging")
                if logging is not None and isinstance(getattr(stream, "logger", None), logging.Logger):
                    self._avoided = stream  # it logs what it is given, perhaps past this process's pipeline
            if stream is not None and stream is self._avoided:
                stream = getattr(sys, f"__{self.target}__")
            return stream
        return self.target

    def avoid(self) -> None:
        """Write to the process's own stream from now on: the present one logs what it is given."""
        if isinstance(self.target, str):
            self._avoided = getattr(sys, self.target)
            self._resolved = (None, -1)
            process_statistics.note(f"sys.{self.target} logs what is written to it: discreet writes past it")

    def write(self, line: bytes) -> None:
        """One system call where the stream plainly is a descriptor, one `write` and `flush` where it is not."""
        stream, fd = self._resolved
        if stream is None or stream is not (self.target if self._name is None else getattr(sys, self._name)):
            stream, fd = self._resolve()
        if getattr(stream, "closed", False):  # an object that replaces sys.stdout may have `write` only
            raise OSError(errno.EBADF, "the stream is closed")
        if bars.tqdm is not None and bars.cleared_by != threads.ident():
            with cleared(stream):
                self.write(line)
            return
        if fd < 0:
            self._write_text(stream, line.decode("utf-8", "replace"))
            if stream is self._avoided and self.stream() is not stream:
                self.write(line)  # the text came back as a record, so the stream is avoided now
            return
        if not self.written_by_worker:
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
        """Whether a write need not wait for a reader, or for no longer than `patience` seconds."""
        try:
            stream, fd = self._resolve()
        except OSError:
            return True
        return fd < 0 or getattr(stream, "closed", False) or writable(fd, patience)

    def _write_text(self, stream: TextIO, text: str) -> None:
        thread = threads.ident()
        outer = writing.get(thread)
        line = text.strip().partition("\n")[0].strip()
        if len(line) >= _SHORTEST and self._name is not None and stream is not getattr(sys, f"__{self._name}__"):
            recent[line] = (self, text)
            while len(recent) > _MOST_RECENT:
                recent.pop(next(iter(recent)), None)
        writing[thread] = (self, text)
        try:
            try:
                encoding: object = getattr(stream, "encoding", None)
                encoded_here = isinstance(encoding, str) and not is_utf_8(encoding)
                stream.write(in_encoding(text, str(encoding)) if encoded_here else text)
            except (UnicodeEncodeError, LookupError):  # it does not tell, or not truly, what encoding it has
                stream.write(in_encoding(text, "ascii"))
            # One that flushes itself is a notebook's: to wait for its thread, which may log, could wait for our lock.
            if not hasattr(stream, "flush_interval") and hasattr(stream, "flush"):
                stream.flush()
        finally:
            if outer is None:
                del writing[thread]
            else:  # a signal handler's record, during another's write
                writing[thread] = outer

    def _resolve(self) -> tuple[TextIO, int]:
        """The stream and its descriptor, or -1; asked once per stream. Raises `OSError` where there is no stream."""
        stream = self.stream()
        if stream is None:
            raise OSError(errno.EBADF, "the process has no such stream")
        known, fd = self._resolved
        if known is not stream:
            fd = descriptor_of(stream)
            self._resolved = (stream, fd)
        return stream, fd

    def flush(self, timeout: float | None = None) -> bool:
        """Flush a stream that buffers by itself."""
        stream = self.stream()
        if stream is not None and not getattr(stream, "closed", False) and hasattr(stream, "flush"):
            stream.flush()
        return True
