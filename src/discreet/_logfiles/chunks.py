"""Existing logs: a stream as chunks of whole lines, and its lines in groups that belong together.

Nearly every line is a group of its own. Exceptions are a private key in PEM, a name whose value is on the next line
(`- name: DB_PASSWORD`, then `  value: ...`, as in manifests, property lists and forms) and a line too long for memory.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_left
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    KindOf = Callable[[str], "str | None"]

_CHUNK = 256 << 10
"""About how many bytes a chunk has: enough to be worth sending to another process."""

LONGEST = 8 << 20
"""Bytes of the longest line that is redacted as a whole. A longer line is cut into pieces of text."""

CONTAINER_PREFIX = (
    r"(?:[\w.\-]{1,128} *\| *"
    r"|\[[\w./\-]{1,256}\] *"
    r"|\d{4}-\d\d-\d\dT[\d:.]{8,24}(?:Z|[+\-]\d\d:\d\d) (?:std(?:out|err) [FP] )?)?"
)
"""What container engines write before a line: `web-1  | ` (docker compose), `[pod/web/app] ` (kubectl --prefix),
`2024-05-01T10:00:00.123Z stdout F ` (CRI), or only the time (docker and kubectl --timestamps)."""

_MOST_KEY_LINES = 400  # three times the length of the longest private keys
_TAIL = 65_536  # bytes before a possible cut that are searched for lines that belong together
_AFTER_NAME = 2  # lines after a name that may hold its value
_BEGIN = re.compile(r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY")
_BEGIN_BYTES = re.compile(_BEGIN.pattern.encode())
_END = "-----END"
_KEY_LINE = re.compile(
    r"""[^\n]{0,80}?(?:[A-Za-z0-9+/]{40,}={0,2}|(?:Proc-Type|DEK-Info|Version|Comment|Hash): ?[^\n]{0,120})"""
    r"""["'\\n+, \t\r]*"""
)
_LAST_KEY_LINE = re.compile(r"[ \t|]*[A-Za-z0-9+/]{1,80}={0,2}[ \t\r]*")
# The search starts at the separator, which is rare; `_CARRIER` then matches the text before it.
_NAME_AT_END = re.compile(
    r"""[:=>][ \t]{0,4}["']?([\w.\-\[\]]{1,80})["']?[,;]?(?:</\w{1,40}>)?[ \t\r]{0,8}$""", re.MULTILINE
)
_CARRIER = re.compile(r"""\b(?:name|key|header|param|field|variable|attribute|k)["']?[ \t]{0,4}\Z""", re.IGNORECASE)
_LONGEST_CARRIER = len("attribute") + 1 + 4
_KEY_RUN = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}|[A-Za-z0-9+/]{1,19}={0,2}(?=[ \t\r]*$)", re.MULTILINE)


def chunks(file: IO[bytes], cut: Callable[[bytes], int], size: int = _CHUNK) -> Iterator[bytes]:
    """The bytes of a file, cut only between lines that do not belong together.

    From a pipe, a chunk is what is there now. `cut` says where to cut a line longer than `LONGEST`.
    """
    read = file.read1 if isinstance(file, io.BufferedReader) and not file.seekable() else file.read
    held = b""
    while True:
        block = read(size)
        if not block:
            break
        held += block
        last = held.rfind(b"\n", len(held) - len(block)) + 1
        # Lines that belong together may have begun in an earlier block.
        end = safe_end(held, last) if last else 0
        if not end and len(held) > LONGEST:
            end = last or cut(held)
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def groups(text: str, kind_of: KindOf) -> Iterator[str]:
    """The text in groups of whole lines. Each group is redacted on its own; joined, they are the text."""
    lines = list(io.StringIO(text, newline="\n"))  # only a line feed ends a line; `splitlines` knows ten more ends
    keys = _BEGIN.search(text) is not None
    found = [match.start(1) for match in _name_lines(text) if kind_of(match.group(1)) is not None]
    breaks = [match.start() for match in re.finditer("\n", text)] if found else []
    names = {bisect_left(breaks, place) for place in found}  # lines whose name says that the next line is a secret
    if not keys and not names:
        yield from lines
        return
    number = 0
    while number < len(lines):
        end = number + 1
        if keys and _BEGIN.search(lines[number]) and not lines[number].startswith("{"):
            end = _end_of_key(lines, number)
        elif number in names:
            last = min(number + 1 + _AFTER_NAME, len(lines))
            while end < last and end not in names and not lines[end].startswith("{"):
                end += 1
        yield "".join(lines[number:end])
        number = end


def is_key(group: str) -> bool:
    """Whether the group is a private key of several lines."""
    return "\n" in group[:-1] and _BEGIN.search(group) is not None


def without_key(group: str, marker: str) -> str:
    """A redacted private key with the rest of its body masked: behind a prefix on each line, the redactor leaves it."""
    begin = _BEGIN.search(group)
    start = begin.end() if begin else 0
    return group[:start] + _KEY_RUN.sub(marker, group[start:])


def safe_end(data: bytes, end: int) -> int:
    """Where to cut so that lines that belong together stay together: at `end`, the end of a line, or before it."""
    floor = max(0, end - _TAIL)
    if floor:
        floor = data.find(b"\n", floor, end) + 1
    cut = end
    begins = list(_BEGIN_BYTES.finditer(data, floor, end))
    if begins and data.find(b"-----END", begins[-1].end(), end) < 0:
        line = data.rfind(b"\n", 0, begins[-1].start()) + 1
        rest = data[line:end].decode("utf-8", "surrogateescape").split("\n")[1:-1]
        # A JSON object contains its whole key, and a key that is too long or broken off has no more lines to wait for.
        if len(rest) <= _MOST_KEY_LINES and not data.startswith(b"{", line):
            cut = line if all(_in_key(text) for text in rest) else end
    start = cut
    for _ in range(_AFTER_NAME):
        start = data.rfind(b"\n", floor, max(floor, start - 1)) + 1
        line_end = data.find(b"\n", start, cut)
        if start < cut and any(_name_lines(data[start:line_end].decode("utf-8", "surrogateescape"))):
            return start
        if start <= floor:
            break
    return cut


def _name_lines(text: str) -> Iterator[re.Match[str]]:
    """The names at the end of a line that belong to the value on the next line."""
    for match in _NAME_AT_END.finditer(text):
        start = match.start()
        if _CARRIER.search(text[max(0, start - _LONGEST_CARRIER - 1) : start]) is not None:
            yield match


def _end_of_key(lines: list[str], number: int) -> int:
    if _END in lines[number].partition("-----BEGIN")[2]:
        return number + 1
    last = min(len(lines), number + _MOST_KEY_LINES)
    for end in range(number + 1, last):
        if _END in lines[end]:
            return end + 1
        if "-----BEGIN" in lines[end]:
            break
    end = number + 1  # the end is missing: take the lines that look like a key
    while end < last and _in_key(lines[end].rstrip("\n")) and lines[end].strip():
        end += 1
    return end


def _in_key(line: str) -> bool:
    return not line.strip() or _LAST_KEY_LINE.fullmatch(line) is not None or _KEY_LINE.fullmatch(line) is not None
