"""Logs that were written already: every line of a chunk judged, and then either written redacted or its secrets placed.

A line that is JSON is judged as a record's fields are, so that it stays JSON; anything else as text, byte for byte:
bytes that are no UTF-8 go through unharmed, and so do line ends.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from discreet._logfiles import groups
from discreet._logfiles.json_line import Change, changes, parsed, spliced
from discreet._logfiles.places import in_token, replaced_places
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._redaction.engine.secret_values import Span
    from discreet._redaction.secrets import Secret

ALLOW = "discreet:allow"
"""In a line (or a group of them) that says this, nothing is reported."""

_KEY_MARKER = "[REDACTED:private-key]"
_WINDOW = 65_536
_CONTEXT = 128  # more than a name and its separator
# What a container engine writes before a record: `web-1  | `, `[pod/web/app] `, `2024-05-01T10:00:00.123Z stdout F `.
_BEFORE_JSON = re.compile(
    r"\ufeff?[ \t]*(?:[\w.\-]{1,128} *\| *|\[[\w./\-]{1,256}\] *"
    r"|\d{4}-\d\d-\d\dT[\d:.]{8,24}(?:Z|[+\-]\d\d:\d\d) (?:std(?:out|err) [FP] )?)?(?=\{)"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+\-]?\d+)?")


class Finding(NamedTuple):
    """A secret in a file, without its value. Lines and columns are counted from 1, columns in characters."""

    kind: str
    line: int
    column: int
    end_line: int
    end_column: int
    masked: str
    """A hash of the line with its secrets masked: the same wherever the line stands, and nothing of the secret."""

    def moved(self, lines: int) -> Finding:
        """The same, so many lines further down."""
        return self._replace(line=self.line + lines, end_line=self.end_line + lines)


class Judge:
    """One policy applied to chunks of files. Nothing is ever shortened.

    With `findings_only` every secret becomes its marker, whatever the policy puts in its place: places are told by it.
    """

    def __init__(
        self, policy: Redaction | None = None, pseudonym_key: Secret[str] | None = None, *, findings_only: bool = False
    ) -> None:
        policy = replace(policy or Redaction(), max_text=None)
        if findings_only:
            policy = replace(policy, strategies={}, callback=None)
        self._redactor = Redactor(policy, pseudonym_key)

    def kind_of(self, name: str) -> str | None:
        """The kind of secret that values under this name are, or None."""
        return self._redactor.key(name)

    @property
    def counts(self) -> dict[str, int]:
        """Redactions so far, by kind."""
        return self._redactor.counts

    def redacted(self, chunk: bytes) -> tuple[bytes, int]:
        """The chunk without its secrets, and how many lines of it changed."""
        changed = 0
        parts: list[str] = []
        for group in groups.groups(chunk.decode("utf-8", "surrogateescape"), self._redactor.key):
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
        for group in groups.groups(chunk.decode("utf-8", "surrogateescape"), self._redactor.key):
            body, _ = _split(group)
            spans = self._spans(body)
            if spans and ALLOW not in body:
                found += _placed(body, spans, line, self._line(body))
            line += group.count("\n")
        return found, chunk.count(b"\n") + (not chunk.endswith(b"\n"))

    def cut(self, data: bytes) -> int:
        """Where to cut a line that is too long to be judged whole: between two words, and in no secret."""
        offset = max(0, len(data) - _WINDOW)
        while offset and data[offset] & 0xC0 == 0x80:  # not inside a character
            offset -= 1
        window = data[offset:].decode("utf-8", "surrogateescape")
        middle = len(window) // 2
        cut = max(window.rfind(" ", _CONTEXT, middle), window.rfind(",", _CONTEXT, middle)) + 1 or middle
        for start, end, _ in self._redactor.spans(window):
            if start - _CONTEXT <= cut < end:  # behind the secret; or before its name, if its end is not in sight
                cut = end if end < len(window) - _CONTEXT else max(1, start - _CONTEXT)
                break
        return offset + len(window[:cut].encode("utf-8", "surrogateescape"))

    def _line(self, line: str) -> str:
        start, found = self._json(line)
        if found is not None:
            return self._redactor.text(line[:start]) + spliced(line[start:], found) if start or found else line
        safe = self._redactor.text(line)
        if groups.is_key(line):
            return groups.without_key(safe, _KEY_MARKER)
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
        return changes(text, value, self._redactor)

    def _spans(self, line: str) -> list[Span]:
        start, found = self._json(line)
        if found is None:
            try:
                spans = self._redactor.spans(line)
            except Exception:  # fail closed: what cannot be judged is reported
                return [(0, len(line), "unjudged")]
            return spans
        spans = self._redactor.spans(line[:start]) if start else []
        return spans + [span for change in found for span in _of_change(line, start, change)]


def _of_change(line: str, offset: int, change: Change) -> Iterator[Span]:
    token_start, token_end = offset + change.start, offset + change.end
    if isinstance(change.before, str) and isinstance(change.after, str):
        token = line[token_start:token_end]
        for start, end, kind in replaced_places(change.before, change.after):
            first, last = in_token(token, start, end)
            yield token_start + first, token_start + last, kind
    else:
        for _, _, kind in replaced_places("", str(change.after))[:1]:
            yield token_start, token_end, kind


def _placed(text: str, spans: list[Span], line: int, masked: str) -> Iterator[Finding]:
    known = blake2b(masked.strip().encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    for start, end, kind in spans:
        column = start - (text.rfind("\n", 0, start) + 1) + 1
        end_column = end - (text.rfind("\n", 0, end) + 1) + 1
        yield Finding(
            kind,
            line + text.count("\n", 0, start),
            column,
            line + text.count("\n", 0, end),
            end_column,
            known,
        )


def _split(group: str) -> tuple[str, str]:
    """The text and the end of its last line."""
    if group.endswith("\r\n"):
        return group[:-2], "\r\n"
    return (group[:-1], "\n") if group.endswith("\n") else (group, "")
