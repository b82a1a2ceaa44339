"""Existing logs: a chunk of lines redacted, or searched for the places of its secrets.

A line that is JSON is redacted as the fields of a record, so it stays JSON. Anything else is text. Bytes that are not
UTF-8 stay as they are, and so do line ends.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from discreet._logfiles.chunks import groups, is_key, without_key
from discreet._logfiles.findings import ALLOW, Finding, change_spans, findings
from discreet._logfiles.json_line import CONTAINER_PREFIX, Change, changes, parsed, spliced
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from discreet._redaction.engine.secret_values import Span
    from discreet._redaction.secrets import Secret

_KEY_MARKER = "[REDACTED:private-key]"
_WINDOW = 65_536  # characters at the end of a long line in which to cut
_CONTEXT = 128  # characters: more than a name and its separator
_BEFORE_JSON = re.compile(r"\ufeff?[ \t]*" + CONTAINER_PREFIX + r"(?=\{)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+\-]?\d+)?")


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
        for group in groups(chunk.decode("utf-8", "surrogateescape"), self._redactor.key):
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
        for group in groups(chunk.decode("utf-8", "surrogateescape"), self._redactor.key):
            body, _ = _split(group)
            spans = self._spans(body)
            if spans and ALLOW not in body:
                found += findings(body, spans, line, self._line(body))
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
        for start, end, _ in self._redactor.spans(window):
            if start - _CONTEXT <= cut < end:  # after the secret, or before its name if it may go on
                cut = end if end < len(window) - _CONTEXT else max(1, start - _CONTEXT)
                break
        return offset + len(window[:cut].encode("utf-8", "surrogateescape"))

    def _line(self, line: str) -> str:
        start, found = self._json(line)
        if found is not None:
            return self._redactor.text(line[:start]) + spliced(line[start:], found) if start or found else line
        safe = self._redactor.text(line)
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
        return changes(text, value, self._redactor)

    def _spans(self, line: str) -> list[Span]:
        start, found = self._json(line)
        if found is None:
            try:
                spans = self._redactor.spans(line)
            except Exception:  # fail closed: a line that cannot be searched is reported
                return [(0, len(line), "unjudged")]
            return spans
        spans = self._redactor.spans(line[:start]) if start else []
        return spans + [span for change in found for span in change_spans(line, start, change)]


def _split(group: str) -> tuple[str, str]:
    """The text, and the characters that end its last line."""
    if group.endswith("\r\n"):
        return group[:-2], "\r\n"
    return (group[:-1], "\n") if group.endswith("\n") else (group, "")
