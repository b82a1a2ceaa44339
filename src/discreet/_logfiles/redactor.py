"""Existing logs: a chunk of lines redacted, or searched for the places of its secrets.

A line that is JSON is redacted by the same rules as the fields of a record, so it stays JSON: only values and names
that are secret are replaced, each in its place. Spaces, escapes and every digit of its numbers stay. Anything else is
text. Bytes that are not UTF-8 stay as they are, and so do line ends.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._logfiles.chunks import CONTAINER_PREFIX, groups, is_key, without_key
from discreet._redaction.engine.secret_values import MARKER
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._record import Plain
    from discreet._redaction.engine.secret_values import Span
    from discreet._redaction.secrets import Secret

ALLOW = "discreet:allow"
"""Nothing is reported in a line, or a group of lines that belong together, that contains this."""

_KEY_MARKER = "[REDACTED:private-key]"
_WINDOW = 65_536  # characters at the end of a long line in which to cut
_CONTEXT = 128  # characters: more than a name and its separator
_BEFORE_JSON = re.compile(r"\ufeff?[ \t]*" + CONTAINER_PREFIX + r"(?=\{)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+\-]?\d+)?")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.|[^\\]", re.DOTALL)

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)
_MOST_DIGITS = 4000  # Python refuses to convert much longer numbers; the converted ones are never written
_SURROGATE = re.compile("[\ud800-\udfff]")


class Finding(NamedTuple):
    """The place of a secret, without its value. Lines and columns are counted from 1, columns in characters."""

    kind: str
    line: int
    column: int
    end_line: int
    end_column: int
    masked: str
    """A hash of the line with its secrets masked. It stays the same when the line moves, and contains no secret."""


class LogRedactor:
    """Applies one redaction policy to chunks of files. No text is shortened.

    With `findings_only` every secret is replaced by its marker, whatever the policy's strategies are: the places of
    secrets are found by their markers.
    """

    def __init__(
        self, policy: Redaction | None = None, pseudonym_key: Secret[str] | None = None, *, findings_only: bool = False
    ) -> None:
        policy = (policy or Redaction()).replace(max_text=None)
        if findings_only:
            policy = policy.replace(strategies={}, callback=None)
        self.redactor = Redactor(policy, pseudonym_key)

    def redacted(self, chunk: bytes) -> tuple[bytes, int]:
        """The chunk without its secrets, and how many lines of it changed."""
        changed = 0
        parts: list[str] = []
        for group in groups(chunk.decode("utf-8", "surrogateescape"), self.redactor.key):
            body, ending = _split(group)
            safe = self._line(body)
            if safe != body:
                changed += group.count("\n") or 1
            parts += (safe, ending)
        if not changed:
            return chunk, 0
        return "".join(parts).encode("utf-8", "surrogateescape"), changed

    def findings(self, chunk: bytes) -> tuple[list[Finding], int]:
        """Where the chunk's secrets are, and how many lines it has."""
        found: list[Finding] = []
        line = 1
        for group in groups(chunk.decode("utf-8", "surrogateescape"), self.redactor.key):
            body, _ = _split(group)
            spans = self._spans(body)
            if spans and ALLOW not in body:
                masked = self._line(body).strip().encode("utf-8", "surrogateescape")
                digest = blake2b(masked, digest_size=16).hexdigest()
                for start, end, kind in spans:
                    first, column = _place(body, start)
                    last, end_column = _place(body, end)
                    found.append(Finding(kind, line + first, column, line + last, end_column, digest))
            line += group.count("\n")
        return found, chunk.count(b"\n") + (not chunk.endswith(b"\n"))

    def cut(self, data: bytes) -> int:
        """Where to cut a line that is too long to be redacted whole: between two words, and never inside a secret."""
        offset = max(0, len(data) - _WINDOW)
        while offset and data[offset] & 0xC0 == 0x80:  # not inside a character
            offset -= 1
        window = data[offset:].decode("utf-8", "surrogateescape")
        middle = len(window) // 2
        cut = max(window.rfind(" ", _CONTEXT, middle), window.rfind(",", _CONTEXT, middle)) + 1 or middle
        for start, end, _ in self.redactor.spans(window):
            if start - _CONTEXT <= cut < end:  # after the secret, or before its name if it may go on
                cut = end if end < len(window) - _CONTEXT else max(1, start - _CONTEXT)
                break
        return offset + len(window[:cut].encode("utf-8", "surrogateescape"))

    def _line(self, line: str) -> str:
        start, found = self._json(line)
        if found is not None:
            return self.redactor.text(line[:start]) + spliced(line[start:], found) if start or found else line
        safe = self.redactor.text(line)
        if is_key(line):
            return without_key(safe, _KEY_MARKER)
        if safe != line and _NUMBER.fullmatch(line.strip()):
            return json.dumps(safe)  # a number is JSON too
        return safe

    def _json(self, line: str) -> tuple[int, list[Change] | None]:
        """Where the JSON in a line starts, and what has to change in it; None if it is no JSON."""
        if line.startswith(("{", "[", '"')):
            found = self._parsed(line)
            if found is not None:
                return 0, found
        before = _BEFORE_JSON.match(line) if "{" in line else None
        if before is None or not before.end():
            stripped = line.lstrip(" \t\ufeff")
            start = len(line) - len(stripped)
            return start, self._parsed(stripped) if start and stripped[:1] in ("[", '"') else None
        return before.end(), self._parsed(line[before.end() :])

    def _parsed(self, text: str) -> list[Change] | None:
        try:
            value = parsed(text)
        except (ValueError, RecursionError):
            return None
        return changes(text, value, self.redactor)

    def _spans(self, line: str) -> list[Span]:
        start, found = self._json(line)
        if found is None:
            try:
                spans = self.redactor.spans(line)
            except Exception:  # fail closed: a line that cannot be searched is reported
                return [(0, len(line), "unjudged")]
            return spans
        spans = self.redactor.spans(line[:start]) if start else []
        return spans + [span for change in found for span in _change_spans(line, start, change)]


def _split(group: str) -> tuple[str, str]:
    """The text, and the characters that end its last line."""
    if group.endswith("\r\n"):
        return group[:-2], "\r\n"
    return (group[:-1], "\n") if group.endswith("\n") else (group, "")


def _place(text: str, position: int) -> tuple[int, int]:
    """How many lines are above a character, and its column."""
    return text.count("\n", 0, position), position - text.rfind("\n", 0, position)


def _change_spans(line: str, offset: int, change: Change) -> Iterator[Span]:
    """The secrets in a value that redaction changed, as places in the line. `offset` is where its JSON begins."""
    token_start, token_end = offset + change.start, offset + change.end
    if isinstance(change.before, str) and isinstance(change.after, str):
        token = line[token_start:token_end]
        for start, end, kind in _replaced_places(change.before, change.after):
            first, last = _in_token(token, start, end)
            yield token_start + first, token_start + last, kind
    else:
        for _, _, kind in _replaced_places("", str(change.after))[:1]:
            yield token_start, token_end, kind


def _replaced_places(before: str, after: str) -> list[Span]:
    """Start, end and kind of each part of `before` that became a marker in `after`."""
    found: list[Span] = []
    markers = list(MARKER.finditer(after))
    position = markers[0].start() if markers else 0  # up to the first marker both texts are the same
    for index, marker in enumerate(markers):
        start = marker.end()
        following = after[start : markers[index + 1].start()] if index + 1 < len(markers) else after[start:]
        if before.startswith(marker.group(), position):  # this marker was there before redaction
            position += len(marker.group()) + len(following)
            continue
        if index + 1 == len(markers):
            end = len(before) - len(following)
        else:
            end = before.find(following, position + 1) if following else position
            end = end if end >= 0 else position
        found.append((position, end, marker.group()[len("[REDACTED:") : -1]))
        position = end + len(following)
    return found


def _in_token(token: str, start: int, end: int) -> tuple[int, int]:
    """Where characters `start` to `end` of a JSON string are in its token, which begins with a quotation mark."""
    if "\\" not in token:
        return start + 1, end + 1
    places: list[int] = []
    half = False
    for piece in _ESCAPE.finditer(token, 1, len(token) - 1):
        code = int(piece[1] or "0", 16)
        if half and 0xDC00 <= code <= 0xDFFF:  # the second half of a character
            half = False
            continue
        half = 0xD800 <= code <= 0xDBFF
        places.append(piece.start())
    places.append(len(token) - 1)
    last = len(places) - 1
    return places[min(start, last)], places[min(end, last)]


class Change(NamedTuple):
    """A value or a name of the line, from `start` to `end`, and what replaces it."""

    start: int
    end: int
    before: Plain
    after: Plain


def parsed(line: str) -> Plain:
    """The value of a line; raises ValueError or RecursionError if it is no JSON."""
    return cast(
        "Plain", json.loads(line, object_pairs_hook=_every_pair, parse_int=lambda digits: int(digits[:_MOST_DIGITS]))
    )


def changes(line: str, value: Plain, redactor: Redactor) -> list[Change]:
    """What has to be replaced in a line whose parsed value is `value`, in order."""
    safe = redactor.plain(value)
    if safe == value:
        return []
    walk = _Walk(line)
    try:
        walk.visit(value, safe)
    except (ValueError, StopIteration):  # the policy drops fields, so the line cannot keep its shape
        return [Change(0, len(line), value, safe)]
    return walk.found


def spliced(line: str, found: list[Change]) -> str:
    """The line with every change made."""
    parts: list[str] = []
    position = 0
    for start, end, _, value in found:
        before = line[start:end]
        text = json.dumps(value, ensure_ascii=before.isascii())
        if not text.isascii() and _SURROGATE.search(text) and not _SURROGATE.search(before):
            text = json.dumps(value)  # half of a character cannot be written as UTF-8, so it stays escaped
        parts += (line[position:start], text)
        position = end
    return "".join((*parts, line[position:]))


def _every_pair(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    """All pairs of an object. A name that comes twice gets two entries: some reader may use either of them."""
    found: dict[str, Plain] = {}
    for name, value in pairs:
        label = name
        while label in found:
            label = f"{name}'{len(found)}"
        found[label] = value
    return found


class _Walk:
    """Walks through the tokens of a line, with its value before and after redaction, and collects the changes."""

    def __init__(self, line: str) -> None:
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(line)
        self.found: list[Change] = []

    def visit(self, before: Plain, after: Plain) -> None:
        token = next(self._tokens)
        if isinstance(before, dict) and isinstance(after, dict):
            for (name, inner), (safe_name, safe) in zip(before.items(), after.items(), strict=True):
                self._scalar(next(self._tokens), name, safe_name)
                self.visit(inner, safe)
            next(self._tokens)
        elif isinstance(before, list) and isinstance(after, list):
            for inner, safe in zip(before, after, strict=True):
                self.visit(inner, safe)
            next(self._tokens)
        elif isinstance(before, (dict, list)):  # nested too deep: the redactor replaced all of it
            start, depth = token.start(), 1
            while depth:
                token = next(self._tokens)
                depth += (token.group() in "{[") - (token.group() in "}]")
            self.found.append(Change(start, token.end(), before, after))
        else:
            self._scalar(token, before, after)

    def _scalar(self, token: re.Match[str], before: Plain, after: Plain) -> None:
        if after is not before and after != before:
            self.found.append(Change(*token.span(), before, after))
