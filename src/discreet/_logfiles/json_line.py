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
_VALUE_NAMES = frozenset(("value", "Value", "val"))  # a neighbour, such as `name`, may say that they are secrets
_SURROGATE = re.compile("[\ud800-\udfff]")


class Change(NamedTuple):
    """A value or a name of the line, from `start` to `end`, and what replaces it."""

    start: int
    end: int
    before: Plain
    after: Plain


def parsed(line: str) -> Plain:
    """The value of a line; raises ValueError or RecursionError if it is no JSON."""
    return cast("Plain", json.loads(line, object_pairs_hook=_every_pair, parse_int=_integer))


def changes(line: str, value: Plain, redactor: Redactor) -> list[Change]:
    """What has to be replaced in a line whose parsed value is `value`, in order."""
    safe = redacted(value, redactor)
    if safe == value:
        return []
    walk = _Walk(line)
    try:
        walk.visit(value, safe)
    except (ValueError, StopIteration):  # the policy drops fields, so the line cannot keep its shape
        return [Change(0, len(line), value, safe)]
    return walk.found


def redacted(value: Plain, redactor: Redactor) -> Plain:
    """The same result as `Redactor.plain`, but faster for most lines: their strings are redacted in one call."""
    if not isinstance(value, dict) or not _VALUE_NAMES.isdisjoint(value):
        return redactor.plain(value)
    flat = {name: inner for name, inner in value.items() if not isinstance(inner, (dict, list))}
    scalars = redactor.fields(flat)
    if len(scalars) != len(flat):
        return redactor.plain(value)
    following = iter(scalars.items())
    safe: dict[str, Plain] = {}
    for name, inner in value.items():
        if isinstance(inner, (dict, list)):
            nested = redactor.plain({name: inner})
            if not isinstance(nested, dict):
                return nested
            label, kept = next(iter(nested.items()))
        else:
            label, kept = next(following)
        while label in safe:  # two names that are secrets become the same marker, as in the redactor
            label += f"'{len(safe)}"
        safe[label] = kept
    return safe


def spliced(line: str, found: list[Change]) -> str:
    """The line with every change made."""
    parts: list[str] = []
    position = 0
    for change in found:
        parts += (line[position : change.start], _written(change.after, line[change.start : change.end]))
        position = change.end
    parts.append(line[position:])
    return "".join(parts)


def _written(value: Plain, instead_of: str) -> str:
    text = json.dumps(value, ensure_ascii=instead_of.isascii())
    if not text.isascii() and _SURROGATE.search(text) and not _SURROGATE.search(instead_of):
        return json.dumps(value)  # half of a character cannot be written as UTF-8, so it stays escaped
    return text


def _every_pair(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    """All pairs of an object. A name that comes twice gets two entries: some reader may use either of them."""
    found: dict[str, Plain] = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        label = name
        while label in found:
            label = f"{name}'{len(found)}"
        found[label] = value
    return found


def _integer(digits: str) -> int:
    return int(digits[:_MOST_DIGITS])


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
