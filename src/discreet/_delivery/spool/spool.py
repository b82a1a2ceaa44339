"""Lines that are pending on disk for a receiver that is away: written by many processes, sent by one at a time.

Each process appends to segments of its own; whoever appends to, drains or removes a segment holds its lock. The kernel
frees locks when their process ends, so nothing has to be cleaned up after a `kill -9`. When `write` returns, the kernel
has the line: it survives the process, not a power cut. It may come twice, if a process dies after it was sent and
before that was noted.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import closing, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from discreet._base.diagnostics import report_problem
from discreet._delivery import folder as folders
from discreet._delivery import locks
from discreet._delivery.locks import ForeignFileError
from discreet._delivery.spool import segment
from discreet._delivery.spool.segment import ASIDE, Listing, Name, Segment, fitting, packed_size
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from discreet._delivery.runner import Setup

MAX_BYTES = 64 << 20
MAX_AGE = 48 * 3600.0
_SEGMENT_BYTES = 1 << 20
_SEGMENT_AGE = 300.0  # one segment expires as a whole
_LOCK = "drain.lock"
_SALT = "salt"
_SALT_BYTES = 32
_NO_FILE = {errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO}  # a link (EMLINK on FreeBSD), a folder, a socket


class News(NamedTuple):
    """What happened in the spool, beside the lines of its own that this process delivered."""

    recovered: int = 0
    """Lines of other processes that this one took over: it delivered them, or dropped them as counted below."""
    transferred: int = 0
    """Lines of this process that another one took over."""
    dropped: dict[str, int] = {}  # noqa: RUF012 - a named tuple's default, never changed


class SpoolCounts:
    """Counts of one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own: dict[str, list[int]] = {}  # by segment: lines written, and those of them done
        self._recovered = self._transferred = 0
        self._dropped: dict[str, int] = {}

    def written(self, name: str) -> int:
        """How many lines this process has put into a segment."""
        with self._lock:
            return self._own.get(name, (0, 0))[0]

    def wrote(self, name: str, count: int) -> None:
        """This process has put so many more lines into a segment."""
        with self._lock:
            self._own.setdefault(name, [0, 0])[0] += count

    @property
    def pending(self) -> int:
        """How many lines of this process are in the spool, as far as it knows."""
        with self._lock:
            return sum(written - done for written, done in self._own.values())

    def news(self, through: Callable[[str], int | None]) -> News:
        """What happened since the last call; `through` gives the sequence number up to which a segment is done."""
        with self._lock:
            for name in list(self._own):
                self.taken_by_others(name, through(name))
            news = News(self._recovered, self._transferred, self._dropped)
            self._recovered = self._transferred = 0
            self._dropped = {}
            return news

    def taken_by_others(self, name: str, through: int | None) -> None:
        """A segment is acknowledged up to a sequence number (None: it is gone): others took what we did not."""
        with self._lock:
            own = self._own.get(name)
            if own is None:
                return
            written, done = own
            end = written if through is None else through
            if end > done:
                self._transferred += end - done
                own[1] = end
            if through is None:
                del self._own[name]

    def acknowledged(self, name: str, whole: int, torn: int, through: int | None, reason: str | None = None) -> None:
        """Count lines of a segment that were delivered, or dropped for a reason.

        The segment is acknowledged up to the sequence number `through`; None: to its end.
        """
        with self._lock:
            own = self._own.get(name)
            if own is None:
                self._recovered += whole + torn
            else:
                end = own[0] if through is None else through
                torn = end - own[1] - whole
                own[1] = end
                if through is None:
                    del self._own[name]
            for why, count in ((reason, whole), ("spool corrupt", torn)):
                if why and count > 0:
                    self._dropped[why] = self._dropped.get(why, 0) + count


class Spool:
    """A folder of segments. Several `Spool`s, in any number of processes, may share it."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE) -> None:
        """`max_age` in seconds. Raises `ConfigurationError` where files cannot be locked, or the folder is not ours."""
        if not locks.available:
            raise ConfigurationError(
                "DISCREET_SPOOL",
                "on",
                "this platform has no file locks",
                "Set DISCREET_SPOOL=off: nothing is kept on disk",
            )
        self.folder = Path(folder)
        self.max_bytes = max_bytes
        self._listing = Listing(self.folder, max_age)
        folders.private(self.folder)
        self.begin()
        locks.holders.add(self)

    def begin(self) -> None:
        """Begin with nothing stored, as a forked child does: what the parent stored belongs to the parent."""
        self._lock = threading.RLock()
        self.owner = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._current: Name | None = None
        self._counts = SpoolCounts()
        self._held: set[int] = set()

    def leave(self) -> None:
        """In a forked child: close the copies of the parent's descriptors, which would keep its locks alive."""
        for fd in self._held:
            os.close(fd)
        self.begin()

    # --- storing

    def write(self, lines: Sequence[bytes]) -> int:
        """Store lines; how many there was room for. The caller keeps the rest. Never raises."""
        stored = 0
        with self._lock, suppress(OSError, ConfigurationError):
            while stored < len(lines) and (count := self._append(lines[stored:])):
                stored += count
        return stored

    def _append(self, lines: Sequence[bytes]) -> int:
        lines = fitting(lines, min(_SEGMENT_BYTES, self.max_bytes)) or lines[:1]
        if packed_size(lines) > self.max_bytes:  # it never fits, so nothing is to be removed for it
            return 0
        lines = fitting(lines, self._make_room(packed_size(lines)))
        if not lines:
            return 0
        name, fd = self._open_own(packed_size(lines))
        try:
            count = segment.append(fd, lines, self._counts.written(name.text))
            self._counts.wrote(name.text, count)
            return count
        finally:
            self._release(fd)

    def _open_own(self, more: int) -> tuple[Name, int]:
        """A segment of this process with room for `more` bytes; a new one if another process drains the last."""
        name = self._current
        if name is not None and self._counts.written(name.text) and 0 <= time.time() - name.begun < _SEGMENT_AGE:
            fd = locks.open_locked(self.folder / name.text, os.O_RDWR)
            if fd is not None:
                self._held.add(fd)
                with suppress(OSError):  # a file whose size cannot be read is left alone
                    if os.fstat(fd).st_size + more <= _SEGMENT_BYTES:
                        return name, fd
                self._release(fd)
        for _ in range(5):  # another process may drain, and remove, a segment that is still empty
            name = self._current = segment.new_name(self.owner)
            fd = locks.open_locked(self.folder / name.text, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            if fd is not None:
                self._held.add(fd)
                return name, fd
            folders.private(self.folder)  # it is gone: folders for temporary files are cleaned up at times
        raise OSError("no segment could be made")

    def _make_room(self, more: int) -> int:
        """Drop segments that are too old, then the oldest until `more` bytes fit; how many bytes there is room for."""
        try:
            found = self._listing.found(aside=True)
        except FileNotFoundError:
            return self.max_bytes
        total = sum(size for _, size, _ in found)
        for name, size, aside in found:
            expired = self._listing.is_expired(name, self.owner)
            if not expired and total + more <= self.max_bytes:
                break  # the segments that follow are younger
            if aside:
                with suppress(OSError):  # a folder, perhaps
                    (self.folder / (name.text + ASIDE)).unlink()
                    total -= size
            elif self._drop(name, "spool expired" if expired else "spool full"):
                total -= size
        return self.max_bytes - total

    def _drop(self, name: Name, reason: str) -> bool:
        opened = self._open(name)
        if opened is None:
            return False
        try:
            self._counts.acknowledged(name.text, *opened.end(), None, reason)
        finally:
            self._release(opened.fd)
        return True

    # --- draining

    @contextmanager
    def drain(self) -> Generator[Iterator[Segment]]:
        """The segments, the oldest first; none while another process (or thread) drains.

        A segment belongs to this process alone until the next one is asked for. Lines that are not acknowledged by
        then, stay.
        """
        fd = None
        with suppress(OSError, ConfigurationError):
            folders.private(self.folder)
            fd = locks.open_locked(self.folder / _LOCK, os.O_RDWR | os.O_CREAT)
        if fd is not None:
            self._held.add(fd)
        try:
            with closing(self._segments([] if fd is None else self._listing.found())) as segments:
                yield segments
        finally:
            if fd is not None:
                self._release(fd)

    def _segments(self, found: list[tuple[Name, int, bool]]) -> Generator[Segment]:
        for name, _, _ in found:
            if self._listing.is_expired(name, self.owner):
                self._drop(name, "spool expired")
                continue
            opened = self._open(name)
            if opened is None:
                continue
            try:
                if opened.lines:
                    yield opened
                else:  # no line of it is whole
                    opened.acknowledge(0)
            finally:
                self._release(opened.fd)

    def _open(self, name: Name) -> Segment | None:
        path = self.folder / name.text
        fd = None
        try:
            fd = locks.open_locked(path)
            if fd is None:
                return None
            self._held.add(fd)
            opened = Segment(name, path, fd, self._counts.acknowledged)
        except (OSError, ConfigurationError) as error:
            if fd is not None:
                self._release(fd)
            self._set_aside(path, name, error)
            return None
        self._counts.taken_by_others(name.text, opened.through)
        return opened

    def _set_aside(self, path: Path, name: Name, error: Exception) -> None:
        """Rename a file that is no segment: it must not stop those behind it. A file that we may not open stays."""
        if getattr(error, "errno", None) not in _NO_FILE and not isinstance(error, ForeignFileError):
            return
        try:
            path.rename(path.with_name(path.name + ASIDE))
        except OSError:
            return
        self._counts.acknowledged(name.text, 0, 1, None)

    def _release(self, fd: int) -> None:
        if fd in self._held:  # not after a fork: there it may be somebody else's descriptor by now
            self._held.discard(fd)
            locks.unlock(fd)
            os.close(fd)

    # --- counts

    @property
    def pending(self) -> int:
        """How many lines of this process are pending here, as of the last `news`, `write` or `drain`."""
        return self._counts.pending

    def news(self) -> News:
        """What happened since the last call. With `pending`, it accounts for each line once."""
        return self._counts.news(lambda name: segment.acknowledged(self.folder / name))


def spool_for(setup: Setup, destination: str, credentials: Sequence[str] = ()) -> Spool | None:
    """The spool for a destination; None where no folder can be had, which is reported unless the platform has no locks.

    What was kept for one credential is never sent with another: each has a folder of its own.
    Raises `ConfigurationError` if a spool was asked for and cannot be had.
    """
    asked = setup.spool_required or bool(setup.state_dir)
    if not locks.available and not asked:
        return None
    try:
        digest: list[str] = []
        if credentials and locks.available:  # the digest of a guess cannot be compared with this one, without the salt
            joined = "\0".join(credentials).encode("utf-8", "surrogatepass")
            digest.append(blake2b(joined, key=_salt(setup.state_dir), digest_size=8).hexdigest())
        return Spool(folders.place("spool", setup.service, destination, *digest, state_dir=setup.state_dir))
    except (OSError, ConfigurationError) as error:
        if asked and isinstance(error, ConfigurationError):
            raise
        report_problem(f"no folder for the records pending for {destination}: they stay in memory")
        return None


def _salt(state_dir: str) -> bytes:
    """Random bytes of this state folder, the same for all processes. Raises `OSError`."""
    path = folders.state_folder(state_dir) / _SALT
    for _ in range(200):  # another process may be making them, which takes a moment
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
