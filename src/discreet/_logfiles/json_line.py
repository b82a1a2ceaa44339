"""Existing logs: one line of JSON, redacted by the same rules as the fields of a record.

Only values and names that are secret are replaced, each in its place. The rest of the line stays as it was, byte for
byte: the order, the spaces, the escapes and every digit of its numbers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._record import Plain
    from discreet._redaction.redactor import Redactor

CONTAINER_PREFIX = (
    r"(?:[\w.\-]{1,128} *\| *"
    r"|\[[\w./\-]{1,256}\] *"
    r"|\d{4}-\d\d-\d\dT[\d:.]{8,24}(?:Z|[+\-]\d\d:\d\d) (?:std(?:out|err) [FP] )?)?"
)
"""What container engines write before a line: `web-1  | ` (docker compose), `[pod/web/app] ` (kubectl --prefix),
`2024-05-01T10:00:00.123Z stdout F ` (CRI), or only the time (docker and kubectl --timestamps)."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)
_MOST_DIGITS = 4000  # Python refuses to convert much longer numbers; the converted ones are never written
_SURROGATE = re.compile("[\ud800-\udfff]")


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
            self.found.append(Change(token.start(), self._closing(), before, after))
        else:
            self._scalar(token, before, after)

    def _scalar(self, token: re.Match[str], before: Plain, after: Plain) -> None:
        if after is not before and after != before:
            self.found.append(Change(*token.span(), before, after))

    def _closing(self) -> int:
        """Where the object or array ends that was just entered."""
        depth = 1
        while True:
            token = next(self._tokens)
            depth += (token.group() in "{[") - (token.group() in "}]")
            if not depth:
                return token.end()
